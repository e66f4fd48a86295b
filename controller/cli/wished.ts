import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { FleetError } from "../../resources/errors.ts";
import { KIND_NAMES, type Kind } from "../../schemas/index.ts";
import type { OpenBody } from "../api/fleet/writes/change-shapes.ts";

export interface WishFlags {
  file?: string;
  /** `Server/web-1`, and behind each what is set in it: `size=g6-standard-2`. */
  set?: string[];
  delete?: string[];
  title?: string;
}

type Patch = NonNullable<OpenBody["patch"]>[number];

/** What a change is to do, in the words of the API: of a file, of options, or both. @throws {FleetError} USAGE */
export async function wishedOf(flags: WishFlags): Promise<OpenBody> {
  const {
    title,
    create = [],
    patch = [],
    delete: removed = [],
  } = flags.file === undefined ? {} : await readWishes(flags.file);
  const all = {
    create,
    patch: [...patch, ...patchesOf(flags.set ?? [])],
    delete: [...removed, ...(flags.delete ?? []).map(objectOf)],
  };
  const names = [...new Set([...all.create, ...all.patch, ...all.delete].map(({ name }) => name))];
  if (names.length === 0)
    throw new FleetError("USAGE", "say what is wanted: --set Server/web-1 size=…, --delete Server/web-1, or --file");
  return { title: flags.title ?? title ?? titleOf(names), ...all };
}

const TITLED = 3;

function titleOf(names: readonly string[]): string {
  const more = names.length - TITLED;
  return `Change ${names.slice(0, TITLED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** A word without `=` begins another object; a value is read as YAML, and `null` takes the field out. */
function patchesOf(words: readonly string[]): Patch[] {
  const patches: Patch[] = [];
  for (const word of words) {
    const at = word.indexOf("=");
    if (at < 0) {
      patches.push({ ...objectOf(word), patch: {} });
      continue;
    }
    const last = patches.at(-1);
    if (last === undefined) throw new FleetError("USAGE", `--set ${word}: of what? Such as --set Server/web-1 ${word}`);
    setIn(last.patch, word.slice(0, at).split("."), yamlOf(word.slice(at + 1), word));
  }
  const empty = patches.find(({ patch }) => Object.keys(patch).length === 0);
  if (empty) throw new FleetError("USAGE", `--set ${empty.kind}/${empty.name}: what? Such as size=g6-standard-2`);
  return patches;
}

function setIn(fields: Record<string, unknown>, [field = "", ...rest]: string[], value: unknown): void {
  if (field === "" || field === "__proto__") throw new FleetError("USAGE", "a field has a name: size=…, labels.role=…");
  if (rest.length === 0) {
    fields[field] = value;
    return;
  }
  const inner = fields[field];
  const isThere = typeof inner === "object" && inner !== null && !Array.isArray(inner);
  const into = isThere ? (inner as Record<string, unknown>) : {};
  fields[field] = into;
  setIn(into, rest, value);
}

function yamlOf(text: string, word: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new FleetError("USAGE", `--set ${word}: the value is no YAML; quote it`, {}, { cause });
  }
}

function objectOf(word: string): { kind: Kind; name: string } {
  const [kind, ...rest] = word.split("/");
  const name = rest.join("/");
  if (name !== "" && isKind(kind)) return { kind, name };
  throw new FleetError("USAGE", `${word} is no object: KIND/NAME, where KIND is ${KIND_NAMES.join(", ")}`);
}

const isKind = (kind: unknown): kind is Kind => KIND_NAMES.some((one) => one === kind);

const MEMBERS = ["title", "create", "patch", "delete"];

/** The body of the API's `POST /changes`, as YAML or JSON. */
async function readWishes(file: string): Promise<Partial<OpenBody>> {
  const wrong = (why: string, cause?: unknown) => new FleetError("USAGE", `${file}: ${why}`, { file }, { cause });
  let found: unknown;
  try {
    found = parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw wrong((cause as Error).message, cause);
  }
  if (!isRecord(found)) throw wrong(`a mapping is wanted, with ${MEMBERS.join(", ")}`);
  const unknown = Object.keys(found).find((member) => !MEMBERS.includes(member));
  if (unknown !== undefined) throw wrong(`there is no ${unknown}; there are ${MEMBERS.join(", ")}`);
  for (const part of ["create", "patch", "delete"]) {
    const items = found[part] ?? [];
    const isObject = (item: unknown) =>
      isRecord(item) &&
      isKind(item.kind) &&
      typeof item.name === "string" &&
      (part !== "patch" || (isRecord(item.patch) && Object.keys(item.patch).length > 0));
    if (!Array.isArray(items) || !items.every(isObject))
      throw wrong(`${part} is a list of objects, each with kind and name${part === "patch" ? ", and a patch" : ""}`);
  }
  if (found.title !== undefined && typeof found.title !== "string") throw wrong("title is text");
  return found as Partial<OpenBody>;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
