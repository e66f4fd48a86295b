import { prepare } from "../../controller/reconcile/preview.ts";
import { openProduct } from "../product.ts";
import type { Site } from "../site.ts";

export interface Previewed {
  effects: number;
  engineRuns: number;
}

/** `fleetwright preview`. */
export async function run({ site }: { site: Site }) {
  const { controller } = await openProduct(site);
  const { preview } = await prepare(controller, { signal: new AbortController().signal });
  const result: Previewed = { effects: preview.effects.length, engineRuns: preview.engineRuns };
  return { result, close: () => controller.close() };
}
