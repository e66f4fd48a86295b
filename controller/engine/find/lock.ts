import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, processStartTime } from "../../processes.ts";
import { elapsed } from "./elapsed.ts";

const TELL_EVERY_MS = 10_000;

/**
 * Does the work while no other process holds the lock, waiting as long as one does. A holder that died is passed over. Two could get past
 * a dead holder in the same instant, so the work must bear that (it makes files aside and renames them).
 */
export async function withLock<T>(file: string, progress: (line: string) => void, work: () => Promise<T>): Promise<T> {
  mkdirSync(path.dirname(file), { recursive: true });
  const began = performance.now();
  let told = Number.NEGATIVE_INFINITY;
  while (!take(file)) {
    const holder = readHolder(file);
    if (holder === undefined) continue;
    if (!isAlive(holder.pid, holder.startTime)) {
      rmSync(file, { force: true });
      continue;
    }
    if (performance.now() - told > TELL_EVERY_MS) {
      told = performance.now();
      progress(`waiting for process ${holder.pid}, which is getting the same (${elapsed(told - began)})`);
    }
    await sleep(250);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  // Linked into place with its text in it: nobody reads half a lock.
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, startTime: processStartTime(process.pid) }));
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

function readHolder(file: string): { pid: number; startTime: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as { pid: number; startTime: string };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return { pid: 0, startTime: "" };
  }
}
