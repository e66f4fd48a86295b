import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

/** A line to the watchdog: end the processes of `run` at `until` (as `steadyNow` tells it), or, without it, leave them alone. */
export interface GuardLine {
  run: string;
  until?: number;
}

let watchdog: ChildProcess | undefined;

/**
 * Has a process of its own end what carries this run's id, unless it hears a later `until` first; also when this process dies or is stopped. It is
 * started with the first run.
 */
export function guardRun(run: string, until: number): void {
  watchdog ??= start();
  tell({ run, until });
}

/** The run has ended. */
export function unguardRun(run: string): void {
  tell({ run });
}

function tell(line: GuardLine): void {
  watchdog?.stdin?.write(`${JSON.stringify(line)}\n`);
}

function start(): ChildProcess {
  // In a session of its own, so that what stops or kills this process's group does not reach it.
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: { PATH: process.env.PATH },
  });
  const gone = () => {
    if (watchdog === child) watchdog = undefined;
  };
  child.once("error", gone).once("exit", gone);
  child.stdin.on("error", gone);
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}
