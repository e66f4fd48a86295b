import { FleetError } from "../../resources/errors.ts";
import { sweepWorkspaces } from "../engine/workspace.ts";
import { isAlive } from "../processes.ts";
import type { RunRecord } from "../store/types.ts";
import { absorbForeignRuns } from "./absorb.ts";
import type { Controller } from "./context.ts";
import { whenFree } from "./leases.ts";
import { type Mending, mendChangedStates } from "./mend-state.ts";
import { catchUpJournal, rebuildRecords } from "./rebuild.ts";
import { recoverStacks } from "./recover-stacks.ts";
import { resumeReshards } from "./reshard-move.ts";
import { takeOverRestored } from "./take-over.ts";

/**
 * Cleans up after controllers that died in a run, stack by stack, each under its lease so that two that start at once do not do it twice.
 * Answers the runs that were cleaned up.
 */
export async function recover(
  controller: Controller,
  signal: AbortSignal,
  mending: Mending = {},
): Promise<RunRecord[]> {
  await rebuildRecords(controller, signal);
  await catchUpJournal(controller, signal);
  await mendChangedStates(controller, signal, mending);
  const dead = (await controller.store.openRuns()).filter((run) => !mayLive(run, controller.machine));
  const recovered: RunRecord[] = [];
  for (const stack of new Set(dead.map((run) => run.stack))) {
    signal.throwIfAborted();
    try {
      // Who holds the lease of a dead run's stack is recovering it, or will.
      recovered.push(...((await whenFree(controller, stack, signal, () => recoverStacks(controller, [stack]))) ?? []));
    } catch (error) {
      if (signal.aborted || !(error instanceof FleetError)) throw error;
      // Whoever works on it comes back to this; the other stacks go on.
      controller.progress({ kind: "note", text: `${stack} could not be recovered: ${error.message}` });
    }
  }
  await resumeReshards(controller, signal);
  await takeOverRestored(controller, signal);
  await absorbForeignRuns(controller, signal);
  const live = new Set((await controller.store.openRuns()).map(({ id }) => id));
  await sweepWorkspaces(controller.dataDir, live, controller.now());
  return recovered;
}

/** A process of another machine may live for all we see; its lease tells. */
function mayLive({ controller: { pid, startTime, host } }: RunRecord, machine: string): boolean {
  return host === machine && isAlive(pid, startTime);
}
