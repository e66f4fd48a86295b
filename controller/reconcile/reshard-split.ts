import { FleetError } from "../../resources/errors.ts";
import type { StateResource } from "../engine/engine.ts";
import { ADDRESS } from "./gateway-address.ts";

/** An entry of a stack's state as the engine exports it, with what it refers to; it has more that is kept as it is. */
export interface StateEntry extends StateResource {
  parent?: string;
  /** `URN::ID` of the provider's entry. */
  provider?: string;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[]>;
  deletedWith?: string;
  /** Waits to be deleted; another entry of this URN takes its place. */
  delete?: boolean;
}

/** One way that entries go. */
interface Way {
  project: string;
  from: string;
  to: string;
}

/** What belongs to the stack itself and not to an object in it. */
export const isStackOwn = ({ type }: StateResource): boolean => type.startsWith("pulumi:");

/** Type and name of an entry, the same in whatever stack it lies. */
export const plainUrn = (urn: string): string => urn.split("::").slice(2).join("::");

/**
 * Entries by the stack that they go to, in their order. What hangs on an entry that goes (an attachment that no document tells of any more) goes
 * with it; a stack's own entries stay.
 */
export function partEntries(
  entries: readonly StateEntry[],
  goesTo: (entry: StateEntry) => string | undefined,
): Map<string, StateEntry[]> {
  const going = new Map<string, string>();
  const parts = new Map<string, StateEntry[]>();
  for (const entry of entries) {
    if (isStackOwn(entry)) continue;
    const to = goesTo(entry) ?? references(entry).flatMap((urn) => going.get(urn) ?? [])[0];
    if (to === undefined) continue;
    going.set(entry.urn, to);
    const part = parts.get(to) ?? [];
    part.push(entry);
    parts.set(to, part);
  }
  return parts;
}

/**
 * The entries of a stack to which others come from another stack: under its URNs, its own parent and its own providers. A provider that it has
 * not yet is copied, with `address` in place of the gateway's: two stacks cannot listen at one. What had come before in an attempt that was cut off is replaced.
 * @throws {FleetError} STATE_DAMAGED when the entries refer to something that their stack does not have.
 */
export function withArrivals(
  target: readonly StateEntry[],
  source: readonly StateEntry[],
  arriving: readonly StateEntry[],
  way: Way,
  address: string,
): StateEntry[] {
  const moved = arriving.map((entry) => renamed(entry, way));
  const coming = new Set(moved.map(({ urn }) => urn));
  refuseOthers(target, moved, way);
  const kept = target.filter(({ urn }) => !coming.has(urn));
  const own = new Map(kept.filter(isStackOwn).map((entry) => [entry.urn, entry]));
  const missing: StateEntry[] = [];
  const take = (urn: string, change: (entry: StateEntry) => StateEntry = (entry) => entry): StateEntry => {
    const there = own.get(urn);
    if (there !== undefined) return there;
    const original = source.find((entry) => isStackOwn(entry) && renamed(entry, way).urn === urn);
    if (original === undefined) throw dangling(way, urn);
    const copy = change(renamed(original, way));
    own.set(urn, copy);
    missing.push(copy);
    return copy;
  };
  for (const entry of moved) if (entry.parent !== undefined && !coming.has(entry.parent)) take(entry.parent);
  for (const entry of moved) {
    if (entry.provider === undefined) continue;
    const urn = entry.provider.slice(0, entry.provider.lastIndexOf("::"));
    const provider = take(urn, (copy) => atAddress(copy, address));
    if (provider.parent !== undefined) take(provider.parent);
    entry.provider = `${urn}::${provider.id}`;
  }
  // What is named comes before what names it.
  const [roots, providers] = [missing.filter(isRoot), missing.filter((entry) => !isRoot(entry))];
  const all = [...roots, ...kept, ...providers, ...moved];
  const known = new Set(all.map(({ urn }) => urn));
  const lost = moved.flatMap(references).find((urn) => !known.has(urn));
  if (lost !== undefined) throw dangling(way, lost);
  return all;
}

/** Everything that an entry names by its URN. */
export function references(entry: StateEntry): string[] {
  const { parent, provider, dependencies = [], propertyDependencies = {}, deletedWith } = entry;
  return [
    ...(parent === undefined ? [] : [parent]),
    ...(provider === undefined ? [] : [provider.slice(0, provider.lastIndexOf("::"))]),
    ...dependencies,
    ...Object.values(propertyDependencies).flat(),
    ...(deletedWith === undefined ? [] : [deletedWith]),
  ].filter((urn) => urn !== "");
}

/** The entry in another stack. What it says of the cloud stays as it is, whatever it looks like. */
function renamed(entry: StateEntry, { project, from, to }: Way): StateEntry {
  const prefix = (stack: string) => `urn:pulumi:${stack}::${project}::`;
  const root = (stack: string) => `${prefix(stack)}pulumi:pulumi:Stack::${project}-${stack}`;
  const rename = (value: unknown): unknown => {
    if (typeof value === "string") {
      if (value === root(from)) return root(to);
      return value.startsWith(prefix(from)) ? prefix(to) + value.slice(prefix(from).length) : value;
    }
    if (Array.isArray(value)) return value.map(rename);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, rename(field)]));
  };
  const { inputs, outputs, ...rest } = entry;
  return {
    ...(rename(rest) as StateEntry),
    ...(inputs === undefined ? {} : { inputs }),
    ...(outputs === undefined ? {} : { outputs }),
  };
}

const atAddress = (provider: StateEntry, address: string): StateEntry =>
  JSON.parse(JSON.stringify(provider).replaceAll(new RegExp(ADDRESS, "g"), address)) as StateEntry;

const isRoot = ({ type }: StateEntry): boolean => type === "pulumi:pulumi:Stack";

/** What came in an attempt that was cut off is the same thing; another one must not be forgotten. */
function refuseOthers(target: readonly StateEntry[], moved: readonly StateEntry[], { from, to }: Way): void {
  const ids = new Map(target.flatMap(({ urn, id, delete: gone }) => (gone || id === undefined ? [] : [[urn, id]])));
  for (const { urn, id, delete: gone } of moved) {
    const other = ids.get(urn);
    if (gone || other === undefined || other === id) continue;
    const name = plainUrn(urn);
    throw new FleetError(
      "STATE_DAMAGED",
      `${from} has ${name} as ${id}, and ${to} as ${other}: nothing was moved. Look at both at the cloud, take the wrong one out of its stack (pulumi state delete), then go on`,
      { stack: to, from },
    );
  }
}

function dangling({ from }: Way, urn: string): FleetError {
  return new FleetError(
    "STATE_DAMAGED",
    `the state of ${from} names ${plainUrn(urn)} and does not have it: nothing was moved. Put a copy of yours in its place (docs/backup.md), then go on`,
    { stack: from },
  );
}
