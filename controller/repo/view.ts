import type { Kind } from "../../schemas/index.ts";
import { createParsedCache, type ParsedCache, parseCached } from "../fleet/cache.ts";
import { compile } from "../fleet/compile.ts";
import type { CloudRules } from "../fleet/context.ts";
import { type FleetFile, kindOfPath } from "../fleet/file.ts";
import { findChanges, peek } from "../fleet/incremental.ts";
import type { FleetCache } from "../fleet/load.ts";
import type { Problem } from "../fleet/problem.ts";
import type { FleetRepo } from "./repo.ts";
import type { Change } from "./stream.ts";
import { type Listing, toFleetFile, withFiles } from "./tree.ts";
import { blobId } from "./worktree.ts";

/** What views of one repository remember between commits. */
export interface ViewCache {
  readonly clouds: Readonly<Record<string, CloudRules>>;
  readonly parsed: ParsedCache;
  listing?: Listing;
  /** What readers of the fleet have read and compiled already. */
  readonly loaded?: Pick<FleetCache, "listing" | "parsed">;
  /** Of the last commit that files are read of: fifty who ask at once read them once. */
  reading?: { commit: string; files: Promise<readonly FleetFile[]> };
  /** Of the last listing. */
  names?: { files: readonly FleetFile[]; names: Names };
}

/** @param parsed shares what has been parsed, and not what was compiled last: readers of the fleet go on from theirs. */
export function createViewCache(
  clouds: ViewCache["clouds"],
  parsed: ParsedCache,
  loaded?: ViewCache["loaded"],
): ViewCache {
  const own = { ...createParsedCache({ maxFiles: parsed.maxFiles }), files: parsed.files };
  return { clouds, parsed: own, ...(loaded && { loaded }) };
}

/** Files by kind and name, and the other way round; undefined for what changes on top have taken away. */
interface Names {
  fileOf: Map<string, string | undefined>;
  in: Map<string, string | undefined>;
}

/** Lets the next view go on from commits that have just been written, which git need not be asked about. */
export function advance(cache: ViewCache, before: string | undefined, changes: readonly Change[], after: string): void {
  const { listing } = cache;
  // The ids of a repository with longer ones are not those that `blobId` gives.
  if (listing === undefined || listing.commit !== before || after.length !== 40) return;
  cache.listing = { commit: after, files: withFiles(listing.files, changedFiles(changes)) };
}

/** The files of a commit with changes on top that are not written yet. */
export class FleetView {
  readonly #repo: FleetRepo;
  readonly #commit: string | undefined;
  readonly #cache: ViewCache;
  readonly #changed = new Map<string, string | null>();
  readonly #read = new Map<string, Promise<string | null>>();
  /** Of the changes. */
  readonly #renamed: Names = { fileOf: new Map(), in: new Map() };

  constructor(repo: FleetRepo, commit: string | undefined, cache: ViewCache) {
    this.#repo = repo;
    this.#commit = commit;
    this.#cache = cache;
  }

  /** The text of a file; null when there is none. */
  async read(path: string): Promise<string | null> {
    const changed = this.#changed.get(path);
    if (changed !== undefined || this.#changed.has(path)) return changed ?? null;
    const reading = this.#read.get(path) ?? this.#readCommitted(path);
    this.#read.set(path, reading);
    return await reading;
  }

  /** The file that has an object; undefined when none has. */
  async find(kind: Kind, name: string): Promise<string | undefined> {
    const key = `${kind} ${name}`;
    const { fileOf } = this.#renamed;
    return fileOf.has(key) ? fileOf.get(key) : (await this.#names()).fileOf.get(key);
  }

  async take(changes: readonly Change[]): Promise<void> {
    const names = await this.#names();
    for (const [path, text] of changes) {
      this.#rename(names, path, text);
      this.#changed.set(path, text);
    }
  }

  /** What is wrong with the files of the commit once these are changed, and was not before. */
  async problemsOf(changes: readonly Change[]): Promise<Problem[]> {
    const before = await this.#files();
    const changed = changedFiles(changes);
    if (this.#isKnownGood(changed)) return [];
    const known = new Set(this.#compile(before).map(signature));
    return this.#compile(withFiles(before, changed)).filter((problem) => !known.has(signature(problem)));
  }

  /** Whether readers have compiled this very commit, and nothing is wrong with what the changes make of it. */
  #isKnownGood(changed: ReadonlyMap<string, FleetFile | undefined>): boolean {
    const { listing, parsed } = this.#cache.loaded ?? {};
    const last = parsed?.last;
    if (last === undefined || listing?.commit !== this.#commit || last.files !== listing?.files) return false;
    return peek(last, changed, parsed!) !== undefined;
  }

  #compile(files: readonly FleetFile[]): Problem[] {
    // A file of user data is looked at when the fleet is loaded.
    return compile(files, { clouds: this.#cache.clouds, cache: this.#cache.parsed, readFile: () => "" }).problems;
  }

  async #readCommitted(path: string): Promise<string | null> {
    return this.#commit === undefined ? null : ((await this.#repo.readBlob(this.#commit, path)) ?? null);
  }

  async #files(): Promise<readonly FleetFile[]> {
    const [commit, cache] = [this.#commit, this.#cache];
    if (commit === undefined) return [];
    if (cache.listing?.commit === commit) return cache.listing.files;
    if (cache.reading?.commit !== commit) {
      const reading = { commit, files: this.#repo.files(commit, cache.listing ?? cache.loaded?.listing) };
      cache.reading = reading;
      reading.files.catch(() => {
        if (cache.reading === reading) delete cache.reading;
      });
    }
    const files = await cache.reading.files;
    cache.listing = { commit, files };
    return files;
  }

  async #names(): Promise<Names> {
    const files = await this.#files();
    const { names } = this.#cache;
    if (names?.files === files) return names.names;
    const keeps = names !== undefined && findChanges(names.files, files).every((change) => this.#keepsName(change));
    this.#cache.names = { files, names: keeps ? names.names : this.#index(files) };
    return this.#cache.names.names;
  }

  #keepsName({ before, after }: ReturnType<typeof findChanges>[number]): boolean {
    return before !== undefined && after !== undefined && this.#keyOf(before) === this.#keyOf(after);
  }

  #index(files: readonly FleetFile[]): Names {
    const names: Names = { fileOf: new Map(), in: new Map() };
    for (const file of files) {
      const key = this.#keyOf(file);
      if (key === undefined) continue;
      names.fileOf.set(key, file.path);
      names.in.set(file.path, key);
    }
    return names;
  }

  #keyOf(file: FleetFile): string | undefined {
    const { kind, name } = parseCached(file, this.#cache.parsed);
    return kind === undefined || name === undefined ? undefined : `${kind} ${name}`;
  }

  #rename(names: Names, path: string, text: string | null): void {
    if (kindOfPath(path) === undefined) return;
    const { fileOf, in: keyIn } = this.#renamed;
    const before = keyIn.has(path) ? keyIn.get(path) : names.in.get(path);
    const after = text === null ? undefined : this.#keyOf(toFile(path, text));
    keyIn.set(path, after);
    // Another file may have taken the name meanwhile.
    if (before !== undefined && (fileOf.has(before) ? fileOf : names.fileOf).get(before) === path)
      fileOf.set(before, undefined);
    if (after !== undefined) fileOf.set(after, path);
  }
}

/** Fleet files of changes, by path; undefined for one that goes. */
export function changedFiles(changes: readonly Change[]): Map<string, FleetFile | undefined> {
  const own = changes.filter(([path]) => kindOfPath(path) !== undefined && /\.ya?ml$/.test(path));
  return new Map(new Map(own).entries().map(([path, text]) => [path, text === null ? undefined : toFile(path, text)]));
}

function toFile(path: string, text: string): FleetFile {
  const content = Buffer.from(text);
  return toFleetFile(path, blobId(content), content);
}

/** A fault that was there before is the same one further down the file. */
function signature({ file, path, message }: Problem): string {
  return JSON.stringify([file, path, message]);
}
