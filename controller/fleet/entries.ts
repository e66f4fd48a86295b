import { KIND_NAMES, KINDS, type Kind } from "../../schemas/index.ts";
import { type ParsedCache, parseCached } from "./cache.ts";
import { type FleetFile, faultAt, fieldFault, kindOfPath, type ParsedFile } from "./file.ts";
import type { Problem } from "./problem.ts";

/** A file that holds a well-formed object with a name of its own. */
export interface Entry {
  file: FleetFile;
  parsed: ParsedFile;
  /** "" for the Fleet. */
  name: string;
}

/** A file whose object cannot be used, with what it says of itself. */
export interface InvalidObject {
  kind?: Kind;
  name?: string;
  path: string;
  blob: string;
}

export type EntriesByKind = Record<Kind, Map<string, Entry>>;

/** Parses all files, and sorts out those that are wrong by themselves, lie in the wrong place or take another's name. */
export function readEntries(
  files: readonly FleetFile[],
  cache: ParsedCache,
): { byKind: EntriesByKind; problems: Problem[]; invalid: InvalidObject[] } {
  const byKind = Object.fromEntries(KIND_NAMES.map((kind) => [kind, new Map()])) as EntriesByKind;
  const problems: Problem[] = [];
  const invalid: InvalidObject[] = [];
  const twice = new Map<Map<string, Entry>, Map<string, Entry[]>>();
  const reject = ({ path, blob }: FleetFile, kind: Kind | undefined, name: string | undefined) => {
    invalid.push({ ...(kind && { kind }), ...(name !== undefined && { name }), path, blob });
  };

  for (const file of files) {
    const parsed = parseCached(file, cache);
    const expected = kindOfPath(file.path);
    for (const fault of parsed.faults) problems.push({ file: file.path, ...fault });
    const isMisplaced = parsed.kind !== undefined && parsed.kind !== expected;
    if (isMisplaced)
      problems.push({ file: file.path, ...faultAt(parsed, fieldFault(["kind"], misplaced(parsed.kind!, file.path))) });
    if (isMisplaced || parsed.fields === undefined) {
      reject(file, parsed.kind ?? expected, parsed.name);
      continue;
    }
    const entry: Entry = { file, parsed, name: parsed.name ?? "" };
    const entries = byKind[parsed.kind!];
    const first = entries.get(entry.name);
    if (first === undefined) entries.set(entry.name, entry);
    else {
      const names = twice.get(entries) ?? new Map<string, Entry[]>();
      twice.set(entries, names);
      names.set(entry.name, [...(names.get(entry.name) ?? [first]), entry]);
    }
  }

  for (const [entries, names] of twice) {
    for (const [name, holders] of names) {
      entries.delete(name);
      for (const { file, parsed } of holders) {
        reject(file, parsed.kind, name);
        problems.push(duplicate(name, file, parsed, holders));
      }
    }
  }
  if (!files.some(({ path }) => path === KINDS.Fleet.place)) {
    const message = "is missing; it says the fleet's id, and without it nothing is a fleet";
    problems.push({ file: KINDS.Fleet.place, line: 1, column: 1, path: "", message });
  }
  return { byKind, problems, invalid };
}

function duplicate(name: string, file: FleetFile, parsed: ParsedFile, holders: Entry[]): Problem {
  const others = holders.filter((holder) => holder.file !== file).map((holder) => placeOfName(holder));
  const message = `the ${parsed.kind} "${name}" is also in ${others.join(", ")}; names are unique per kind`;
  return { file: file.path, ...faultAt(parsed, fieldFault(["name"], message)) };
}

/** `servers/a.yaml:3:7`. */
export function placeOfName({ file, parsed }: Entry): string {
  const { line, column } = faultAt(parsed, fieldFault(["name"], ""));
  return `${file.path}:${line}:${column}`;
}

function misplaced(kind: Kind, path: string): string {
  const { place } = KINDS[kind];
  const where = place.endsWith("/") ? `below ${place}` : `in ${place}`;
  return `${/^[AEIOU]/.test(kind) ? "an" : "a"} ${kind} belongs ${where}, not in ${path}`;
}
