import type { ServerSpec, StackObject } from "../../resources/spec.ts";
import { canonicalJson } from "../fleet/canonical.ts";
import { ruleChanges } from "./rules.ts";
import type { Change } from "./types.ts";

/** Fields of a document that make no work for the engine: who it is, where it lives in the tree, and rules that only guards read. */
const QUIET = new Set([
  "kind",
  "name",
  "formerly",
  "provider",
  "protect",
  "deletionPolicy",
  "expired",
  "expires",
  "owner",
  "adopt",
  "runpod",
  "takenFrom",
  "plan",
  "title",
  "uuid",
  "suspend",
  "drift",
  "createOnly",
]);

/** The differing leaves of two documents, in the order of their paths. Objects are compared by member, lists of plain values as a whole. */
export function differences(before: unknown, after: unknown, path = ""): Change[] {
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return [];
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    // A label may be called `constructor`: only a member's own value counts.
    const own = (record: Record<string, unknown>, name: string) =>
      Object.hasOwn(record, name) ? record[name] : undefined;
    return names.flatMap((name) =>
      differences(own(before, name), own(after, name), path === "" ? name : `${path}.${name}`),
    );
  }
  if (isRecords(before) && isRecords(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => differences(before[index], after[index], `${path}[${index}]`)).flat();
  }
  const change: Change = { path };
  if (before !== undefined) change.before = before;
  if (after !== undefined) change.after = after;
  return [change];
}

/** What differs between two documents of one object as far as the engine has to act on it. */
export function liveDifferences(before: StackObject, after: StackObject): Change[] {
  return [...differences(withoutRules(before), withoutRules(after)), ...ruleChanges(before, after)];
}

const RULES = new Set(["rules", "inboundPolicy", "outboundPolicy"]);

/** Rules are told apart as rules, and not by their places in a list. */
function withoutRules(spec: StackObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(livePart(spec)).filter(([name]) => !RULES.has(name)));
}

/** The part of a document that is kept true on a running machine. */
export function livePart(spec: StackObject): Record<string, unknown> {
  const live = Object.fromEntries(Object.entries(spec).filter(([name]) => !QUIET.has(name)));
  if (spec.kind === "Snapshot") {
    // It is of one moment: what it was taken of, and why it is kept, is nothing to bring in line.
    const { server: _of, description: _why, ...kept } = live;
    return kept;
  }
  if (spec.kind !== "Server") return live;
  // A server has its firewalls and ports in no order.
  const ports = spec.ports && { ports: [...spec.ports].sort() };
  return { ...live, firewalls: [...spec.firewalls].sort(), ...ports };
}

/** Differences in what only applies to new machines, user data hidden. */
export function createOnlyDifferences(before: ServerSpec, after: ServerSpec): Change[] {
  return differences(before.createOnly, after.createOnly).map((change) =>
    hideUserData({ ...change, path: createOnlyPath(change.path) }),
  );
}

/** All fields of a new object, as changes from nothing. */
export function asCreated(spec: StackObject): Change[] {
  const live = withoutRules(spec);
  const shown =
    spec.kind === "Server"
      ? { ...live, ...newPart(spec) }
      : spec.kind === "Snapshot"
        ? { ...live, server: spec.server }
        : live;
  return [...differences({}, compact(shown)).map(hideUserData), ...ruleChanges(undefined, spec)];
}

/** What only new machines get, keys by their names. */
function newPart({ createOnly }: ServerSpec): Record<string, unknown> {
  return { ...createOnly, keys: createOnly.keys.map(({ name }) => name) };
}

/** All fields of an object that goes, as changes to nothing: the few that tell which it was. */
export function asRemoved(spec: StackObject): Change[] {
  return [...differences(compact(withoutRules(spec)), {}), ...ruleChanges(spec, undefined)];
}

function createOnlyPath(path: string): string {
  return path.replace(/^createOnly\./, "");
}

/** User data may hold secrets, whatever its author thought: it is never shown. Of a secret nothing is but that there is one. */
function hideUserData(change: Change): Change {
  if (/^secrets\b/.test(change.path)) return { path: "secrets", secret: true };
  if (!/^userData\b/.test(change.path)) return change;
  return { path: "userData", secret: true };
}

/** Leaves out what says nothing: empty lists, empty maps, false flags and zero counters. */
function compact(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => !isIdle(item)));
}

function isIdle(value: unknown): boolean {
  if (value === undefined || value === false || value === 0 || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.values(value).every(isIdle);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function isRecords(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRecord);
}
