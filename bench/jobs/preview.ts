import "../../resources/lean-sdk.ts";
import { prepare } from "../../controller/reconcile/preview.ts";
import type { Job } from "../measure/child.ts";
import { openProduct } from "../product.ts";
import type { Site } from "../site.ts";

export interface Previewed {
  effects: number;
  engineRuns: number;
}

/** `fleetwright preview`. */
export async function run({ site }: { site: Site }, job: Job) {
  const { controller } = await openProduct(site);
  await controller.store.accounts();
  await job.mark("opened");
  const { preview } = await prepare(controller, { signal: new AbortController().signal });
  const result: Previewed = { effects: preview.effects.length, engineRuns: preview.engineRuns };
  return { result, close: () => controller.close() };
}
