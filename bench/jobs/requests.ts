import "../../resources/lean-sdk.ts";
import { readDesired } from "../../controller/reconcile/desired.ts";
import { inParallel } from "../../controller/reconcile/pool.ts";
import { serverName } from "../fleet.ts";
import type { Job } from "../measure/child.ts";
import { openProduct } from "../product.ts";
import type { Site } from "../site.ts";

export interface Accepted {
  requests: number;
  /** Distinct commits that the requests were answered with. */
  commits: number;
  seconds: number;
}

/**
 * Writers who each ask for one change after the other, all at once, through the controller's queue: in turn of a server of their own, and of one
 * that all of them change.
 */
export async function run({ site, writers, each }: { site: Site; writers: number; each: number }, job: Job) {
  const { controller } = await openProduct(site);
  // As in a controller that runs: the fleet is known.
  await readDesired(controller, await controller.repo.head(), new AbortController().signal);
  await job.mark("opened");
  const began = performance.now();
  const commits = new Set<string>();
  const numbers = Array.from({ length: writers }, (_, writer) => writer);
  await inParallel(numbers, writers, async (writer) => {
    for (let request = 0; request < each; request++) {
      const isShared = request % 2 === 1;
      const commit = await controller.commits.submit({
        key: `bench-${writer}-${request}`,
        author: { name: `Writer ${writer}`, email: `writer-${writer}@example.net` },
        message: `Change ${request} of writer ${writer}`,
        edits: [
          {
            kind: "Server",
            name: serverName(isShared ? writers : writer),
            set: ["labels", `writer-${writer}`],
            value: String(request),
          },
        ],
      });
      commits.add(commit);
    }
  });
  const result: Accepted = {
    requests: writers * each,
    commits: commits.size,
    seconds: (performance.now() - began) / 1000,
  };
  return { result, close: () => controller.close() };
}
