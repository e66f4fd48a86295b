import { statfs } from "node:fs/promises";
import { FleetError } from "../resources/errors.ts";

/**
 * Free bytes below which nothing is begun. A run writes its state twice and a copy for the history (about 2 MB each for 500 servers), the database the next
 * segment of its log (16 MiB) and, when it starts, what it keeps of the last.
 */
const NEEDED_BYTES = 64 << 20;

/** Refuses while the disk is all but full: a state that cannot be written is found again, but costs a recovery. @throws {FleetError} DISK_FULL */
export async function requireRoom(dataDir: string): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  if (free >= NEEDED_BYTES) return;
  const mebibytes = (bytes: number) => `${Math.floor(bytes / (1 << 20))} MiB`;
  throw new FleetError(
    "DISK_FULL",
    `the disk of ${dataDir} is full: ${mebibytes(free)} are free and ${mebibytes(NEEDED_BYTES)} are needed to begin anything. Make room on it, then try again`,
    { path: dataDir },
  );
}
