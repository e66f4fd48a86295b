import { execFileSync } from "node:child_process";
import { linkSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync } from "node:fs";
import path from "node:path";

/** The server process of a cluster as its `postmaster.pid` tells. */
export interface Postmaster {
  pid: number;
  socketDir: string;
  status: "starting" | "ready" | "stopping";
}

/** The running server of this cluster; undefined when there is none, also when the file is left over from one that was killed. */
export function postmasterOf(cluster: string): Postmaster | undefined {
  const text = read(cluster);
  if (text === undefined) return undefined;
  // One fact a line: pid, data directory, start, port, socket directory, address, shared memory, status. The last come late.
  const [pid, , , , socketDir = "", , , status = "starting"] = text.split("\n").map((line) => line.trim());
  if (!isPostmaster(Number(pid), cluster)) return undefined;
  const known = status === "ready" || status === "stopping" ? status : "starting";
  return { pid: Number(pid), socketDir, status: known };
}

/**
 * Removes a `postmaster.pid` whose pid now belongs to some other program. PostgreSQL sees by itself that a dead server's file is stale,
 * but takes any living process of its user for a server.
 */
export function clearForeignPid(cluster: string): void {
  const stale = read(cluster);
  if (stale === undefined || postmasterOf(cluster) !== undefined) return;
  const file = path.join(cluster, "postmaster.pid");
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  // Should a server have started in this very moment, the file is its own and goes back.
  if (readFileSync(aside, "utf8") !== stale) linkSync(aside, file);
  rmSync(aside);
}

function read(cluster: string): string | undefined {
  try {
    return readFileSync(path.join(cluster, "postmaster.pid"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** A server works in its data directory, which tells it from whatever else may have got the pid since. */
function isPostmaster(pid: number, cluster: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (process.platform !== "linux") {
    try {
      return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).includes(cluster);
    } catch {
      return false;
    }
  }
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster);
  } catch {
    return false;
  }
}
