import { headOf, resizeServer } from "../fleet.ts";
import type { Changed } from "../jobs/change.ts";
import { alternate } from "../measure/alternate.ts";
import { type Bar, type Figure, ratioFigure } from "../measure/figure.ts";
import { type Measured, runJob } from "../measure/job.ts";
import { type Benchmark, inRun } from "../run.ts";
import type { Site } from "../site.ts";
import { standingFleet } from "../standing.ts";

const CHANGE: Bar = {
  name: "B4 one changed server, commit seen until effect done: of 10000 / of 100",
  unit: "CPU-s / CPU-s",
  target: 1.5,
};

/** The product against itself in a fleet of a hundredth of the size. */
export const b4: Benchmark = {
  id: "B4",
  title: "one changed server in 10000 and in 100",
  bars: [CHANGE],
  needsEngine: true,
  async run(options): Promise<Figure[]> {
    const [few, many] = options.quick ? [20, 500] : [100, 10_000];
    const small = await standingFleet(few, options.progress);
    const large = await standingFleet(many, options.progress);
    const measure = async (site: Site, servers: number) => {
      const { seconds, job } = await changeOne(site, Math.floor(servers / 2));
      options.progress(`one of ${servers}: ${seconds.toFixed(2)} CPU-s, ${job.peakMiB.toFixed(0)} MiB`);
      return seconds;
    };
    const duel = await alternate(
      options.rounds,
      () => measure(small, few),
      () => measure(large, many),
    );
    return [ratioFigure(inRun(CHANGE, options, many), duel)];
  },
};

/** Commits another size for one server and lets the product do it; then, not measured, the other way round. */
export async function changeOne(site: Site, index: number): Promise<{ seconds: number; job: Measured<Changed> }> {
  const changed = await reconcileCommit(site, index, "large");
  await reconcileCommit(site, index, "small");
  return changed;
}

async function reconcileCommit(site: Site, index: number, size: string) {
  const before = headOf(site.fleetDir);
  const commit = resizeServer(site.fleetDir, index, size);
  const job = await runJob<Changed>("change", { site, before, commit });
  const { converged, engineRuns } = job.result;
  if (converged !== 1)
    throw new Error(`${converged} servers converged in ${engineRuns} engine runs, not the one that changed`);
  return { seconds: job.cpuSeconds - job.marks[0]!.cpuSeconds, job };
}
