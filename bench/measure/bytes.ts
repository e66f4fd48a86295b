import { type FSWatcher, lstatSync, readdirSync, type Stats, watch } from "node:fs";
import { join } from "node:path";

/** Bytes of all files in and below a folder whose names end so; 0 where there is none. */
export function bytesIn(dir: string, ending = ""): number {
  let total = 0;
  for (const { path, stat } of walk(dir)) if (stat.isFile() && path.endsWith(ending)) total += stat.size;
  return total;
}

/**
 * Bytes that are written into a folder and what is below it, by whichever process: each file with the most it held, also one that was replaced or
 * removed since. A file that comes and goes faster than this process looks is left out, so it never counts too much.
 */
export class WrittenBytes {
  readonly #dir: string;
  /** By inode and birth: a file that is put in place of another is written anew. */
  readonly #files = new Map<string, number>();
  readonly #before: ReadonlySet<string>;
  readonly #watchers = new Map<string, FSWatcher>();

  /** The folder must be there; what it holds already does not count. */
  constructor(dir: string) {
    this.#dir = dir;
    this.#look(dir);
    this.#before = new Set(this.#files.keys());
  }

  /** Bytes so far. */
  get total(): number {
    this.#look(this.#dir);
    let total = 0;
    for (const [key, bytes] of this.#files) if (!this.#before.has(key)) total += bytes;
    return total;
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #look(from: string): void {
    for (const { path, stat } of walk(from)) {
      if (stat.isDirectory()) this.#watch(path);
      else this.#note(stat);
    }
  }

  #watch(dir: string): void {
    if (this.#watchers.has(dir)) return;
    try {
      const watcher = watch(dir, (_event, name) => this.#look(name === null ? dir : join(dir, name)));
      watcher.on("error", () => undefined);
      this.#watchers.set(dir, watcher);
    } catch {
      // It has gone meanwhile.
    }
  }

  #note({ ino, birthtimeMs, size }: Stats): void {
    const key = `${ino} ${birthtimeMs}`;
    this.#files.set(key, Math.max(this.#files.get(key) ?? 0, size));
  }
}

/** A path and everything below it, as far as it is still there. */
function* walk(path: string): Generator<{ path: string; stat: Stats }> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  yield { path, stat };
  if (!stat.isDirectory()) return;
  let names: string[] = [];
  try {
    names = readdirSync(path);
  } catch {
    return; // It has gone meanwhile.
  }
  for (const name of names) yield* walk(join(path, name));
}
