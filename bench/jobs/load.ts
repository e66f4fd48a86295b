import "../../resources/lean-sdk.ts";
import { readDesired } from "../../controller/reconcile/desired.ts";
import type { Job } from "../measure/child.ts";
import { openProduct } from "../product.ts";
import type { Site } from "../site.ts";

export interface Loaded {
  objects: number;
}

/** Loads the desired state at the first of some commits, then at each of the others, in one process as a controller does. */
export async function run({ site, commits }: { site: Site; commits: string[] }, job: Job) {
  const { controller } = await openProduct(site);
  const { signal } = new AbortController();
  // The catalogue is read once an hour, and the engine does not come into it.
  await controller.store.accounts();
  await job.mark("opened");
  let objects = 0;
  for (const [index, commit] of commits.entries()) {
    objects = (await readDesired(controller, commit, signal)).objects.length;
    if (index === 0) await job.mark("cold");
  }
  await job.mark("warm");
  const result: Loaded = { objects };
  return { result, close: () => controller.close() };
}
