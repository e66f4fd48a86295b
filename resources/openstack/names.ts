import { markIn } from "../mark.ts";
import type { ServerProblem } from "../problems.ts";
import type { AggregateSpec, Labels, ServerSpec } from "../spec.ts";
import { createTagCodec } from "../tags.ts";

/** The key of a server's metadata that its owner mark stands under. */
export const MARK_KEY = "fleetwright";

/** Nova keeps metadata as it is written; only the `:` between key and value has to be told from one in the key. */
const codec = createTagCodec(/[\s\S]/);

/** One entry of a server's metadata as a tag: `key:value`, or the key alone where the value is empty. The mark stands alone. */
function tagOf(key: string, value: string | null): string {
  return key === MARK_KEY ? (value ?? "") : codec.tagOf(key, value || null);
}

export function tagsOfMetadata(metadata: Readonly<Labels>): string[] {
  return Object.entries(metadata)
    .map(([key, value]) => tagOf(key, value))
    .sort();
}

/** Tags as `observe` reports them once the server is as desired. */
export function tagsOf(server: ServerSpec, mark: string): string[] {
  return tagsOfMetadata({ ...server.labels, [MARK_KEY]: mark });
}

/** Undefined when a key comes twice. Metadata has a value always, if an empty one. */
export function labelsOf(tags: readonly string[]): Record<string, string> | undefined {
  const labels = codec.labelsOf(tags);
  return labels && Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, value ?? ""]));
}

/** The metadata that these tags stand for, with the mark among them. */
export function metadataOf(tags: readonly string[]): Record<string, string> {
  const mark = markIn(tags);
  return { ...labelsOf(tags), ...(mark === undefined ? {} : { [MARK_KEY]: mark }) };
}

/** Nova takes letters, digits, blanks, `_` and `-` in the name of a key. There is no other place for the mark. */
export function keyName(name: string, mark: string): string {
  return `${name.replace(/[^\w -]/g, "_").slice(0, 200)} ${mark}`;
}

/** What is ours of an aggregate's metadata, as tags: what its file says, its class, and the mark. */
export function aggregateTags({ metadata, class: served, gpuType, tenant }: AggregateSpec, mark: string): string[] {
  const own = { ...metadata, class: served, gpu_type: gpuType, tenant, [MARK_KEY]: mark };
  const given = Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return tagsOfMetadata(Object.fromEntries(given));
}

/** The text that carries the mark of a security group and of what else Neutron describes. */
export function describe(mark: string): string {
  return `fleetwright: ${mark}`;
}

/** Base64 that nova takes as user data. */
const USER_DATA_LENGTH = 65_535;

/** What OpenStack cannot take, by path in the server's file. */
export function problems(server: ServerSpec): ServerProblem[] {
  const found: ServerProblem[] = [];
  if (server.size === "") found.push({ path: "size", message: "is needed: the name of a flavor" });
  if (Object.hasOwn(server.labels, MARK_KEY)) {
    found.push({ path: `labels.${MARK_KEY}`, message: "is where the owner mark stands" });
  }
  const { keys, userData } = server.createOnly;
  if (keys.length > 1 && userData !== undefined) {
    const message =
      "may have one name besides userData: Nova puts one key into a machine, and the others go in as user data";
    found.push({ path: "keys", message });
  }
  if (userData && "text" in userData && tooLong(userData.text)) {
    found.push({ path: "userData", message: `has more than ${Math.floor((USER_DATA_LENGTH / 4) * 3)} bytes` });
  }
  return found;
}

const tooLong = (text: string): boolean => Buffer.from(text).toString("base64").length > USER_DATA_LENGTH;
