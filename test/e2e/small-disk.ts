import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of its own in memory at a folder, that a test can fill to the last byte. Linux, as root. */
export class SmallDisk {
  readonly dir: string;

  constructor(dir: string, mebibytes: number) {
    this.dir = dir;
    mkdirSync(dir, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=711`, "tmpfs", dir]);
  }

  /** Takes what is free. */
  fill(): void {
    const file = openSync(this.#ballast, "a");
    const block = Buffer.alloc(4096);
    try {
      for (;;) writeSync(file, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      closeSync(file);
    }
  }

  empty(): void {
    rmSync(this.#ballast, { force: true });
  }

  close(): void {
    execFileSync("umount", ["-l", this.dir]);
  }

  get #ballast(): string {
    return join(this.dir, "ballast");
  }
}

/** Whether this machine lets us mount: containers often do not. */
export function canMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), "fw-mount-"));
  try {
    new SmallDisk(dir, 1).close();
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(dir);
  }
}
