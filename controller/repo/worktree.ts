import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type FleetFile, kindOfPath } from "../fleet/file.ts";
import { FLEET_PLACES, toFleetFile } from "./tree.ts";

/** The fleet files as they lie in the folder, committed or not. */
export async function readFolder(dir: string): Promise<FleetFile[]> {
  const files: FleetFile[] = [];
  for (const place of FLEET_PLACES) await walk(dir, place, files);
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function walk(dir: string, path: string, files: FleetFile[]): Promise<void> {
  const status = await lstat(join(dir, path)).catch(() => undefined);
  if (status === undefined) return;
  if (status.isSymbolicLink()) {
    files.push({ path, blob: "", text: "", unreadable: "is a symbolic link; fleet files are plain files" });
  } else if (status.isDirectory()) {
    for (const name of await readdir(join(dir, path))) await walk(dir, `${path}/${name}`, files);
  } else if (status.isFile() && kindOfPath(path) !== undefined && /\.ya?ml$/.test(path)) {
    const content = await readFile(join(dir, path));
    files.push(toFleetFile(path, blobId(content), content));
  }
}

/** The id that git gives this content. */
export function blobId(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}
