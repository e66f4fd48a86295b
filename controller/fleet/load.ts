import type { Catalog } from "../../resources/catalog.ts";
import type { FleetRepo } from "../repo/repo.ts";
import type { Listing } from "../repo/tree.ts";
import { createParsedCache, type ParsedCache, parseCached } from "./cache.ts";
import { type Compiled, type CompileOptions, compile } from "./compile.ts";
import { type FleetFile, kindOfPath } from "./file.ts";
import { resume } from "./resume.ts";
import { insidePath } from "./server.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SnapshotFolder } from "./snapshots.ts";

/** What loading remembers of one repository: the last listing, parsed texts and results. */
export interface FleetCache {
  listing?: Listing;
  readonly parsed: ParsedCache;
  /** Files that servers have taken user data from. */
  readonly userDataPaths: Set<string>;
  /** What the clouds sold at the last compile: the same object again lets a compile go on from that one. */
  catalogs?: Readonly<Record<string, Catalog>>;
  /** Where compiled fleets are kept for the next process. */
  readonly snapshots?: SnapshotFolder;
  /** The snapshot that loading begins with, until a compile has taken it up. */
  found?: Promise<Snapshot | undefined>;
}

export function createFleetCache({
  snapshots,
  ...options
}: {
  maxFiles?: number;
  snapshots?: SnapshotFolder;
} = {}): FleetCache {
  return { parsed: createParsedCache(options), userDataPaths: new Set(), ...(snapshots && { snapshots }) };
}

/** The accounts of a commit, compiled without its servers: what is asked of their clouds decides how the servers are compiled. */
export async function loadAccounts(
  repo: FleetRepo,
  commit: string,
  options: Pick<CompileOptions, "clouds">,
  cache: FleetCache,
): Promise<Compiled["accounts"]> {
  const files = await readListing(repo, commit, options.clouds, cache);
  return compile(
    files.filter(({ path }) => kindOfPath(path) !== "Server"),
    options,
  ).accounts;
}

/**
 * Reads and compiles the fleet of a commit. With a cache, a commit costs what it changes; `clouds` and `catalogs` should then be the same
 * objects as before.
 * @throws {FleetError} GIT_FAILED; what the files say is in `problems`.
 */
export async function loadFleet(
  repo: FleetRepo,
  commit: string,
  options: Omit<CompileOptions, "readFile" | "cache">,
  cache: FleetCache = createFleetCache(),
): Promise<Compiled> {
  const files = await readListing(repo, commit, options.clouds, cache);
  const texts = new Map<string, string | undefined>();
  for (const path of cache.userDataPaths) texts.set(path, await repo.readBlob(commit, path));
  await takeUp(options, cache);
  const compiled = compile(files, { ...options, cache: cache.parsed, readFile: (path) => texts.get(path) });
  const { last } = cache.parsed;
  if (last?.compiled === compiled) cache.snapshots?.keep(commit, last);
  return compiled;
}

/** Lets the first compile of a process go on from the snapshot that its listing came from. */
async function takeUp(options: Pick<CompileOptions, "clouds" | "catalogs">, cache: FleetCache): Promise<void> {
  const snapshot = await cache.found;
  cache.found = Promise.resolve(undefined);
  if (snapshot === undefined || cache.parsed.last !== undefined) return;
  resume(snapshot, options, cache.parsed);
  if (cache.parsed.last !== undefined) cache.snapshots?.hold(cache.parsed.last);
}

async function readListing(
  repo: FleetRepo,
  commit: string,
  clouds: CompileOptions["clouds"],
  cache: FleetCache,
): Promise<readonly FleetFile[]> {
  if (cache.listing === undefined && cache.snapshots !== undefined) {
    cache.found ??= cache.snapshots.find(repo, commit, clouds);
    const snapshot = await cache.found;
    if (snapshot !== undefined) {
      cache.listing ??= { commit: snapshot.commit, files: snapshot.files };
      for (const path of snapshot.texts.keys()) cache.userDataPaths.add(path);
    }
  }
  if (cache.listing?.commit === commit) return cache.listing.files;
  const earlier = new Set(cache.listing?.files);
  const files = await repo.files(commit, cache.listing);
  cache.listing = { commit, files };
  for (const file of files) if (!earlier.has(file)) addUserDataPath(file, cache);
  return files;
}

/** Compile reads nothing itself, so what it will ask for has to be there. */
function addUserDataPath(file: FleetFile, { parsed, userDataPaths }: FleetCache): void {
  const { fields } = parseCached(file, parsed);
  if (fields?.kind !== "Server" || fields.userData?.file === undefined) return;
  const path = insidePath(fields.userData.file);
  if (path !== undefined) userDataPaths.add(path);
}
