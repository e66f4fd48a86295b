import { writeFleet } from "../fleet.ts";
import type { Applied } from "../jobs/apply.ts";
import type { Bare } from "../jobs/bare.ts";
import { alternate } from "../measure/alternate.ts";
import { type Bar, type Figure, ratioFigure } from "../measure/figure.ts";
import { runJob } from "../measure/job.ts";
import { type Benchmark, type BenchOptions, inRun } from "../run.ts";
import { withSite } from "../site.ts";

/** CPU seconds of `fleetwright apply --yes` on a new fleet, in a cold process. */
export async function productCreate(servers: number, options: BenchOptions): Promise<number> {
  return await withSite(async (site) => {
    writeFleet(site.fleetDir, servers);
    await runJob("open", { site });
    const { cpuSeconds, wallSeconds, result } = await runJob<Applied>("apply", { site });
    if (result.converged !== servers)
      throw new Error(`${result.converged} of ${servers} servers converged: ${result.failures.join("; ")}`);
    options.progress(`product: create of ${servers}: ${cpuSeconds} CPU-s, ${wallSeconds.toFixed(1)} s`);
    return cpuSeconds;
  });
}

/** CPU seconds of the bare program's `up`, in a cold process. */
export async function peerCreate(servers: number, options: BenchOptions): Promise<number> {
  return await withSite(async (site) => {
    const { cpuSeconds, wallSeconds, result } = await runJob<Bare>("bare", { site, servers, operation: "up" });
    // The stack itself is a resource as well.
    if (result.changes.create !== servers + 1) throw new Error(`the peer made ${JSON.stringify(result.changes)}`);
    options.progress(`peer: up of ${servers}: ${cpuSeconds} CPU-s, ${wallSeconds.toFixed(1)} s`);
    return cpuSeconds;
  });
}

function createBenchmark(id: string, full: number, small: number, target: number): Benchmark {
  const bar: Bar = {
    name: `${id} create of ${full} servers / pulumi up of the same in one stack`,
    unit: "CPU-s / CPU-s",
    target,
  };
  return {
    id,
    title: `preview and execute of ${full} new servers`,
    bars: [bar],
    needsEngine: true,
    async run(options): Promise<Figure[]> {
      const servers = options.quick ? small : full;
      const duel = await alternate(
        options.rounds,
        () => peerCreate(servers, options),
        () => productCreate(servers, options),
      );
      return [ratioFigure(inRun(bar, options, small), duel)];
    },
  };
}

export const b6 = createBenchmark("B6", 1000, 150, 0.25);
export const c100 = createBenchmark("C100", 100, 20, 1.2);

const LINEAR: Bar = { name: "B7 create of 2000 servers / create of 500", unit: "CPU-s / CPU-s", target: 4.8 };

/** The product against itself: four times the servers. */
export const b7: Benchmark = {
  id: "B7",
  title: "create is linear",
  bars: [LINEAR],
  needsEngine: true,
  async run(options) {
    const [few, many] = options.quick ? [40, 160] : [500, 2000];
    const duel = await alternate(
      options.rounds,
      () => productCreate(few, options),
      () => productCreate(many, options),
    );
    return [ratioFigure(inRun(LINEAR, options, many), duel)];
  },
};
