import { resizeServer } from "../fleet.ts";
import type { Bare } from "../jobs/bare.ts";
import type { Previewed } from "../jobs/preview.ts";
import { alternate } from "../measure/alternate.ts";
import { type Bar, ratioFigure } from "../measure/figure.ts";
import { runJob } from "../measure/job.ts";
import { type Benchmark, inRun } from "../run.ts";
import { ROOMY, standingFleet, standingProgram } from "../standing.ts";

const PREVIEW: Bar = {
  name: "B5 preview of 1 change in 5000 servers / pulumi preview of all in one stack",
  unit: "CPU-s / CPU-s",
  target: 0.1,
};

/** The product previews by the records of what it has made, in cells; the bare program previews the same servers in its one stack. */
export const b5: Benchmark = {
  id: "B5",
  title: "preview of 1 change in 5000",
  bars: [PREVIEW],
  needsEngine: true,
  async run(options) {
    const servers = options.quick ? 200 : 5000;
    const site = await standingFleet(servers, options.progress);
    const program = await standingProgram(servers, options.progress);
    const resized = Math.floor(servers / 2);
    resizeServer(site.fleetDir, resized, "large");
    const peer = async () => {
      const asked = { site: program, servers, operation: "preview", resized };
      const { cpuSeconds, wallSeconds, result } = await runJob<Bare>("bare", asked, { nodeOptions: ROOMY });
      if (result.changes.update !== 1) throw new Error(`the peer previews ${JSON.stringify(result.changes)}`);
      options.progress(`peer: preview of ${servers}: ${cpuSeconds} CPU-s, ${wallSeconds.toFixed(1)} s`);
      return cpuSeconds;
    };
    const product = async () => {
      const { cpuSeconds, wallSeconds, result } = await runJob<Previewed>("preview", { site });
      if (result.effects !== 1 || result.engineRuns !== 1) throw new Error(`previewed ${JSON.stringify(result)}`);
      options.progress(`product: preview of 1 in ${servers}: ${cpuSeconds} CPU-s, ${wallSeconds.toFixed(1)} s`);
      return cpuSeconds;
    };
    try {
      return [ratioFigure(inRun(PREVIEW, options, servers), await alternate(options.rounds, peer, product))];
    } finally {
      resizeServer(site.fleetDir, resized, "small");
    }
  },
};
