import type { Bare } from "../jobs/bare.ts";
import { type Bar, type Figure, ratioFigure } from "../measure/figure.ts";
import { runJob } from "../measure/job.ts";
import { type Benchmark, inRun } from "../run.ts";
import { ROOMY, standingFleet, standingProgram } from "../standing.ts";
import { changeOne } from "./change.ts";
import { reconcileIdle } from "./noop.ts";

const bar = (what: string): Bar => ({
  name: `B13 ${what} of 10000, peak of the process tree / pulumi preview of 5000 in one stack`,
  unit: "MiB / MiB",
  target: 0.25,
});
const IDLE = bar("no-op reconcile");
const CHANGE = bar("1-change reconcile");

/** Memory of everything that runs: our process, the database's, the engine's, git's. Peaks differ little, so each is taken once. */
export const b13: Benchmark = {
  id: "B13",
  title: "memory at 10000 servers",
  bars: [IDLE, CHANGE],
  needsEngine: true,
  async run(options): Promise<Figure[]> {
    const [servers, peers] = options.quick ? [500, 200] : [10_000, 5000];
    const program = await standingProgram(peers, options.progress);
    const asked = { site: program, servers: peers, operation: "preview" };
    const { peakMiB: peer } = await runJob<Bare>("bare", asked, { nodeOptions: ROOMY });
    options.progress(`peer: preview of ${peers}: ${peer.toFixed(0)} MiB`);
    const site = await standingFleet(servers, options.progress);
    const idle = await reconcileIdle(site);
    const { job: change } = await changeOne(site, Math.floor(servers / 3));
    options.progress(
      `product: of ${servers}: no-op ${idle.peakMiB.toFixed(0)} MiB, one change ${change.peakMiB.toFixed(0)} MiB`,
    );
    return [
      ratioFigure(inRun(IDLE, options, servers), { peer, product: idle.peakMiB }),
      ratioFigure(inRun(CHANGE, options, servers), { peer, product: change.peakMiB }),
    ];
  },
};
