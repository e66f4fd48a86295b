import "../../resources/lean-sdk.ts";
import { readFileSync } from "node:fs";
import { createFleetCache } from "../../controller/fleet/load.ts";
import { readDesired } from "../../controller/reconcile/desired.ts";
import type { Job } from "../measure/child.ts";
import { openProduct } from "../product.ts";
import type { Site } from "../site.ts";

export interface Started {
  objects: number;
  /** From the process's own start until the fleet was there. */
  readySeconds: number;
  /** The most memory that this process has held at once. */
  peakMiB: number;
}

/** Starts a controller at one commit, and then loads those that follow; with `keeps` false it neither finds snapshots nor keeps any. */
export async function run({ site, commits, keeps }: { site: Site; commits: string[]; keeps: boolean }, job: Job) {
  const { controller } = await openProduct(site);
  if (!keeps) controller.loaded = createFleetCache();
  const { signal } = new AbortController();
  await controller.store.accounts();
  await job.mark("opened");
  let objects = 0;
  let readySeconds = 0;
  for (const [index, commit] of commits.entries()) {
    objects = (await readDesired(controller, commit, signal)).objects.length;
    if (index > 0) continue;
    readySeconds = process.uptime();
    await job.mark("ready");
  }
  const result: Started = { objects, readySeconds, peakMiB: peakMiB() };
  return { result, close: () => controller.close() };
}

function peakMiB(): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024;
}
