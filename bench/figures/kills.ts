import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { PAGE_SIZE } from "../cloud/cloud.ts";
import { linesOf, Machines } from "../cloud/machines.ts";
import { writeFleet } from "../fleet.ts";
import type { Applied } from "../jobs/apply.ts";
import { type Bar, type Figure, figure } from "../measure/figure.ts";
import { runJob, startJob } from "../measure/job.ts";
import { type Benchmark, inRun } from "../run.ts";
import { type Site, withSite } from "../site.ts";
import { type Aftermath, compareWithCloud, lookUps } from "./aftermath.ts";
import { randomFrom } from "./random.ts";

const POLL_MS = 2;

const name = (what: string) => `B8 ${what} after 10 kills of a create of 300`;
const BARS: readonly Bar[] = [
  { name: name("duplicates"), unit: "machines", target: 0 },
  { name: name("orphans"), unit: "machines", target: 0 },
  { name: name("lost servers"), unit: "servers", target: 0 },
  { name: name("most look-ups of a recovery / pages of one listing"), unit: "calls / calls", target: 2 },
];

/**
 * Kills creates at random instants and starts again, in turn the process group (engine and all) and the process alone. What the cloud then has
 * is compared with what the controller has recorded.
 */
export const b8: Benchmark = {
  id: "B8",
  title: "kills in a create of 300",
  bars: BARS,
  needsEngine: true,
  async run(options): Promise<Figure[]> {
    const [servers, kills] = options.quick ? [30, 2] : [300, 10];
    const random = randomFrom(options.seed);
    const whole = await withSite(async (site) => {
      await prepareSite(site, servers);
      return (await runJob<Applied>("apply", { site })).result;
    });
    const total: Aftermath = { duplicates: 0, orphans: 0, lost: 0 };
    let worst = 0;
    for (let kill = 0; kill < kills; kill++) {
      const madeBefore = Math.floor(random() * servers);
      const group = kill % 2 === 0;
      const seen = await killOnce(servers, { madeBefore, group }, lookUps(whole.calls));
      for (const name of ["duplicates", "orphans", "lost"] as const) total[name] += seen[name];
      worst = Math.max(worst, seen.calls / Math.ceil(servers / PAGE_SIZE));
      options.progress(
        `kill ${kill + 1} (${group ? "group" : "process"}) at ${seen.madeAtKill} of ${servers}: ` +
          `${seen.duplicates} duplicates, ${seen.orphans} orphans, ${seen.lost} lost, ${seen.calls} calls to recover`,
      );
    }
    const values = [total.duplicates, total.orphans, total.lost, worst];
    return BARS.map((bar, index) => figure(inRun(bar, options, servers), values[index]!));
  },
};

async function prepareSite(site: Site, servers: number): Promise<void> {
  writeFleet(site.fleetDir, servers);
  await runJob("open", { site });
}

interface Kill {
  /** Machines that are there when it comes; the instant between two of them is left to chance. */
  madeBefore: number;
  group: boolean;
}

/** Kills one create on a site of its own and starts again; `usual` look-ups of a create that nobody kills are not counted. */
export async function killOnce(
  servers: number,
  { madeBefore, group }: Kill,
  usual: number,
): Promise<Aftermath & { calls: number; madeAtKill: number }> {
  return await withSite(async (site) => {
    await prepareSite(site, servers);
    const { process: child, measured } = startJob<Applied>("apply", { site });
    const ended = measured.then(
      () => "done" as const,
      () => "killed" as const,
    );
    while (made(site) <= madeBefore && child.exitCode === null) await sleep(POLL_MS);
    if (child.pid !== undefined) process.kill(group ? -child.pid : child.pid, "SIGKILL");
    if ((await ended) === "done") throw new Error("the create was over before the kill");
    const madeAtKill = made(site);

    const { result } = await runJob<Applied>("apply", { site });
    const aftermath = compareWithCloud(servers, new Machines(site.cloudFile).all(), result.records);
    return { ...aftermath, calls: lookUps(result.calls) - usual, madeAtKill };
  });
}

function made(site: Site): number {
  try {
    return linesOf(readFileSync(site.cloudFile, "utf8")).length;
  } catch {
    return 0; // The first machine makes the file.
  }
}
