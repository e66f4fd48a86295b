import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CLOUDS, Clouds, isCreate, isRemoval } from "./clouds.ts";
import { ended, FIREWALL, Fleet, KEY, server, tryKill } from "./fleet.ts";
import { runProcesses } from "./processes.ts";
import { seeded } from "./random.ts";

/**
 * Promise 3: whatever instant a first apply of 30 servers is killed at (-9), a restart ends with exactly these 30 machines, by itself. Each kill
 * has a fleet, a data folder and empty clouds of its own. FLEETWRIGHT_TEST_SEED repeats the instants of an earlier run, FLEETWRIGHT_TEST_FULL=1
 * kills 25 times instead of 10.
 */
const IS_FULL = process.env.FLEETWRIGHT_TEST_FULL === "1";
const SEED = Number(process.env.FLEETWRIGHT_TEST_SEED ?? 20260);
const TIMEOUT = 180_000;
const EACH = 10;
const NAMES = CLOUDS.flatMap((cloud) => Array.from({ length: EACH }, (_, index) => `${cloud}-${index + 1}`)).sort();
/** Creates that the cloud carries out only so long after it got them: some five seconds after the kill. */
const LATE_MS = 5_500;

interface Kill {
  number: number;
  /** A terminal that is closed takes the group; an out-of-memory killer takes the one process, and the engine goes on for a while. */
  victim: "process group" | "process";
  provider: "served" | "executable";
  late: boolean;
  /** When, as a share of the time from the first change to the end, or of the machines: most of them are bought within a moment. */
  at: number;
  by: "time" | "machines";
}

const random = seeded(SEED);
const kills: Kill[] = plan();

let clouds: Clouds;
let template: Fleet;
let current: Fleet | undefined;
/** From the first change to the end of an apply that nobody kills. */
const spanMs = { served: 0, executable: 0 };

beforeAll(async () => {
  console.log(`kills: seed ${SEED}`);
  clouds = await Clouds.start();
  template = new Fleet(clouds, { id: "kills" });
  template.commit("Begin");
  // Makes the database, once for all.
  await template.json(["status"]);
  for (const provider of ["served", "executable"] as const) {
    const measured = await begin(2);
    const child = measured.start(["apply", "--yes", "--json", "--provider", provider]);
    const end = ended(child);
    const startedAt = await firstChange(child);
    const { code, stdout, stderr } = await end;
    if (code !== 0) throw new Error(`the apply that is measured failed: ${stdout}\n${stderr}`);
    spanMs[provider] = performance.now() - startedAt;
    await measured.close();
  }
  console.log(
    `kills: an apply takes ${Math.round(spanMs.served)} ms, ${Math.round(spanMs.executable)} ms with the executable`,
  );
}, TIMEOUT);

afterEach(async () => {
  await current?.close();
  current = undefined;
});

afterAll(async () => {
  await template?.close();
  await clouds?.close();
});

describe("a first apply of 30 servers", () => {
  it.each(kills)(
    "$number: ends with 30 machines when its $victim is killed at $at of its $by (provider $provider, late $late)",
    async (kill) => {
      const { fleet, instant } = await beginAndKill(kill);
      const restarted = await fleet.json<{ failed: number }>(["apply", "--provider", kill.provider]);
      const machines = await clouds.servers();
      const calls = await clouds.writes();
      const preview = await fleet.preview();

      console.log(`kill ${kill.number}: ${instant}`);
      expect(restarted.error).toBeUndefined();
      expect(restarted).toMatchObject({ code: 0, failed: 0 });
      expect(machines.map(({ name }) => name).sort()).toEqual(NAMES);
      expect(new Set(machines.map(({ mark }) => mark)).size).toBe(30);
      expect(machines.filter(({ mark, power }) => mark === undefined || power !== "running")).toEqual([]);
      expect(calls.filter(isRemoval)).toEqual([]);
      expect(calls.filter((call) => isCreate(call) && / 20\d$/.test(call))).toHaveLength(30);
      expect(preview).toMatchObject({ code: 0, effects: [] });
      expect(runProcesses(fleet.dataDir)).toEqual([]);
      if (kill.number % 5 === 0) expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );
});

function plan(): Kill[] {
  const kinds: [Omit<Kill, "number" | "at" | "by">, number][] = [
    [{ victim: "process group", provider: "served", late: false }, 7],
    [{ victim: "process", provider: "served", late: false }, 7],
    [{ victim: "process group", provider: "executable", late: false }, 3],
    [{ victim: "process", provider: "executable", late: false }, 3],
    [{ victim: "process group", provider: "served", late: true }, 2],
    [{ victim: "process", provider: "served", late: true }, 1],
    [{ victim: "process group", provider: "executable", late: true }, 1],
    [{ victim: "process", provider: "executable", late: true }, 1],
  ];
  let number = 0;
  return kinds.flatMap(([kind, most]) => {
    const count = IS_FULL ? most : Math.ceil(most / 4);
    // Spread over the whole span, at a random place within each part of it.
    return Array.from({ length: count }, (_, part) => {
      number += 1;
      const by = number % 2 === 0 ? ("machines" as const) : ("time" as const);
      return { ...kind, number, by, at: round((part + random()) / count) };
    });
  });
}

function round(share: number): number {
  return Math.round(share * 1000) / 1000;
}

async function begin(settleSeconds: number): Promise<Fleet> {
  await clouds.reset();
  const made = new Fleet(clouds, { id: "kills", settleSeconds });
  // As root the database is another user's, and has to stay it.
  execFileSync("cp", ["-a", template.dataDir, made.dataDir]);
  made.write({ "keys/ops.yaml": KEY, "firewalls/web.yaml": FIREWALL });
  for (const name of NAMES) {
    const cloud = CLOUDS.find((candidate) => name.startsWith(candidate))!;
    made.write({
      [`servers/${cloud}/${name}.yaml`]: server(cloud, name, cloud === "proxmox" ? {} : { firewalls: ["web"] }),
    });
  }
  made.commit("Thirty servers");
  return made;
}

async function makeLate(): Promise<void> {
  for (const cloud of CLOUDS) {
    const path = { linode: "^/v4/linode/instances$", digitalocean: "^/v2/droplets$", proxmox: "/clone$" }[cloud];
    await clouds.of(cloud).fault({ match: { method: "POST", path }, times: 3, action: { kind: "late", ms: LATE_MS } });
  }
}

/** A quicker run than the measured one may end before its instant: then it is begun anew with an earlier one. */
async function beginAndKill(kill: Kill): Promise<{ fleet: Fleet; instant: string }> {
  for (let at = kill.at; ; at = round(at * 0.7)) {
    current = await begin(kill.late ? 8 : 2);
    if (kill.late) await makeLate();
    const instant = await killed(current, { ...kill, at });
    if (instant !== undefined) return { fleet: current, instant };
    await current.close();
  }
}

/** Kills the apply at its instant, and says what it had done by then; undefined when it had ended. */
async function killed(fleet: Fleet, { victim, provider, late, at, by }: Kill): Promise<string | undefined> {
  const child = fleet.start(["apply", "--yes", "--json", "--provider", provider]);
  const end = ended(child);
  await firstChange(child);
  if (late) await someLateCreate();
  const startedAt = performance.now();
  const waited = late ? sleep(at * 500) : by === "time" ? sleep(at * spanMs[provider]) : machinesAtLeast(at * 30, end);
  const stopped = await Promise.race([waited, end]);
  const waitMs = performance.now() - startedAt;
  if (victim === "process group") tryKill(-child.pid!);
  else tryKill(child.pid!);
  await end;
  if (stopped !== undefined) return undefined;
  return `${victim} after ${Math.round(waitMs)} ms, at ${at} of its ${by}; ${(await clouds.servers()).length} machines`;
}

/** When the first stack begins: from here on there is an approval, and clouds are changed. */
async function firstChange(child: ReturnType<Fleet["start"]>): Promise<number> {
  let text = "";
  child.stdout!.on("data", (part: string) => {
    text += part;
  });
  return await new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`apply ended with ${code} before it began:\n${text}`)));
    child.stderr!.on("data", (part: string) => {
      text += part;
      if (/: (shared|servers), \d+ object/.test(text)) resolve(performance.now());
    });
  });
}

async function machinesAtLeast(count: number, end: Promise<unknown>): Promise<void> {
  const over = end.then(() => true);
  while ((await clouds.servers()).length < count) {
    if (await Promise.race([over, sleep(15)])) return;
  }
}

async function someLateCreate(): Promise<void> {
  for (;;) {
    const states = await Promise.all(CLOUDS.map((cloud) => clouds.of(cloud).faults()));
    if (states.flat().some(({ acted }) => acted > 0)) return;
    await sleep(20);
  }
}
