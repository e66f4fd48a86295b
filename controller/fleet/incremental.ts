import type { ServerSpec } from "../../resources/spec.ts";
import type { ServerFields } from "../../schemas/types.ts";
import { type ParsedCache, parseCached } from "./cache.ts";
import type { Compiled, CompileOptions } from "./compile.ts";
import type { Context } from "./context.ts";
import type { EntriesByKind } from "./entries.ts";
import { type FleetFile, kindOfPath } from "./file.ts";
import { compileServer } from "./server.ts";
import { compileShared } from "./shared.ts";

/** The last good compile, to which a few changed servers can be applied. */
export interface LastCompile {
  files: readonly FleetFile[];
  options: Pick<CompileOptions, "clouds" | "catalogs">;
  compiled: Compiled;
  context: Context;
  byKind: EntriesByKind;
  /** Files of the repository that servers took user data from. */
  texts: ReadonlyMap<string, string | undefined>;
}

interface Change {
  before?: FleetFile;
  after?: FleetFile;
}

/**
 * The fleet after changes of nothing but good server files: what a compile from scratch gives, in the time that the changes take. Undefined
 * where that cannot be told from the changed files alone.
 */
export function recompile(
  files: readonly FleetFile[],
  options: CompileOptions,
  cache: ParsedCache,
): Compiled | undefined {
  const { last } = cache;
  if (last === undefined || options.clouds !== last.options.clouds || options.catalogs !== last.options.catalogs)
    return undefined;
  const changes = findChanges(last.files, files);
  if (!changes.every(({ before, after }) => kindOfPath((before ?? after)!.path) === "Server")) return undefined;
  const readFile = (path: string) => options.readFile?.(path);
  for (const [path, text] of last.texts) if (readFile(path) !== text) return undefined;

  const texts = new Map(last.texts);
  const context = last.context.renew((path) => {
    const text = readFile(path);
    texts.set(path, text);
    return text;
  });
  const servers = new Map(last.compiled.servers);
  let usesSame = true;
  for (const { before } of changes) if (before !== undefined) servers.delete(parseCached(before, cache).name ?? "");
  for (const { after } of changes) {
    if (after === undefined) continue;
    const parsed = parseCached(after, cache);
    const { fields, name = "" } = parsed;
    if (fields?.kind !== "Server" || servers.has(name) || fields.ports.length > 0) return undefined;
    const { spec, hash, createHash, faults, notes } = context.once(parsed, () =>
      compileServer(fields as ServerFields, context),
    );
    if (spec === undefined || faults.length > 0 || notes.length > 0 || makesClaims(spec)) return undefined;
    servers.set(name, { spec, hash, createHash, path: after.path, blob: after.blob });
    const earlier = last.compiled.servers.get(name)?.spec;
    usesSame &&= earlier !== undefined && usage(earlier) === usage(spec);
  }
  usesSame &&= servers.size === last.compiled.servers.size;
  const { shared, faults } = usesSame
    ? { shared: last.compiled.shared, faults: [] }
    : compileShared(servers, last.byKind, context);
  // A cloud that begins to use a firewall which it cannot express.
  if (faults.length > 0) return undefined;
  const compiled: Compiled = { ...last.compiled, servers, shared, invalid: [], problems: [], notes: [] };
  cache.last = { ...last, files, compiled, context, texts };
  return compiled;
}

/** A server as the last compile has it, and as it would be. */
export interface Differing {
  before: ServerSpec;
  after: ServerSpec;
}

/**
 * What files would make of servers in the place of those of the last compile, without a compile of all others. Undefined where `recompile` could not
 * tell it from the changed files alone, or shared objects are others then.
 */
export function peek(
  { files, compiled, context, texts }: LastCompile,
  changed: ReadonlyMap<string, FleetFile | undefined>,
  cache: ParsedCache,
): Differing[] | undefined {
  if (![...changed.keys()].every((path) => kindOfPath(path) === "Server")) return undefined;
  const reader = context.renew((path) => texts.get(path));
  const byName = new Map<string, Partial<Differing>>();
  for (const file of files) {
    if (!changed.has(file.path)) continue;
    const { name = "" } = parseCached(file, cache);
    const before = compiled.servers.get(name)?.spec;
    if (before === undefined) return undefined;
    byName.set(name, { before });
  }
  for (const file of changed.values()) {
    if (file === undefined) continue;
    const parsed = parseCached(file, cache);
    const { fields, name = "" } = parsed;
    const differing = byName.get(name) ?? {};
    const isTaken = differing.after !== undefined || (!byName.has(name) && compiled.servers.has(name));
    // Whose a port is only a look at all servers can judge.
    if (fields?.kind !== "Server" || isTaken || fields.ports.length > 0) return undefined;
    const { spec, faults, notes } = reader.once(parsed, () => compileServer(fields as ServerFields, reader));
    if (spec === undefined || faults.length > 0 || notes.length > 0 || makesClaims(spec)) return undefined;
    byName.set(name, { ...differing, after: spec });
  }
  const usesSame = (one: Partial<Differing>): one is Differing =>
    one.before !== undefined && one.after !== undefined && usage(one.before) === usage(one.after);
  const differing = [...byName.values()];
  return differing.every(usesSame) ? differing : undefined;
}

/** Whether a server speaks of others' names or machines, which only a look at all of them can judge. */
export function makesClaims({ formerly, adopt }: { formerly: string[]; adopt?: string }): boolean {
  return formerly.length > 0 || adopt !== undefined;
}

/** What a server uses of its account. */
function usage({
  account,
  region,
  firewalls,
  createOnly,
}: {
  account: string;
  region: string;
  firewalls: string[];
  createOnly: { keys: { name: string }[] };
}): string {
  return JSON.stringify([account, region, firewalls, createOnly.keys.map(({ name }) => name)]);
}

/** What to do to the files before to have those after, both by path. */
export function findChanges(before: readonly FleetFile[], after: readonly FleetFile[]): Change[] {
  let head = 0;
  while (head < before.length && head < after.length && isSame(before[head]!, after[head]!)) head += 1;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && isSame(before[before.length - 1 - tail]!, after[after.length - 1 - tail]!)) tail += 1;
  const left = new Map(before.slice(head, before.length - tail).map((file) => [file.path, file]));
  const changes: Change[] = [];
  for (const file of after.slice(head, after.length - tail)) {
    const earlier = left.get(file.path);
    left.delete(file.path);
    if (earlier === undefined) changes.push({ after: file });
    else if (!isSame(earlier, file)) changes.push({ before: earlier, after: file });
  }
  for (const file of left.values()) changes.push({ before: file });
  return changes;
}

function isSame(a: FleetFile, b: FleetFile): boolean {
  return a === b || (a.blob === b.blob && a.path === b.path && a.unreadable === b.unreadable);
}
