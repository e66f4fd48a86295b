import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FleetError } from "../../resources/errors.ts";
import type { Blobs } from "./blobs.ts";

/** State in a folder: `file://`. */
export function fileBlobs(root: string): Blobs {
  const place = (key: string) => join(root, key);

  /** Runs one access; "not there" is undefined. */
  async function reach<T>(key: string, what: string, access: () => Promise<T>): Promise<T | undefined> {
    try {
      return await access();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined;
      const file = place(key);
      throw new FleetError("ENGINE_FAILED", `${file} ${what}: ${message}`, { file }, { cause: error });
    }
  }

  const version = async (key: string) => {
    const found = await reach(key, "cannot be read", () => stat(place(key)));
    return found && `${found.mtimeMs}:${found.size}`;
  };

  async function write(key: string, content: string | Buffer): Promise<void> {
    const what = "could not be written, and is as it was";
    await reach(key, what, () => mkdir(dirname(place(key)), { recursive: true, mode: 0o700 }));
    await reach(key, what, () => writeWhole(place(key), content));
    // The engine's note about the old file.
    await reach(key, what, () => rm(`${place(key)}.attrs`, { force: true }));
  }

  return {
    async read(key) {
      // Engines that write such notes are those of before, and those that people start: see `withoutNotes`.
      await rm(`${place(key)}.attrs`, { force: true }).catch(() => undefined);
      return await reach(key, "cannot be read", () => readFile(place(key), "utf8"));
    },
    version,

    async list(folder) {
      const entries = await reach(folder, "cannot be read", () => readdir(place(folder), { withFileTypes: true }));
      const found = new Map<string, string>();
      for (const entry of entries ?? []) {
        const at = entry.isFile() ? await version(`${folder}${entry.name}`) : undefined;
        if (at !== undefined) found.set(`${folder}${entry.name}`, at);
      }
      return found;
    },

    write,

    async copy(from, to) {
      const content = await reach(from, "cannot be read", () => readFile(place(from)));
      if (content !== undefined) await write(to, content);
      return content !== undefined;
    },

    async remove(keys) {
      for (const key of keys) await reach(key, "cannot be removed", () => rm(place(key), { force: true }));
    },

    place,
    close: async () => {},
  };
}

/** Beside its place, on disk, and then renamed. */
async function writeWhole(file: string, content: string | Buffer): Promise<void> {
  const partial = `${file}.partial-${process.pid}`;
  try {
    const handle = await open(partial, "w", 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
