import { rmSync } from "node:fs";
import { join } from "node:path";
import { headOf, resizeServer, writeFleet } from "../fleet.ts";
import type { Loaded } from "../jobs/load.ts";
import { alternate } from "../measure/alternate.ts";
import { type Bar, type Figure, ratioFigure } from "../measure/figure.ts";
import { type Measured, runJob } from "../measure/job.ts";
import { type Benchmark, inRun } from "../run.ts";
import { type Site, withSite } from "../site.ts";

/** Enough of them that the clock's ticks of 10 ms do not matter. */
const COMMITS = 40;

const COLD: Bar = { name: "B14 cold load of 10000 files / js-yaml alone", unit: "CPU-s / CPU-s", target: 1.5 };
const READ: Bar = {
  name: "B14 cold load of 10000 files / reading them from git and js-yaml",
  unit: "CPU-s / CPU-s",
  target: 1.5,
  reason: "the bar is by js-yaml alone; this is what no compile can do without",
};
const WARM: Bar = {
  name: "B14 load after a 1-file commit / cold load of 10000 files",
  unit: "CPU-s / CPU-s",
  target: 0.05,
};

/** Git objects to compiled documents: cold, and after commits that change one file each. */
export const b14: Benchmark = {
  id: "B14",
  title: "loading 10000 files",
  bars: [COLD, READ, WARM],
  needsEngine: false,
  async run(options): Promise<Figure[]> {
    const servers = options.quick ? 500 : 10_000;
    return await withSite(async (site) => {
      const commits = makeCommits(site, servers);
      await runJob("open", { site });
      let warm = Number.POSITIVE_INFINITY;
      let read = Number.POSITIVE_INFINITY;

      const peer = async () => {
        const job = await runJob("parse", { site });
        const seconds = between(job, "read", "parsed");
        const fromGit = between(job, "opened", "read");
        read = Math.min(read, fromGit + seconds);
        options.progress(
          `peer: js-yaml on ${servers} texts: ${seconds.toFixed(2)} CPU-s, after ${fromGit.toFixed(2)} to read them`,
        );
        return seconds;
      };
      const product = async () => {
        // An earlier round leaves what a later one would begin with.
        rmSync(join(site.dataDir, "snapshots"), { recursive: true, force: true });
        const job = await runJob<Loaded>("load", { site, commits });
        if (job.result.objects !== servers) throw new Error(`${job.result.objects} of ${servers} objects were loaded`);
        const cold = between(job, "opened", "cold");
        const each = between(job, "cold", "warm") / COMMITS;
        warm = Math.min(warm, each);
        options.progress(`product: cold ${cold.toFixed(2)} CPU-s, each commit ${(each * 1000).toFixed(1)} CPU-ms`);
        return cold;
      };
      const duel = await alternate(options.rounds, peer, product);
      return [
        ratioFigure(inRun(COLD, options, servers), duel),
        ratioFigure(READ, { peer: read, product: duel.product }),
        ratioFigure(inRun(WARM, options, servers), { peer: duel.product, product: warm }),
      ];
    });
  },
};

function makeCommits(site: Site, servers: number): string[] {
  writeFleet(site.fleetDir, servers);
  const first = headOf(site.fleetDir);
  const step = Math.floor(servers / COMMITS);
  return [first, ...Array.from({ length: COMMITS }, (_, at) => resizeServer(site.fleetDir, at * step, "large"))];
}

function between({ marks }: Measured<unknown>, from: string, to: string): number {
  const at = (name: string) => marks.find((mark) => mark.name === name)!.cpuSeconds;
  return at(to) - at(from);
}
