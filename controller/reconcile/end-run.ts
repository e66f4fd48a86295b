import { endProcesses, findByEnvironment } from "../processes.ts";
import { RUN_VARIABLE } from "../run-variable.ts";

/** Processes that were killed are gone after this long. */
const END_MS = 5_000;

/** Kills what carries the run's mark in its environment, again and again until nothing does: a dying engine may have started a plugin. */
export async function endRun(runId: string): Promise<void> {
  for (let round = 0; round < 5; round++) {
    const left = findByEnvironment(RUN_VARIABLE, runId);
    if (left.length === 0) return;
    await endProcesses(left, { graceMs: END_MS });
  }
}
