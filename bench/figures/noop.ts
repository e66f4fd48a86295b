import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Reconciled } from "../jobs/reconcile.ts";
import type { Planned } from "../jobs/tofu.ts";
import { alternate } from "../measure/alternate.ts";
import { type Bar, type Figure, figure, notMeasured, ratioFigure } from "../measure/figure.ts";
import { type Measured, runJob } from "../measure/job.ts";
import { type Benchmark, type BenchOptions, inRun } from "../run.ts";
import type { Site } from "../site.ts";
import { standingFleet } from "../standing.ts";
import { findTofu, TOFU_VERSION, TofuMissing } from "../tofu/find.ts";
import { writeProgram } from "../tofu/program.ts";

const bar = (what: string): Bar => ({
  name: `B1 no-op reconcile of 5000 servers${what} / tofu plan of 5000 blocks`,
  unit: "CPU-s / CPU-s",
  target: 0.1,
});
const KEPT = bar("");
const UNKEPT = bar(" without a snapshot of the fleet");
const ENGINES: Bar = { name: "B1 engine processes started by no-op reconciles", unit: "processes", target: 0 };

/** Nothing has changed, neither in git nor on the cloud, and a cold process finds that out. */
export const b1: Benchmark = {
  id: "B1",
  title: "no-op reconcile of 5000",
  bars: [KEPT, UNKEPT, ENGINES],
  needsEngine: true,
  async run(options): Promise<Figure[]> {
    const servers = options.quick ? 200 : 5000;
    const peer = await peerOf(servers, options);
    const site = await standingFleet(servers, options.progress);
    let engines = 0;
    const product = async (keeps: boolean) => {
      if (!keeps) rmSync(join(site.dataDir, "snapshots"), { recursive: true, force: true });
      const job = await reconcileIdle(site);
      engines += enginesIn(job);
      const words = keeps ? "" : ", without a snapshot";
      options.progress(
        `product: no-op reconcile of ${servers}${words}: ${job.cpuSeconds} CPU-s, ${job.wallSeconds.toFixed(1)} s, ${job.peakMiB.toFixed(0)} MiB`,
      );
      return job.cpuSeconds;
    };
    // The one without is first, and leaves one.
    let unkept = Number.POSITIVE_INFINITY;
    const both = async () => {
      unkept = Math.min(unkept, await product(false));
      return await product(true);
    };
    if (typeof peer === "string") {
      await both();
      return [notMeasured(KEPT, peer), notMeasured(UNKEPT, peer), figure(ENGINES, engines)];
    }
    const duel = await alternate(options.rounds, peer, both);
    return [
      ratioFigure(inRun(KEPT, options, servers), duel),
      ratioFigure(inRun(UNKEPT, options, servers), { ...duel, product: unkept }),
      figure(ENGINES, engines),
    ];
  },
};

/** CPU seconds of one `tofu plan`; or why there is none. */
async function peerOf(servers: number, { progress }: BenchOptions): Promise<(() => Promise<number>) | string> {
  const dir = join((await standingFleet(servers, progress)).peerDir, "tofu");
  try {
    const tofu = await findTofu({ progress });
    writeProgram(dir, servers, TOFU_VERSION);
    return async () => {
      const { cpuSeconds, wallSeconds, marks, result } = await runJob<Planned>("tofu", { tofu, dir });
      if (result.changes) throw new Error("tofu plan finds changes: its state is not that of an apply");
      const seconds = cpuSeconds - marks[0]!.cpuSeconds;
      progress(`peer: tofu plan of ${servers}: ${seconds.toFixed(2)} CPU-s, ${wallSeconds.toFixed(1)} s`);
      return seconds;
    };
  } catch (error) {
    if (error instanceof TofuMissing) return error.message;
    throw error;
  }
}

/** A reconcile that must find nothing to do. */
export async function reconcileIdle(site: Site, cycles = 1): Promise<Measured<Reconciled>> {
  const job = await runJob<Reconciled>("reconcile", { site, cycles });
  const { effects, drifted } = job.result;
  if (effects + drifted > 0) throw new Error(`a fleet as it should be has ${effects} effects and ${drifted} drifted`);
  return job;
}

/** Whatever is called like the engine or one of its plugins and language hosts. */
export function enginesIn({ started, result }: Pick<Measured<Reconciled>, "started" | "result">): number {
  const seen = Object.entries(started).filter(([name]) => name.startsWith("pulumi"));
  return Math.max(
    result.engineRuns,
    seen.reduce((total, [, count]) => total + count, 0),
  );
}
