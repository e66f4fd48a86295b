import { createHash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/**
 * Names this machine among those that share a fleet: its host name, and a short hash of its boot and of the processes it can see. Containers may all have
 * one host name, and none can tell whether a process of another lives.
 */
export async function machineName(): Promise<string> {
  const parts = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
    readlink("/proc/self/ns/pid").catch(() => ""),
  ]);
  const hash = createHash("sha256").update(parts.join(" ")).digest("hex").slice(0, 8);
  return `${hostname()} (${hash})`;
}
