import { FleetError } from "../../resources/errors.ts";
import { sweepWorkspaces } from "../engine/workspace.ts";
import { isAlive } from "../processes.ts";
import type { RunRecord } from "../store/types.ts";
import { absorbForeignRuns } from "./absorb.ts";
import type { Controller } from "./context.ts";
import { endRun } from "./end-run.ts";
import { whenFree } from "./leases.ts";
import { type Mending, mendChangedStates, mendState } from "./mend-state.ts";
import { catchUpJournal, rebuildRecords } from "./rebuild.ts";
import { checkState } from "./state-version.ts";
import { takeOverRestored } from "./take-over.ts";

/** What a run may have taken out of state. */
const REMOVES = new Set(["delete", "replace", "forget", "move"]);

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
  await takeOverRestored(controller, signal);
  await absorbForeignRuns(controller, signal);
  const live = new Set((await controller.store.openRuns()).map(({ id }) => id));
  await sweepWorkspaces(controller.dataDir, live, controller.now());
  return recovered;
}

/**
 * Recovers every open run on stacks whose leases the caller holds: whoever ran there has died or lost its lease. Ends the engines and plugins
 * it left, so that nothing buys machines any more, clears its lock, and marks its objects as suspect. What the run had bought is found by its
 * mark when the same effects run again; the gateway and our provider look before they create whatever the journal has an intent for.
 */
export async function recoverStacks(controller: Controller, stacks: string[]): Promise<RunRecord[]> {
  const open = (await controller.store.openRuns()).filter(({ stack }) => stacks.includes(stack));
  for (const run of open) {
    controller.progress({ kind: "note", text: `recovering ${run.stack}: the process that ran it is gone` });
    // Those of another machine have ended by their lease, which the caller has now.
    if (run.controller.host === controller.machine) await endRun(run.id);
    await mendState(controller, run.stack);
    await (await controller.engine()).cancel(run.stack);
    await checkState(
      controller,
      run.stack,
      run.objects.some(({ op }) => REMOVES.has(op)),
    );
    await markObjects(controller, run);
    await controller.store.finishRun(run.id, "killed");
  }
  return open;
}

/** A process of another machine may live for all we see; its lease tells. */
function mayLive({ controller: { pid, startTime, host } }: RunRecord, machine: string): boolean {
  return host === machine && isAlive(pid, startTime);
}

async function markObjects(controller: Controller, run: RunRecord): Promise<void> {
  const marks = new Set(run.objects.map(({ mark }) => mark));
  const keys = new Set(run.objects.map(({ key }) => key));
  const records = (await controller.store.objects({ stack: run.stack })).filter(
    ({ mark, kind, name, document }) =>
      marks.has(mark) || keys.has(`${kind}/${kind === "Server" ? "" : document.account}/${name}`),
  );
  if (records.length > 0) await controller.store.putObjects(records.map((record) => ({ ...record, refresh: true })));
}
