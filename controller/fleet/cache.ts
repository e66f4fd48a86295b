import type { Memo } from "./context.ts";
import { type FleetFile, type ParsedFile, parseFleetFile } from "./file.ts";
import type { LastCompile } from "./incremental.ts";

/** What compiling remembers between commits. Holds no more than `maxFiles` texts. */
export interface ParsedCache {
  readonly maxFiles: number;
  readonly files: Map<string, ParsedFile>;
  /** Compiled results, which end with the parsed file they belong to. */
  readonly memos: WeakMap<ParsedFile, Memo>;
  /** The last compile, when nothing was wrong with it. */
  last?: LastCompile;
}

/** @param options.maxFiles more than the fleet has, or nothing is saved. Default 100,000, at about 3 KB each. */
export function createParsedCache({ maxFiles = 100_000 }: { maxFiles?: number } = {}): ParsedCache {
  return { maxFiles, files: new Map(), memos: new WeakMap() };
}

/** The parsed file of this blob, from the cache when it has been seen. */
export function parseCached(file: FleetFile, cache: ParsedCache): ParsedFile {
  if (file.unreadable !== undefined) {
    return { text: "", faults: [{ line: 1, column: 1, path: "", message: file.unreadable }] };
  }
  const known = cache.files.get(file.blob);
  if (known !== undefined) return known;
  const parsed = parseFleetFile(file.text);
  cache.files.set(file.blob, parsed);
  return parsed;
}

/** Ends a compile of these files: once there are too many, forgets those it did not use, the oldest first, then others. */
export function trimCache(cache: ParsedCache, used: readonly FleetFile[]): void {
  if (cache.files.size <= cache.maxFiles) return;
  const usedBlobs = new Set(used.map(({ blob }) => blob));
  const unused = [...cache.files.keys()].filter((blob) => !usedBlobs.has(blob));
  for (const blob of [...unused, ...usedBlobs]) {
    if (cache.files.size <= cache.maxFiles) return;
    cache.files.delete(blob);
  }
}
