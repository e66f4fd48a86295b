import type { Kind } from "../../schemas/index.ts";
import { createParsedCache, type ParsedCache, parseCached } from "../fleet/cache.ts";
import { sha256 } from "../fleet/canonical.ts";
import { compile } from "../fleet/compile.ts";
import type { CloudRules } from "../fleet/context.ts";
import { type FleetFile, kindOfPath } from "../fleet/file.ts";
import type { Problem } from "../fleet/problem.ts";
import type { FleetRepo } from "./repo.ts";
import type { Change } from "./stream.ts";
import type { Listing } from "./tree.ts";

/** What views of one repository remember between commits. */
export interface ViewCache {
  readonly clouds: Readonly<Record<string, CloudRules>>;
  readonly parsed: ParsedCache;
  listing?: Listing;
}

/** @param parsed shares what has been parsed, and not what was compiled last: readers of the fleet go on from theirs. */
export function createViewCache(clouds: ViewCache["clouds"], parsed: ParsedCache): ViewCache {
  return { clouds, parsed: { ...createParsedCache({ maxFiles: parsed.maxFiles }), files: parsed.files } };
}

interface Names {
  fileOf: Map<string, string>;
  in: Map<string, string>;
}

/** The files of a commit with changes on top that are not written yet. */
export class FleetView {
  readonly #repo: FleetRepo;
  readonly #commit: string | undefined;
  readonly #cache: ViewCache;
  readonly #changed = new Map<string, string | null>();
  readonly #read = new Map<string, Promise<string | null>>();
  /** Files by kind and name, and the other way round. */
  #names: Names | undefined;

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
    this.#names ??= this.#index(await this.#files());
    return this.#names.fileOf.get(`${kind} ${name}`);
  }

  take(changes: readonly Change[]): void {
    for (const [path, text] of changes) {
      if (this.#names !== undefined) this.#reindex(this.#names, path, text);
      this.#changed.set(path, text);
    }
  }

  /** What is wrong with the files of the commit once these are changed, and was not before. */
  async problemsOf(changes: readonly Change[]): Promise<Problem[]> {
    const before = await this.#files();
    const known = new Set(this.#compile(before).map(signature));
    const changed = new Map(changes.filter(([path]) => kindOfPath(path) !== undefined && /\.ya?ml$/.test(path)));
    const after = [
      ...before.filter(({ path }) => !changed.has(path)),
      ...[...changed].flatMap(([path, text]) => (text === null ? [] : [toFile(path, text)])),
    ].sort((a, b) => (a.path < b.path ? -1 : 1));
    return this.#compile(after).filter((problem) => !known.has(signature(problem)));
  }

  #compile(files: readonly FleetFile[]): Problem[] {
    // A file of user data is looked at when the fleet is loaded.
    return compile(files, { clouds: this.#cache.clouds, cache: this.#cache.parsed, readFile: () => "" }).problems;
  }

  async #readCommitted(path: string): Promise<string | null> {
    return this.#commit === undefined ? null : ((await this.#repo.readBlob(this.#commit, path)) ?? null);
  }

  async #files(): Promise<readonly FleetFile[]> {
    if (this.#commit === undefined) return [];
    const files = await this.#repo.files(this.#commit, this.#cache.listing);
    this.#cache.listing = { commit: this.#commit, files };
    return files;
  }

  #index(files: readonly FleetFile[]): Names {
    const names: Names = { fileOf: new Map(), in: new Map() };
    for (const file of files) this.#put(names, file);
    for (const [path, text] of this.#changed) this.#reindex(names, path, text);
    return names;
  }

  #put(names: Names, file: FleetFile): void {
    const { kind, name } = parseCached(file, this.#cache.parsed);
    if (kind === undefined || name === undefined) return;
    names.fileOf.set(`${kind} ${name}`, file.path);
    names.in.set(file.path, `${kind} ${name}`);
  }

  #reindex(names: Names, path: string, text: string | null): void {
    if (kindOfPath(path) === undefined) return;
    const before = names.in.get(path);
    names.in.delete(path);
    // Another file may have taken the name meanwhile.
    if (before !== undefined && names.fileOf.get(before) === path) names.fileOf.delete(before);
    if (text !== null) this.#put(names, toFile(path, text));
  }
}

function toFile(path: string, text: string): FleetFile {
  return { path, text, blob: sha256(text) };
}

/** A fault that was there before is the same one further down the file. */
function signature({ file, path, message }: Problem): string {
  return JSON.stringify([file, path, message]);
}
