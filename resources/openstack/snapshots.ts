import type { ActualSnapshot, SnapshotReader } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import type { ServerSpec } from "../spec.ts";
import { type Image, isImage } from "./answers.ts";
import { invalidAnswer, openstack } from "./http.ts";
import { listAll } from "./lists.ts";
import { MARK_KEY } from "./names.ts";
import { UUID } from "./resolve.ts";
import { serverPath } from "./servers.ts";
import { glanceSaysGone } from "./words.ts";

const GIB = 1024 ** 3;

/** Labels stand in the image's properties, beside those of Nova and Glance; so each has a name that is ours. */
const LABEL = "fleetwright_label_";

export const snapshots: SnapshotReader = {
  list: async (call) => (await listSnapshots(call)).map(actualSnapshot),

  async observe(id, call) {
    if (!UUID.test(id))
      throw new FleetError("FLEET_INVALID", `"${id}" is no id of an image: these are UUIDs`, { image: id });
    const image = await readImage(call, id);
    return image && isKept(image) ? actualSnapshot(image) : undefined;
  },
};

/** A server on a volume has no disk that Nova could make an image of: it would be a snapshot of the volume, which stays when the image goes. */
export function snapshotProblem({ options }: ServerSpec): string | undefined {
  return options.bootVolumeGiB === undefined
    ? undefined
    : "it is on a volume (provider.bootVolumeGiB): OpenStack makes snapshots of that in its block storage, which is not done here";
}

/** Images that Nova has made of servers. The filter is Glance's own; whether it is heeded is looked at again. */
async function listSnapshots(call: Call): Promise<Image[]> {
  const options = { service: "image", path: "/images", key: "images" } as const;
  const images = await listAll(call, { ...options, query: { image_type: "snapshot" }, isItem: isImage });
  return images.filter((image) => image.image_type === "snapshot" && isKept(image));
}

/** Glance shows what it is about to remove for a while. */
const isKept = ({ status }: Image): boolean => status !== "deleted" && status !== "pending_delete";

const imagePath = (id: string): string => `/images/${encodeURIComponent(id)}`;

/** One image; undefined only when Glance itself says that there is none. @throws {FleetError} CLOUD_ANSWER_INVALID */
export async function readImage(call: Call, id: string): Promise<Image | undefined> {
  const path = imagePath(id);
  const { status, body } = await openstack<unknown>(call, "image", { method: "GET", path, ok: [404] });
  if (status === 404 && glanceSaysGone(body)) return undefined;
  if (status === 404 || !isImage(body) || body.id !== id)
    throw invalidAnswer(call, "GET", path, "it is not the image asked for");
  return body;
}

export const snapshotsWithMark = async (call: Call, mark: string): Promise<Image[]> =>
  (await listSnapshots(call)).filter((image) => image[MARK_KEY] === mark);

/** Has Nova make an image of a server, once. The mark and the labels are properties of the image from its beginning. */
export async function takeSnapshot(
  { server, name, mark, labels }: { server: string; name: string; mark: string; labels: Record<string, string> },
  call: Call,
): Promise<Image> {
  const path = `${serverPath(server)}/action`;
  const createImage = { name, metadata: { [MARK_KEY]: mark, ...asProperties(labels) } };
  // From 2.45 on, which is before the oldest that is spoken, the answer names the image.
  const { body } = await openstack<{ image_id?: unknown } | null>(call, "compute", {
    method: "POST",
    path,
    json: { createImage },
    idempotent: false,
  });
  const id = body?.image_id;
  if (typeof id !== "string") throw invalidAnswer(call, "POST", path, "it does not name the new image");
  return (await readImage(call, id)) ?? { id, name, status: "queued" };
}

/** Waits until an image can be used. @throws {FleetError} CLOUD_REFUSED when it cannot become so any more */
export async function untilActive(id: string, call: Call): Promise<Image> {
  return await poll(call, `image ${id} to be active`, async () => {
    const image = await readImage(call, id);
    if (image === undefined || !isKept(image) || image.status === "killed")
      throw new FleetError("CLOUD_REFUSED", `the snapshot ${id} could not be made: Nova has given it up`, { id });
    return image.status === "active" ? image : undefined;
  });
}

/** Writes the labels that differ, one patch for all of them. */
export async function relabel(image: Image, labels: Record<string, string>, call: Call): Promise<void> {
  const [before, after] = [labelsOf(image), labels];
  const patch = [
    ...Object.keys(before).flatMap((key) => (Object.hasOwn(after, key) ? [] : [{ op: "remove", path: pathOf(key) }])),
    ...Object.entries(after).flatMap(([key, value]) =>
      before[key] === value ? [] : [{ op: Object.hasOwn(before, key) ? "replace" : "add", path: pathOf(key), value }],
    ),
  ];
  if (patch.length === 0) return;
  await openstack(call, "image", {
    method: "PATCH",
    path: imagePath(image.id),
    json: patch,
    headers: { "content-type": "application/openstack-images-v2.1-json-patch" },
  });
}

/** Removes an image and looks whether it has gone. @throws {FleetError} VERIFY_FAILED */
export async function deleteImage(call: Call, id: string): Promise<void> {
  await openstack(call, "image", { method: "DELETE", path: imagePath(id), answer: "none", ok: [404] });
  const left = await readImage(call, id);
  if (left && isKept(left))
    throw new FleetError("VERIFY_FAILED", `image ${id} is still there after its removal`, { id });
}

/** The image with our mark; undefined when it is gone. @throws {FleetError} CLOUD_REFUSED when it is not ours */
export async function findOurImage(call: Call, id: string, mark: unknown): Promise<Image | undefined> {
  const image = await readImage(call, id);
  if (image === undefined || !isKept(image)) return undefined;
  if (typeof mark === "string" && image[MARK_KEY] !== mark) {
    const message = `image ${id} does not carry our mark ${mark}: it may be another's, and is left alone`;
    throw new FleetError("CLOUD_REFUSED", message, { id, mark });
  }
  return image;
}

export function labelsOf(image: Image): Record<string, string> {
  const own = Object.entries(image).filter(([key]) => key.startsWith(LABEL));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(LABEL.length), String(value)]));
}

const asProperties = (labels: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).map(([key, value]) => [LABEL + key, value]));

/** A JSON pointer; no name of a label has a `/` or a `~`. */
const pathOf = (label: string): string => `/${LABEL}${label}`;

function actualSnapshot(image: Image): ActualSnapshot {
  const { id, name, status = "", size, created_at, instance_uuid } = image;
  const mark = image[MARK_KEY];
  return {
    id,
    name: name ?? id,
    ...(typeof mark === "string" ? { mark } : {}),
    status,
    ...(status === "queued" || status === "saving" ? { pending: true as const } : {}),
    ...(typeof instance_uuid === "string" ? { server: instance_uuid } : {}),
    ...(size ? { sizeGiB: size / GIB } : {}),
    ...(created_at ? { createdAt: new Date(created_at).toISOString() } : {}),
    labels: labelsOf(image),
  };
}
