import { resizeServer, writeFleet } from "../fleet.ts";
import type { Applied } from "../jobs/apply.ts";
import type { Bare } from "../jobs/bare.ts";
import type { Previewed } from "../jobs/preview.ts";
import { alternate } from "../measure/alternate.ts";
import { type Bar, ratioFigure } from "../measure/figure.ts";
import { runJob } from "../measure/job.ts";
import { type Benchmark, inRun } from "../run.ts";
import { withSite } from "../site.ts";

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
    const [servers, cells] = options.quick ? [200, 4] : [5000, 10];
    const resized = Math.floor(servers / 2);
    return await withSite(async (site) => {
      options.progress(`making ${servers} servers by the product, in ${cells} stacks`);
      writeFleet(site.fleetDir, servers, cells);
      const { converged } = (await runJob<Applied>("apply", { site }, { nodeOptions: ROOMY })).result;
      if (converged !== servers) throw new Error(`${converged} of ${servers} servers converged`);
      options.progress(`making ${servers} servers by the bare program, without checkpoints`);
      const bare = { site, servers };
      await runJob("bare", { ...bare, operation: "up", skipCheckpoints: true }, { nodeOptions: ROOMY });
      resizeServer(site.fleetDir, resized, "large");

      const peer = async () => {
        const asked = { ...bare, operation: "preview", resized };
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
      return [ratioFigure(inRun(PREVIEW, options, servers), await alternate(options.rounds, peer, product))];
    });
  },
};

/** A program holds all its resources in memory at once. */
const ROOMY = ["--max-old-space-size=8192"];
