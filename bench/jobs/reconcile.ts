import "../../resources/lean-sdk.ts";
import { findFleetDrift } from "../../controller/reconcile/drift.ts";
import { prepare } from "../../controller/reconcile/preview.ts";
import { recover } from "../../controller/reconcile/recover.ts";
import type { Job } from "../measure/child.ts";
import { openProduct } from "../product.ts";
import type { Site } from "../site.ts";

export interface Reconciled {
  /** In all cycles together. */
  effects: number;
  engineRuns: number;
  drifted: number;
  calls: Record<string, number>;
}

/**
 * Reconciles a fleet, `cycles` times in one process: what dead runs have left, what the commit would do, and whether the clouds still have what
 * was made, by listing every account.
 */
export async function run({ site, cycles }: { site: Site; cycles: number }, job: Job) {
  const { controller, calls } = await openProduct(site);
  const { signal } = new AbortController();
  await controller.store.accounts();
  await job.mark("opened");
  const result: Reconciled = { effects: 0, engineRuns: 0, drifted: 0, calls: calls.counts };
  for (let cycle = 0; cycle < cycles; cycle++) {
    await recover(controller, signal);
    const { preview, desired } = await prepare(controller, { signal });
    if (cycle === 0) await job.mark("compared");
    const drift = await findFleetDrift(controller, desired, signal);
    result.effects += preview.effects.length;
    result.engineRuns += preview.engineRuns;
    for (const { drifted, error } of drift) {
      if (error !== undefined) throw new Error(error);
      result.drifted += drifted.length;
    }
  }
  return { result, close: () => controller.close() };
}
