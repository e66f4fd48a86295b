import { uptime } from "node:os";

/**
 * Milliseconds of a clock that nobody sets and that goes on while this process, or the whole machine, is suspended. All processes of a machine
 * read the same, until it boots anew. Only for durations; it advances in steps of up to 10 ms.
 */
export function steadyNow(): number {
  // The monotonic clock of Linux stands still while the machine sleeps; elsewhere the uptime follows the clock on the wall.
  return process.platform === "linux" ? uptime() * 1000 : Number(process.hrtime.bigint() / 1_000n) / 1000;
}
