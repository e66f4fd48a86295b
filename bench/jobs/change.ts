import "../../resources/lean-sdk.ts";
import { unsettledLanes } from "../../controller/jobs/lanes.ts";
import { reconcileLane } from "../../controller/jobs/reconcile.ts";
import { readDesired } from "../../controller/reconcile/desired.ts";
import type { Job } from "../measure/child.ts";
import { openProduct } from "../product.ts";
import type { Site } from "../site.ts";

export interface Changed {
  /** Servers that the reconcile brought to what their files say. */
  converged: number;
  engineRuns: number;
}

/** What `fleetwright serve` does with a commit, in a process that knows the commit before: compile, see which lanes have work, reconcile them. */
export async function run({ site, before, commit }: { site: Site; before: string; commit: string }, job: Job) {
  const { controller } = await openProduct(site);
  const { signal } = new AbortController();
  await readDesired(controller, before, signal);
  await job.mark("known");
  const result: Changed = { converged: 0, engineRuns: 0 };
  const desired = await readDesired(controller, commit, signal);
  for (const lane of (await unsettledLanes(controller, desired)).keys()) {
    const { state, reason, execution } = await reconcileLane(controller, lane, commit, signal);
    if (state !== "converged") throw new Error(`${lane} is ${state}: ${reason}`);
    result.converged += execution?.converged ?? 0;
    result.engineRuns += execution?.engineRuns ?? 0;
  }
  return { result, close: () => controller.close() };
}
