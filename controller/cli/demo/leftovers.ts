import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive, processStartTime } from "../../processes.ts";
import { stopEmbedded } from "../../store/embedded.ts";

/** Beginning of the name of a demo's temporary folder. */
export const FOLDER = "fleetwright-demo-";
const OWNER = "owner.json";

interface Owner {
  pid: number;
  startTime: string;
}

/** Says in the folder whose it is. */
export async function own(dir: string): Promise<void> {
  const owner: Owner = { pid: process.pid, startTime: processStartTime(process.pid) ?? "" };
  await writeFile(join(dir, OWNER), JSON.stringify(owner));
}

/**
 * A demo that was killed could not clean up: its database still runs. The next one ends that and removes the folder. Folders of demos that are
 * there, or of other users, stay.
 */
export async function removeLeftovers(parent = tmpdir()): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(FOLDER)) continue;
    const dir = join(parent, name);
    const owner = await ownerOf(dir);
    if (owner === undefined || isAlive(owner.pid, owner.startTime)) continue;
    await stopEmbedded(join(dir, "data")).catch(() => undefined);
    await rm(dir, { recursive: true, force: true });
  }
}

/** Undefined where the folder is somebody else's, or says nothing. */
async function ownerOf(dir: string): Promise<Owner | undefined> {
  try {
    if ((await stat(dir)).uid !== process.getuid?.()) return undefined;
    const { pid, startTime } = JSON.parse(await readFile(join(dir, OWNER), "utf8")) as Owner;
    return Number.isInteger(pid) && typeof startTime === "string" ? { pid, startTime } : undefined;
  } catch {
    return undefined;
  }
}
