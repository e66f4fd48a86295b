import type { RunRecord } from "../store/types.ts";
import type { Controller } from "./context.ts";
import { endRun } from "./end-run.ts";
import { mendState } from "./mend-state.ts";
import { checkState } from "./state-version.ts";

/** What a run may have taken out of state. */
const REMOVES = new Set(["delete", "replace", "forget", "move"]);

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

async function markObjects(controller: Controller, run: RunRecord): Promise<void> {
  const marks = new Set(run.objects.map(({ mark }) => mark));
  const keys = new Set(run.objects.map(({ key }) => key));
  const records = (await controller.store.objects({ stack: run.stack })).filter(
    ({ mark, kind, name, document }) =>
      marks.has(mark) || keys.has(`${kind}/${kind === "Server" ? "" : document.account}/${name}`),
  );
  if (records.length > 0) await controller.store.putObjects(records.map((record) => ({ ...record, refresh: true })));
}
