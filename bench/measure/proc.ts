import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** One process as /proc tells it. Times are in clock ticks, of which Linux shows 100 a second. */
export interface ProcessTimes {
  pid: number;
  /** Of its program, at most 15 characters. */
  name: string;
  ppid: number;
  /** Ticks since boot; with the pid it names the process for good. */
  startTime: number;
  /** User and system time of its own threads. */
  own: number;
  /** The same of its ended children that it has waited for, and of theirs. */
  waited: number;
  /** Memory that it holds, in pages of the system. */
  pages: number;
}

export const TICKS_PER_SECOND = 100;

/** Whether this system tells the times of other processes. */
export const hasProc = process.platform === "linux";

/** One line of /proc/PID/stat. The command's name stands in brackets and may hold blanks and brackets itself. */
export function parseStat(line: string): ProcessTimes {
  const end = line.lastIndexOf(")");
  const [, ppid, ...rest] = line
    .slice(end + 2)
    .split(" ")
    .map(Number);
  // Behind the parent's id, counted from 0: 9 and 10 own times, 11 and 12 of waited children, 17 the start, 19 the pages.
  const at = (index: number) => rest[index] ?? 0;
  return {
    pid: Number.parseInt(line, 10),
    name: line.slice(line.indexOf("(") + 1, end),
    ppid: ppid ?? 0,
    startTime: at(17),
    own: at(9) + at(10),
    waited: at(11) + at(12),
    pages: at(19),
  };
}

/** Bytes of a page of memory. */
export function pageSize(): number {
  return Number(execFileSync("getconf", ["PAGESIZE"], { encoding: "utf8" }));
}

/** All processes of this machine, now. */
export function readProcesses(): ProcessTimes[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return [parseStat(readFileSync(`/proc/${name}/stat`, "latin1"))];
    } catch {
      return []; // It has ended meanwhile.
    }
  });
}
