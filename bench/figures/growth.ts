import { checkOut, resizeServer } from "../fleet.ts";
import type { Previewed } from "../jobs/preview.ts";
import { exponentOf } from "../measure/exponent.ts";
import { type Bar, type Figure, figure } from "../measure/figure.ts";
import { type Measured, runJob } from "../measure/job.ts";
import { type Benchmark, inRun } from "../run.ts";
import type { Site } from "../site.ts";
import { standingFleet } from "../standing.ts";
import { reconcileIdle } from "./noop.ts";

const SIZES = [1000, 3000, 10_000];
const QUICK_SIZES = [40, 80, 160];
const COMMITS = 20;

/** Proportional to the fleet, with some room for what the clock and the neighbours add. */
const LINEAR = 1.1;
/** A tree of 10,000 files has a hundred times the entries of one of 100 at its second level, and no more at its first. */
const FLAT = 0.5;

const bar = (what: string, target: number): Bar => ({
  name: `growth of a ${what} from 1000 over 3000 to 10000 servers`,
  unit: "exponent",
  target,
});

/** CPU seconds of each act, once the process has opened its database. */
const ACTS = {
  reconcile: { bar: bar("no-op reconcile, without its look at the clouds", LINEAR) },
  drift: { bar: bar("drift pass", LINEAR) },
  preview: { bar: bar("preview of one change", LINEAR) },
  commit: { bar: bar("commit", FLAT) },
} satisfies Record<string, { bar: Bar }>;

type Act = keyof typeof ACTS;
const NAMES = Object.keys(ACTS) as Act[];

/** The product at three sizes of fleet, the smallest of some rounds at each. */
export const growth: Benchmark = {
  id: "growth",
  title: "growth with the fleet",
  bars: NAMES.map((name) => ACTS[name].bar),
  needsEngine: true,
  async run(options): Promise<Figure[]> {
    const sizes = options.quick ? QUICK_SIZES : SIZES;
    const best = new Map<string, number>();
    const at = (name: Act, size: number) => `${name} ${size}`;
    for (const size of sizes) {
      const site = await standingFleet(size, options.progress);
      for (let round = 0; round < options.rounds; round++) {
        const costs = await measureAll(site, size);
        for (const name of NAMES) {
          const before = best.get(at(name, size)) ?? Number.POSITIVE_INFINITY;
          best.set(at(name, size), Math.min(before, costs[name]));
        }
      }
      const told = NAMES.map((name) => `${name} ${best.get(at(name, size))!.toFixed(3)}`).join(", ");
      options.progress(`${size} servers, CPU-s: ${told}`);
    }
    return NAMES.map((name) => {
      const points = sizes.map((size) => ({ size, cost: best.get(at(name, size))! }));
      return figure(inRun(ACTS[name].bar, options, sizes.at(-1)!), exponentOf(points));
    });
  },
};

async function measureAll(site: Site, servers: number): Promise<Record<Act, number>> {
  const idle = await reconcileIdle(site);
  const index = Math.floor(servers / 2);
  resizeServer(site.fleetDir, index, "large");
  const preview = await runJob<Previewed>("preview", { site });
  resizeServer(site.fleetDir, index, "small");
  if (preview.result.effects !== 1) throw new Error(`previewed ${JSON.stringify(preview.result)}`);
  checkOut(site.fleetDir);
  const commits = await runJob("commit", { site, commits: COMMITS });
  return {
    reconcile: markOf(idle, "compared") - markOf(idle, "opened"),
    drift: idle.cpuSeconds - markOf(idle, "compared"),
    preview: preview.cpuSeconds - markOf(preview, "opened"),
    commit: (commits.cpuSeconds - markOf(commits, "opened")) / COMMITS,
  };
}

function markOf({ marks }: Measured<unknown>, name: string): number {
  return marks.find((mark) => mark.name === name)!.cpuSeconds;
}
