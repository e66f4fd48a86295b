import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addServers, PER_CELL, writeFleet } from "./fleet.ts";
import type { Applied } from "./jobs/apply.ts";
import { runJob } from "./measure/job.ts";
import { createSite, removeSite, type Site } from "./site.ts";

type Progress = (line: string) => void;

/** Made by one apply: so many are held in memory together. */
const AT_ONCE = 1000;

/** A program holds all its resources in memory at once. */
export const ROOMY = ["--max-old-space-size=8192"];

const standing = new Map<string, { site: Site; made: Promise<void> }>();
let kept: string | undefined;

/** Fleets are made in this folder from now on, and found there by a later run: they do not have to be made again for each figure. */
export function keepStandingIn(dir: string): void {
  kept = dir;
}

/**
 * A fleet of so many servers that the product has made and that is as its files say. Several benchmarks look at the same one, because making
 * it takes longer than what is measured on it: each leaves it as it was.
 */
export async function standingFleet(servers: number, progress: Progress): Promise<Site> {
  return await stand(`fleet ${servers}`, async (site) => {
    progress(`making ${servers} servers by the product`);
    const cells = Math.ceil(servers / PER_CELL);
    writeFleet(site.fleetDir, Math.min(servers, AT_ONCE), cells);
    for (let from = 0; from < servers; from += AT_ONCE) {
      const to = Math.min(servers, from + AT_ONCE);
      if (from > 0) addServers(site.fleetDir, from, to);
      const { converged, failures } = (await runJob<Applied>("apply", { site })).result;
      if (converged !== to - from) throw new Error(`${converged} of ${to - from} converged: ${failures.join("; ")}`);
      progress(`${to} servers are there`);
    }
  });
}

/** The same servers made by the bare program, all in one stack. */
export async function standingProgram(servers: number, progress: Progress): Promise<Site> {
  return await stand(`program ${servers}`, async (site) => {
    progress(`making ${servers} servers by the bare program, without checkpoints`);
    const input = { site, servers, operation: "up", skipCheckpoints: true };
    await runJob("bare", input, { nodeOptions: ROOMY });
  });
}

/** At the end of a run: all that are not kept. */
export async function removeStanding(): Promise<void> {
  if (kept === undefined) for (const { site } of standing.values()) await removeSite(site);
  standing.clear();
}

async function stand(key: string, make: (site: Site) => Promise<void>): Promise<Site> {
  let entry = standing.get(key);
  if (entry === undefined) {
    const site = kept === undefined ? createSite() : createSite(join(kept, key.replace(" ", "-")));
    entry = { site, made: makeOnce(site, make) };
    standing.set(key, entry);
  }
  await entry.made;
  return entry.site;
}

async function makeOnce(site: Site, make: (site: Site) => Promise<void>): Promise<void> {
  const mark = join(site.root, "made");
  if (existsSync(mark)) return;
  await make(site);
  writeFileSync(mark, "");
}
