import type { ActualSnapshot, SnapshotReader } from "../../resources/actual.ts";
import type { Call, Cloud } from "../../resources/cloud.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { MatchedAccount } from "../reconcile/match.ts";
import { change, quiet } from "./acting.ts";
import { fleetName } from "./config.ts";
import { APIError, ResourceNotFoundError } from "./errors.ts";
import type { Changed } from "./instances.ts";
import type { Room } from "./room.ts";

/** An image of a machine's disk, of the fleet's or somebody else's. */
export interface Snapshot {
  /** The provider's own. */
  id: string;
  name: string;
  /** `available`, `pending`, or `deleted` of one that was just removed. */
  status: string;
  provider: string;
  /** The machine that it was taken of, which may have gone; empty where the provider does not tell. */
  instance_id: string;
  /** As the provider counts; absent while it is not told. */
  size_gb?: number;
  created_at: string;
  managed: boolean;
  /** Its name in the fleet, where it is managed. */
  snapshot?: string;
}

/** One account, as the fleet is now. */
export interface SnapshotPlace {
  room: Room;
  account: MatchedAccount;
  desired: Desired;
  cloud: Cloud;
  call: Call;
}

/**
 * Takes a snapshot of a machine of the fleet, named `server` there, and comes back once it is there.
 * @throws {APIError} 409 when the name is another snapshot's; 400 where none are taken
 */
export async function createSnapshot(
  at: SnapshotPlace,
  { server, name }: { server: string; name: string },
): Promise<Snapshot & Changed> {
  readerOf(at.cloud);
  await quiet(at.room, server);
  const snapshot = fleetName(name);
  const fields = { account: at.account.spec.name, server };
  const { change: changed } = await change(at.room, {
    op: "snapshot",
    compose: () => ({
      title: `Take the snapshot ${snapshot} of ${server}`,
      objects: [{ kind: "Snapshot", name: snapshot }],
      ...ownerOf(at.desired, server),
      wishes: [{ kind: "Snapshot", name: snapshot, create: fields }],
    }),
    asked: { provider: at.cloud.name, op: "snapshot", server, name: snapshot },
    until: "done",
  });
  const id = (await recordsOf(at)).find((record) => record.name === snapshot)?.cloudId;
  const actual = id === undefined ? undefined : await readerOf(at.cloud).observe(id, at.call);
  if (actual === undefined)
    throw new APIError(`the snapshot ${snapshot} was taken, and ${at.cloud.title} does not show it: look again`, 502);
  return { ...snapshotOf(actual, at.cloud.name, snapshot), change: changed };
}

/** Every snapshot of the account, ours or not. */
export async function listSnapshots(at: SnapshotPlace): Promise<Snapshot[]> {
  const names = await namesOf(at);
  const all = await readerOf(at.cloud).list(at.call);
  return all
    .map((actual) => snapshotOf(actual, at.cloud.name, names.get(actual.id)))
    .sort((a, b) => (a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : a.id < b.id ? -1 : 1));
}

/** Removes a snapshot and its file. @throws {APIError} 409 for one that is not the fleet's, or is protected */
export async function deleteSnapshot(at: SnapshotPlace, id: string): Promise<Snapshot & Changed> {
  const { cloud, call, room } = at;
  const actual = await readerOf(cloud).observe(id, call);
  if (actual === undefined) throw new ResourceNotFoundError(`${cloud.name} has no snapshot ${id}`, 404);
  const name = (await namesOf(at)).get(id);
  if (name === undefined)
    throw new APIError(`${cloud.name} ${id} is no snapshot of this fleet, so it is not touched`, 409);
  const object = { kind: "Snapshot", name } as const;
  const spec = at.desired.objects.find(({ spec }) => spec.kind === "Snapshot" && spec.name === name)?.spec;
  const { change: changed } = await change(room, {
    op: "delete-snapshot",
    compose: () => ({
      title: `Remove the snapshot ${name}`,
      objects: [object],
      ...(spec?.kind === "Snapshot" && ownerOf(at.desired, spec.server)),
      wishes: [{ ...object, delete: true }],
    }),
    asked: { provider: cloud.name, op: "delete-snapshot", id },
    until: "done",
  });
  return { ...snapshotOf(actual, cloud.name, name), status: "deleted", change: changed };
}

/** @throws {APIError} 400 */
function readerOf({ snapshots, title }: Cloud): SnapshotReader {
  if (snapshots === undefined) throw new APIError(`no snapshots are taken on ${title}`, 400);
  return snapshots;
}

function snapshotOf(actual: ActualSnapshot, provider: string, name: string | undefined): Snapshot {
  const { id, pending, server = "", sizeGiB, createdAt = "" } = actual;
  return {
    id,
    name: actual.name,
    status: pending ? "pending" : "available",
    provider,
    instance_id: server,
    ...(sizeGiB !== undefined && { size_gb: sizeGiB }),
    created_at: createdAt,
    managed: name !== undefined,
    ...(name !== undefined && { snapshot: name }),
  };
}

const recordsOf = async ({ room, account }: SnapshotPlace) =>
  await room.controller.store.objects({ account: account.identity, kind: "Snapshot" });

/** Names of the fleet's snapshots by the provider's ids. */
async function namesOf(at: SnapshotPlace): Promise<ReadonlyMap<string, string>> {
  const records = await recordsOf(at);
  return new Map(records.flatMap(({ cloudId, name }) => (cloudId === undefined ? [] : [[cloudId, name]])));
}

function ownerOf({ objects }: Desired, server: string): { owner?: string } {
  const spec = objects.find(({ spec }) => spec.kind === "Server" && spec.name === server)?.spec;
  return spec?.kind === "Server" && spec.owner !== undefined ? { owner: spec.owner } : {};
}
