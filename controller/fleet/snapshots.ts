import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { FleetRepo } from "../repo/repo.ts";
import { findChanges, type LastCompile } from "./incremental.ts";
import { catalogsDigest, programDigest } from "./program.ts";
import { decodeSnapshot, encodeSnapshot, type Snapshot } from "./snapshot.ts";

/** As many as commands on other branches, or on older commits, would drive out. */
const KEPT = 3;
/** A file that is being written is never this old. */
const LEFT_OVER_MS = 3_600_000;
/** A start that goes on from a snapshot costs what differs; past this share of the files a new one is written. */
const FAR = 1 / 50;

const SUFFIX = ".snapshot";
const PART = ".part";

/** Compiled fleets in a folder, one file a commit. They save time and decide nothing: what is not as it should be is left or removed, and told. */
export class SnapshotFolder {
  readonly #dir: string;
  readonly #tell: (text: string) => void;
  /** The compile that the newest snapshot holds. */
  #held: Pick<LastCompile, "byKind" | "files"> | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** @param tell hears in a sentence why a snapshot is of no use. */
  constructor(dir: string, tell: (text: string) => void) {
    this.#dir = dir;
    this.#tell = tell;
  }

  /** The snapshot of a commit, or the newest of those before it, that this program made with these clouds. */
  async find(
    repo: Pick<FleetRepo, "isAncestor">,
    commit: string,
    clouds: LastCompile["options"]["clouds"],
  ): Promise<Snapshot | undefined> {
    const names = await this.#names(SUFFIX);
    const exact = names.filter((name) => name === commit + SUFFIX);
    for (const name of new Set([...exact, ...names])) {
      if (name !== commit + SUFFIX && !(await repo.isAncestor(name.slice(0, -SUFFIX.length), commit))) continue;
      const snapshot = await this.#read(name);
      if (snapshot?.program === programDigest(clouds)) return snapshot;
    }
    return undefined;
  }

  /** Says that the newest snapshot holds this compile. */
  hold({ byKind, files }: LastCompile): void {
    this.#held = { byKind, files };
  }

  /** Begins to write this compile of a commit, unless going on from the snapshot that there is costs little. */
  keep(commit: string, last: LastCompile): void {
    if (this.#held !== undefined && !isFar(this.#held, last)) return;
    this.hold(last);
    this.#writing = this.#writing
      .then(() => this.#write(commit, last))
      .catch((error: Error) => {
        this.#held = undefined;
        this.#tell(
          `the compiled fleet could not be kept in ${this.#dir} (${error.message}): the next start compiles it anew`,
        );
      });
  }

  /** Resolves when what was begun is written, or has failed and was told. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(commit: string, { files, compiled, options, texts }: LastCompile): Promise<void> {
    // Whoever waits for the compile goes first.
    await setImmediate();
    const bytes = await encodeSnapshot({
      commit,
      program: programDigest(options.clouds),
      catalogs: catalogsDigest(options.catalogs),
      files: [...files],
      servers: compiled.servers,
      texts: new Map(texts),
    });
    // User data may be in it.
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const part = join(this.#dir, `${commit}.${randomBytes(6).toString("hex")}${PART}`);
    try {
      // Not flushed: a file that a power cut left empty fails its checksum.
      await writeFile(part, bytes, { mode: 0o600, flag: "wx" });
      await rename(part, join(this.#dir, commit + SUFFIX));
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    await this.#prune();
  }

  async #prune(): Promise<void> {
    for (const name of (await this.#names(SUFFIX)).slice(KEPT)) await rm(join(this.#dir, name), { force: true });
    for (const name of await this.#names(PART, Date.now() - LEFT_OVER_MS))
      await rm(join(this.#dir, name), { force: true });
  }

  async #read(name: string): Promise<Snapshot | undefined> {
    const path = join(this.#dir, name);
    try {
      const snapshot = await decodeSnapshot(await readFile(path));
      if (snapshot !== undefined && snapshot.commit + SUFFIX === name) return snapshot;
      await rm(path, { force: true });
      this.#tell(`${path} was damaged, or of another version, and is removed: the fleet is compiled anew`);
    } catch (error) {
      // Another process may have pruned it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        this.#tell(`${path} could not be read (${(error as Error).message}): the fleet is compiled anew`);
    }
    return undefined;
  }

  /** Files whose names end so, the newest first. */
  async #names(ending: string, before = Number.POSITIVE_INFINITY): Promise<string[]> {
    const names = await readdir(this.#dir).catch(() => []);
    const found = await Promise.all(
      names
        .filter((name) => name.endsWith(ending))
        .map(async (name) => ({ name, at: (await stat(join(this.#dir, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
    );
    return found
      .filter(({ at }) => at < before)
      .sort((a, b) => b.at - a.at)
      .map(({ name }) => name);
  }
}

/** A compile from scratch, which shares no entries with the one before, or one that has come far since. */
function isFar(held: Pick<LastCompile, "byKind" | "files">, last: LastCompile): boolean {
  return held.byKind !== last.byKind || findChanges(held.files, last.files).length > last.files.length * FAR;
}
