import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process told apart from a later one with the same pid by when it started. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot where /proc is there, else the text of `ps -o lstart=`. Only ever compared for equality. */
  startTime: string;
}

const hasProc = process.platform === "linux";

/** When the process started, in the words of `ProcessIdentity`; undefined when there is none, or only a zombie. */
export function processStartTime(pid: number): string | undefined {
  return hasProc ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

/** Whether that very process still runs. A zombie does not count: it can do nothing any more. */
export function isAlive(pid: number, startTime: string): boolean {
  return processStartTime(pid) === startTime;
}

/**
 * Processes of this machine that were started with NAME=VALUE in their environment, without the caller. Processes of other users are
 * seen only by root.
 */
export function findByEnvironment(name: string, value: string): ProcessIdentity[] {
  const found = hasProc ? pidsByProcEnvironment(`${name}=${value}`) : pidsByPsEnvironment(`${name}=${value}`);
  return found.flatMap((pid) => {
    const startTime = pid === process.pid ? undefined : processStartTime(pid);
    return startTime === undefined ? [] : [{ pid, startTime }];
  });
}

/**
 * Kills these processes and waits until they are gone, at most `graceMs`. They are engines and plugins whose controller is dead: asked
 * politely they would go on making machines while they shut down. Each is looked at again right before the signal, so that a stranger
 * who has got the pid since is left alone.
 *
 * @returns those that still run.
 */
export async function endProcesses(list: ProcessIdentity[], options: { graceMs: number }): Promise<ProcessIdentity[]> {
  for (const { pid, startTime } of list) {
    if (!isAlive(pid, startTime)) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone in this instant, or another user's: the wait below tells which.
    }
  }

  const deadline = performance.now() + options.graceMs;
  let left = list.filter(({ pid, startTime }) => isAlive(pid, startTime));
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(10);
    left = left.filter(({ pid, startTime }) => isAlive(pid, startTime));
  }
  return left;
}

function startTimeFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The command's name stands in brackets and may itself hold spaces and brackets, so the fields are counted from the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  return state === "Z" || state === "X" ? undefined : fields[22 - 3];
}

function startTimeFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { LC_ALL: "C" },
    });
    const [state = "", ...rest] = line.trim().split(/\s+/);
    return state === "" || state.startsWith("Z") ? undefined : rest.join(" ");
  } catch {
    return undefined;
  }
}

function pidsByProcEnvironment(entry: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false;
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1")
          .split("\0")
          .includes(Buffer.from(entry).toString("latin1"));
      } catch {
        return false;
      }
    });
}

function pidsByPsEnvironment(entry: string): number[] {
  const lines = execFileSync("ps", ["eww", "-A", "-o", "pid=,command="], {
    encoding: "utf8",
    maxBuffer: 64 << 20,
  }).split("\n");
  return lines.filter((line) => ` ${line} `.includes(` ${entry} `)).map((line) => Number.parseInt(line, 10));
}
