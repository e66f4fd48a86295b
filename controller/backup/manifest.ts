import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { FleetError } from "../../resources/errors.ts";

/** The shape of the archive; another number is another shape. */
export const FORMAT = 1;

export const MANIFEST = "manifest.json";
export const BUNDLE = "fleet.bundle";
export const KEY = "state.key";
export const STATE = "state";
export const DATABASE = "database";

/** What an archive holds: its first file says so. */
export interface Manifest {
  format: number;
  /** Of the Fleetwright that made it. */
  version: string;
  fleetId: string;
  /** ISO instant. */
  madeAt: string;
  /** The branch that was checked out; absent where none was. */
  branch?: string;
  commit: string;
  /** Fetched from and pushed to, without credentials, by name. */
  remotes: Record<string, string>;
  migrations: string[];
  /** False: state is kept where only the engine can read it, and that place's own backup has it. */
  hasState: boolean;
  hasKey: boolean;
  /** SHA-256 of every other file, by its path in the archive. */
  files: Record<string, string>;
}

/** SHA-256 of all files below a folder but the manifest, by path with slashes. */
export async function checksums(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sums: Record<string, string> = {};
  for (const file of files.sort()) {
    const path = relative(folder, file);
    if (path === MANIFEST) continue;
    const hash = createHash("sha256");
    await pipeline(createReadStream(file), hash);
    sums[path] = hash.digest("hex");
  }
  return sums;
}

/**
 * The manifest of an archive that lies unpacked in a folder, after every file was compared with it.
 * @throws {FleetError} USAGE when it is no backup, is of another format or does not match its checksums.
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST), "utf8").catch(() => undefined);
  if (text === undefined) throw new FleetError("USAGE", "the file is no backup of Fleetwright: it has no manifest", {});
  const manifest = parsed(text);
  if (manifest.format !== FORMAT)
    throw new FleetError("USAGE", `the backup has format ${manifest.format}, and this Fleetwright reads ${FORMAT}`, {});
  const found = await checksums(folder);
  const wrong = [...new Set([...Object.keys(found), ...Object.keys(manifest.files)])].filter(
    (path) => found[path] !== manifest.files[path],
  );
  if (wrong.length > 0)
    throw new FleetError("USAGE", `the backup is damaged: ${wrong.join(", ")} is not what was packed. Use another`, {});
  return manifest;
}

function parsed(text: string): Manifest {
  try {
    return JSON.parse(text) as Manifest;
  } catch (cause) {
    throw new FleetError("USAGE", "the backup is damaged: its manifest cannot be read. Use another", {}, { cause });
  }
}
