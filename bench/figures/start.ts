import { execFileSync } from "node:child_process";
import { resizeServer, writeFleet } from "../fleet.ts";
import type { Started } from "../jobs/start.ts";
import { alternate } from "../measure/alternate.ts";
import { type Bar, type Figure, ratioFigure } from "../measure/figure.ts";
import { type Measured, runJob } from "../measure/job.ts";
import { type Benchmark, inRun } from "../run.ts";
import { type Site, withSite } from "../site.ts";

/** What a controller may hold, besides engines. */
const BOUND_MIB = 400;

const CPU: Bar = { name: "start of 10000 from a snapshot / without one", unit: "CPU-s / CPU-s", target: 0.5 };
const MEMORY: Bar = {
  name: `start of 10000 and one changed server, peak RSS / ${BOUND_MIB} MiB`,
  unit: "MiB / MiB",
  target: 1,
};

/** Loading the fleet when a controller starts: with nothing kept, and one commit after what was kept. */
export const start: Benchmark = {
  id: "start",
  title: "starting with 10000 servers",
  bars: [CPU, MEMORY],
  needsEngine: false,
  async run(options): Promise<Figure[]> {
    const servers = options.quick ? 500 : 10_000;
    return await withSite(async (site) => {
      writeFleet(site.fleetDir, servers);
      const first = execFileSync("git", ["rev-parse", "main"], { cwd: site.fleetDir, encoding: "utf8" }).trim();
      const after = [1, 2].map((index) => resizeServer(site.fleetDir, index, "large"));
      await runJob("open", { site });
      let peakMiB = 0;

      const begin = async (words: string, input: { commits: string[]; keeps: boolean }) => {
        const { result, marks } = await startAt(site, input, servers);
        const [opened, ready] = marks.map(({ cpuSeconds }) => cpuSeconds);
        if (input.keeps) peakMiB = Math.max(peakMiB, result.peakMiB);
        options.progress(
          `${words}: ${(ready! - opened!).toFixed(2)} CPU-s after ${opened!.toFixed(2)} to open, ready after ${result.readySeconds.toFixed(1)} s, peak ${result.peakMiB.toFixed(0)} MiB`,
        );
        return ready! - opened!;
      };
      await begin("the first start, which keeps one", { commits: [first], keeps: true });
      const duel = await alternate(
        options.rounds,
        () => begin("without a snapshot", { commits: [first], keeps: false }),
        () => begin("from a snapshot", { commits: after, keeps: true }),
      );
      return [
        ratioFigure(inRun(CPU, options, servers), duel),
        ratioFigure(inRun(MEMORY, options, servers), { peer: BOUND_MIB, product: peakMiB }),
      ];
    });
  },
};

async function startAt(
  site: Site,
  input: { commits: string[]; keeps: boolean },
  servers: number,
): Promise<Measured<Started>> {
  const job = await runJob<Started>("start", { site, ...input });
  if (job.result.objects < servers) throw new Error(`${job.result.objects} of ${servers} objects were loaded`);
  return job;
}
