import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { endProcesses, findByEnvironment } from "../processes.ts";
import { RUN_VARIABLE } from "../run-variable.ts";
import { steadyNow } from "../steady.ts";
import type { GuardLine } from "./guard.ts";

/**
 * Ends engines and plugins whose controller does not renew its lease: another machine takes the stack over, and cannot end them. A controller that
 * has died renews nothing, so what it left ends at once. Takes lines (`GuardLine`) on standard input, and ends with that.
 */
const EVERY_MS = 100;
/** A dying engine may have started a plugin. */
const ROUNDS = 5;

const guarded = new Map<string, number>();
let open = true;

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { run, until } = JSON.parse(line) as GuardLine;
    if (until === undefined) guarded.delete(run);
    else guarded.set(run, until);
  })
  .on("close", () => {
    open = false;
  });

while (open || guarded.size > 0) {
  for (const [run, until] of guarded) {
    if (open && steadyNow() < until) continue;
    guarded.delete(run);
    await endAll(run);
  }
  if (open) await sleep(EVERY_MS);
}

async function endAll(run: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const left = findByEnvironment(RUN_VARIABLE, run);
    if (left.length === 0) return;
    await endProcesses(left, { graceMs: 1_000 });
  }
}
