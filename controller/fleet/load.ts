import type { FleetRepo } from "../repo/repo.ts";
import type { Listing } from "../repo/tree.ts";
import { createParsedCache, type ParsedCache, parseCached } from "./cache.ts";
import { type Compiled, type CompileOptions, compile } from "./compile.ts";
import type { FleetFile } from "./file.ts";
import { insidePath } from "./server.ts";

/** What loading remembers of one repository: the last listing, parsed texts and results. */
export interface FleetCache {
  listing?: Listing;
  readonly parsed: ParsedCache;
}

export function createFleetCache(options: { maxFiles?: number } = {}): FleetCache {
  return { parsed: createParsedCache(options) };
}

/**
 * Reads and compiles the fleet of a commit. With a cache, a commit costs what it changes.
 * @throws {FleetError} GIT_FAILED; what the files say is in `problems`.
 */
export async function loadFleet(
  repo: FleetRepo,
  commit: string,
  options: Omit<CompileOptions, "readFile" | "cache">,
  cache: FleetCache = createFleetCache(),
): Promise<Compiled> {
  const files = await repo.files(commit, cache.listing);
  cache.listing = { commit, files };
  const texts = await readUserData(files, cache.parsed, (path) => repo.readBlob(commit, path));
  return compile(files, { ...options, cache: cache.parsed, readFile: (path) => texts.get(path) });
}

/** The files that servers take user data from. Compile itself reads nothing. */
async function readUserData(
  files: readonly FleetFile[],
  cache: ParsedCache,
  read: (path: string) => Promise<string | undefined>,
): Promise<Map<string, string>> {
  const paths = new Set<string>();
  for (const file of files) {
    const { fields } = parseCached(file, cache);
    const path =
      fields?.kind === "Server" && fields.userData?.file !== undefined ? insidePath(fields.userData.file) : undefined;
    if (path !== undefined) paths.add(path);
  }
  const texts = new Map<string, string>();
  for (const path of paths) {
    const text = await read(path);
    if (text !== undefined) texts.set(path, text);
  }
  return texts;
}
