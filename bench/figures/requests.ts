import { execFileSync } from "node:child_process";
import { load } from "js-yaml";
import { checkOut, headOf, serverPath, writeFleet } from "../fleet.ts";
import type { Looped } from "../jobs/git-loop.ts";
import type { Accepted } from "../jobs/requests.ts";
import { alternate } from "../measure/alternate.ts";
import { type Bar, type Figure, figure, ratioFigure } from "../measure/figure.ts";
import { runJob } from "../measure/job.ts";
import { type Benchmark, inRun } from "../run.ts";
import { type Site, withSite } from "../site.ts";

/** At least 20 times as many a second, so at most a twentieth for each. */
const TARGET = 1 / 20;

const CPU: Bar = {
  name: "B11 a request of 50 writers at once, 10000 files / a commit by git add and git commit",
  unit: "CPU-s / CPU-s",
  target: TARGET,
};
const WALL: Bar = { ...CPU, name: `${CPU.name}, by the clock`, unit: "s / s" };
const LOST: Bar = { name: "B11 updates lost", unit: "updates", target: 0 };

/** Requests through the controller's queue, each a commit of its own, beside a loop of git's own commands in the same repository. */
export const b11: Benchmark = {
  id: "B11",
  title: "requests to commits by 50 writers at once, 10000 files",
  bars: [CPU, WALL, LOST],
  needsEngine: false,
  async run(options): Promise<Figure[]> {
    const [servers, writers, each, loops] = options.quick ? [500, 10, 4, 5] : [10_000, 50, 20, 40];
    const clock = { peer: Number.POSITIVE_INFINITY, product: Number.POSITIVE_INFINITY };
    let lost = 0;

    const peer = () =>
      withSite(async (site) => {
        writeFleet(site.fleetDir, servers);
        checkOut(site.fleetDir);
        const { cpuSeconds, marks, result } = await runJob<Looped>("git-loop", { site, commits: loops });
        const [cpu, wall] = [(cpuSeconds - marks[0]!.cpuSeconds) / loops, result.seconds / loops];
        clock.peer = Math.min(clock.peer, wall);
        options.progress(`peer: ${ms(cpu)} CPU-ms a commit, ${(1 / wall).toFixed(1)} commits/s`);
        return cpu;
      });
    const product = () =>
      withSite(async (site) => {
        writeFleet(site.fleetDir, servers);
        checkOut(site.fleetDir);
        await runJob("open", { site });
        const before = headOf(site.fleetDir);
        const { cpuSeconds, marks, result } = await runJob<Accepted>("requests", { site, writers, each });
        const { requests, seconds } = result;
        lost += requests - result.commits + lostIn(site, { before, writers, each });
        const [cpu, wall] = [(cpuSeconds - marks[0]!.cpuSeconds) / requests, seconds / requests];
        clock.product = Math.min(clock.product, wall);
        options.progress(`product: ${ms(cpu)} CPU-ms a request, ${(1 / wall).toFixed(1)} requests/s`);
        return cpu;
      });
    const duel = await alternate(options.rounds, peer, product);
    return [
      ratioFigure(inRun(CPU, options, servers), duel),
      ratioFigure(inRun(WALL, options, servers), clock),
      figure(LOST, lost),
    ];
  },
};

const ms = (seconds: number): string => (seconds * 1000).toFixed(2);

/** Commits that history lacks, and fields in the files of its end that have not what was last asked for them. */
function lostIn(
  { fleetDir }: Site,
  { before, writers, each }: { before: string; writers: number; each: number },
): number {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: fleetDir, encoding: "utf8" });
  const missing = writers * each - Number(git("rev-list", "--count", `${before}..main`));
  const labelsOf = (index: number) =>
    (load(git("show", `main:${serverPath(index)}`)) as { labels: Record<string, string> }).labels;
  const shared = labelsOf(writers);
  let wrong = 0;
  for (let writer = 0; writer < writers; writer++) {
    const [own, all] = [labelsOf(writer)[`writer-${writer}`], shared[`writer-${writer}`]];
    // Even ones are for the writer's own server.
    const last = each - 1;
    if (own !== String(last - (last % 2))) wrong += 1;
    if (all !== String(last - ((last + 1) % 2))) wrong += 1;
  }
  return Math.abs(missing) + wrong;
}
