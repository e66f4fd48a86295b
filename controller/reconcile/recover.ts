import { hostname } from "node:os";
import { RUN_VARIABLE } from "../engine/engine.ts";
import { sweepWorkspaces } from "../engine/workspace.ts";
import { endProcesses, findByEnvironment, isAlive } from "../processes.ts";
import type { RunRecord } from "../store/types.ts";
import { absorbForeignRuns } from "./absorb.ts";
import type { Controller } from "./context.ts";
import { rebuildRecords } from "./rebuild.ts";

/**
 * Cleans up after controllers that died in a run: ends the engines and plugins they left, so that nothing buys machines any more, clears the
 * dead run's lock, and marks its objects as suspect. What the run had bought is found by its mark when the same effects run again; the gateway
 * and our provider look before they create whatever the journal has an intent for.
 * Answers the runs that were cleaned up.
 */
export async function recover(controller: Controller, signal: AbortSignal): Promise<RunRecord[]> {
  await rebuildRecords(controller, signal);
  const open = await controller.store.openRuns();
  const dead = open.filter(
    ({ controller: { pid, startTime, host } }) => host === hostname() && !isAlive(pid, startTime),
  );
  for (const run of dead) {
    signal.throwIfAborted();
    controller.progress({ kind: "note", text: `recovering ${run.stack}: the process that ran it is gone` });
    await endProcesses(findByEnvironment(RUN_VARIABLE, run.id), { graceMs: 0 });
    const engine = await controller.engine();
    await engine.cancel(run.stack);
    await markObjects(controller, run);
    await controller.store.finishRun(run.id, "killed");
  }
  await absorbForeignRuns(controller, signal);
  const live = new Set(open.filter((run) => !dead.includes(run)).map(({ id }) => id));
  await sweepWorkspaces(controller.dataDir, live, controller.now());
  return dead;
}

async function markObjects(controller: Controller, run: RunRecord): Promise<void> {
  const keys = new Set(run.objects.map(({ mark }) => mark));
  const records = (await controller.store.objects({ stack: run.stack })).filter(
    ({ mark, identity }) => keys.has(mark) || run.objects.some(({ key }) => key.endsWith(`/${identity}`)),
  );
  if (records.length > 0) await controller.store.putObjects(records.map((record) => ({ ...record, refresh: true })));
}
