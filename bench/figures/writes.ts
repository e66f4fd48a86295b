import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeFleet } from "../fleet.ts";
import type { Applied } from "../jobs/apply.ts";
import type { Bare } from "../jobs/bare.ts";
import { bytesIn, WrittenBytes } from "../measure/bytes.ts";
import { type Bar, type Figure, figure } from "../measure/figure.ts";
import { runJob } from "../measure/job.ts";
import { type Benchmark, type BenchOptions, inRun } from "../run.ts";
import { withSite } from "../site.ts";

const OURS: Bar = {
  name: "B9 create of 1000: bytes written to the backend / bytes of the final state",
  unit: "bytes / bytes",
  target: 10,
};
const THEIRS: Bar = {
  ...OURS,
  name: "B9 the same for 100 servers by pulumi up in one stack",
  target: 250,
  reason: "the peer, whose ratio is twice its servers: at 1000 it takes minutes to say so",
};

/** Amplification of state writes. Counts are no times: each side runs once. */
export const b9: Benchmark = {
  id: "B9",
  title: "bytes written to the backend by a create of 1000",
  bars: [OURS, THEIRS],
  needsEngine: true,
  async run(options): Promise<Figure[]> {
    const [servers, peers] = options.quick ? [60, 30] : [1000, 100];
    const peer = await withSite(async (site) => {
      const state = join(site.peerDir, "state");
      return await counted("peer", state, options, async () => {
        const { result } = await runJob<Bare>("bare", { site, servers: peers, operation: "up" });
        if (result.changes.create !== peers + 1) throw new Error(`the peer made ${JSON.stringify(result.changes)}`);
      });
    });
    const product = await withSite(async (site) => {
      writeFleet(site.fleetDir, servers);
      await runJob("open", { site });
      return await counted("product", join(site.dataDir, "state"), options, async () => {
        const { converged } = (await runJob<Applied>("apply", { site })).result;
        if (converged !== servers) throw new Error(`${converged} of ${servers} servers converged`);
      });
    });
    return [
      figure(inRun(OURS, options, servers), product.written / product.state),
      figure(THEIRS, peer.written / peer.state),
    ];
  },
};

async function counted(side: string, dir: string, { progress }: BenchOptions, work: () => Promise<void>) {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const bytes = new WrittenBytes(dir);
  try {
    await work();
    const counts = { written: bytes.total, state: bytesIn(join(dir, ".pulumi/stacks"), ".json") };
    progress(`${side}: ${counts.written} bytes written, ${counts.state} of final state`);
    return counts;
  } finally {
    bytes.close();
  }
}
