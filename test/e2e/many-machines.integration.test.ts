import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type OpenController, openController } from "../../controller/open.ts";
import { prepare } from "../../controller/reconcile/preview.ts";
import { standinPath } from "../../simulators/standins/index.ts";
import { type PostgresServer, query, startPostgres } from "../setup/postgres.ts";
import { Clouds } from "./clouds.ts";
import { accountFile, Fleet, tryKill } from "./fleet.ts";
import { runProcesses } from "./processes.ts";
import { seeded } from "./random.ts";

/**
 * Three services, each with a clone of its own, on one real PostgreSQL for their database and for Pulumi's state. They keep a fleet true while random ones of them are
 * killed (-9) or stopped, some for longer than their lease, and commits are pushed that go on changing the fleet. FLEETWRIGHT_TEST_FULL=1 makes it as large as it should be
 * once; FLEETWRIGHT_TEST_SEED repeats the faults of an earlier run, FLEETWRIGHT_TEST_LOG names a file for all that the services say.
 */
const IS_FULL = process.env.FLEETWRIGHT_TEST_FULL === "1";
const SEED = Number(process.env.FLEETWRIGHT_TEST_SEED ?? 20261);
const STACKS = IS_FULL ? 60 : 4;
const SECONDS = IS_FULL ? 120 : 8;
/** Of a machine that others load, a renewal may come late; one that never comes in time would leave nothing to test. */
const LEASE_MS = IS_FULL ? 24_000 : 8_000;
/** How long it may take to converge afterwards is no promise: it ends a test that hangs. */
const SETTLE_MS = IS_FULL ? 40 * 60_000 : 4 * 60_000;
const BEGIN_MS = 5 * 60_000;
const LOOK_MS = IS_FULL ? 3_000 : 500;
const MACHINES = ["one", "two", "three"];
/** The table as the engine makes it, with a record of every state that was ever written. */
const RECORD = `
  create table pulumi_state (key text primary key, data json not null, updated_at timestamptz not null default now());
  create table written (seq bigint generated always as identity, key text not null, data json not null);
  create function record() returns trigger language plpgsql as $$
    begin insert into written (key, data) values (new.key, new.data); return new; end $$;
  create trigger record after insert or update on pulumi_state for each row
    when (new.key like '%.pulumi/stacks/%.json') execute function record()`;

const random = seeded(SEED);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
let server: PostgresServer;
let clouds: Clouds;
let fleet: Fleet;
let stateUrl: string;
let checker: OpenController;
const machines = new Map<string, ChildProcess>();
const stopped = new Set<string>();
const told: string[] = [];

beforeAll(async () => {
  server = await startPostgres();
  clouds = await Clouds.start();
  stateUrl = await server.createDatabase("states");
  await query(stateUrl, RECORD);
  fleet = new Fleet(undefined, {
    id: "many",
    fleet: { approval: "auto" },
    environment: {
      DATABASE_URL: await server.createDatabase("controllers"),
      PULUMI_BACKEND_URL: stateUrl,
      FLEETWRIGHT_LINODE_TOKEN: clouds.tokens.linode,
    },
  });
  fleet.environment.FLEETWRIGHT_STATE_KEY_FILE = join(fleet.root, "state.key");
  for (let index = 0; index < STACKS; index++)
    fleet.write({
      [`accounts/a${index}.yaml`]: { ...accountFile(clouds, "linode", 2), name: `a${index}` },
      [`servers/a${index}-s0.yaml`]: serverFile(index, 0, "begun"),
    });
  fleet.commit("Begin");
  const origin = join(fleet.root, "origin.git");
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", origin]);
  fleet.git("remote", "add", "origin", origin);
  fleet.git("push", "-q", "-u", "origin", "main");
  for (const name of MACHINES) execFileSync("git", ["clone", "-q", origin, cloneOf(name)]);
  checker = await openController({
    fleetDir: fleet.dir,
    dataDir: join(fleet.root, "checker"),
    environment: { ...process.env, ...fleet.environment },
    machine: "checker",
    standIns: standinPath(),
  });
});

const cloneOf = (name: string) => join(fleet.root, `${name}.clone`);

afterAll(async () => {
  for (const name of machines.keys()) end(name);
  for (const { pid } of MACHINES.flatMap((name) => runProcesses(join(fleet.root, name)))) tryKill(pid);
  await checker?.close();
  await fleet?.close();
  await clouds?.close();
  await server?.close();
});

it(
  `three services keep ${STACKS} stacks true for ${SECONDS} s of kills and stops`,
  async () => {
    console.log(`many machines: seed ${SEED}, PostgreSQL ${server.version} (${server.source})`);
    for (const name of MACHINES) start(name);
    await begun();
    const faults = await disturb(SECONDS * 1000);
    for (const name of MACHINES) resume(name);
    const settledMs = await settle();

    const names = serverNames();
    const servers = await clouds.servers();
    const marks = new Set(servers.map(({ mark }) => mark));
    const writes = await writtenStates();
    console.log(`${faults.join(", ")}; ${writes.length} states written; converged ${Math.round(settledMs)} ms later`);
    expect(servers.map(({ name }) => name).sort()).toEqual(names);
    expect(marks.size).toBe(names.length);
    expect(regressions(writes)).toEqual([]);
    expect(told.filter((line) => line.includes("is older than"))).toEqual([]);
    expect(faults.length).toBeGreaterThan(1);
  },
  BEGIN_MS + SECONDS * 1000 + SETTLE_MS + 60_000,
);

function serverFile(account: number, number: number, step: string): object {
  const name = `a${account}-s${number}`;
  return {
    ...{
      kind: "Server",
      name,
      account: `a${account}`,
      size: "g6-nanode-1",
      region: "us-east",
      image: "linode/debian12",
    },
    labels: { step },
  };
}

/** A second server in some stack, or another label of what is there. */
const added = new Set<number>();
let step = 0;
function change(): void {
  const stack = Math.floor(random() * STACKS);
  step += 1;
  if (!added.has(stack) && random() < 0.5) {
    added.add(stack);
    fleet.write({ [`servers/a${stack}-s1.yaml`]: serverFile(stack, 1, `step${step}`) });
  } else fleet.write({ [`servers/a${stack}-s0.yaml`]: serverFile(stack, 0, `step${step}`) });
  fleet.commit(`Step ${step}`);
  fleet.git("push", "-q");
}

function serverNames(): string[] {
  const first = Array.from({ length: STACKS }, (_, index) => `a${index}-s0`);
  return [...first, ...[...added].map((index) => `a${index}-s1`)].sort();
}

function start(name: string): void {
  const inherited = Object.entries(process.env).filter(([key]) => !/^(FLEETWRIGHT|PULUMI|DATABASE)_/.test(key));
  const main = join(import.meta.dirname, "many-main.ts");
  const args = [main, cloneOf(name), join(fleet.root, name), name, String(LEASE_MS)];
  const env = { ...Object.fromEntries(inherited), ...fleet.environment };
  const child = spawn(process.execPath, args, { env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  machines.set(name, child);
  child.stdin.on("error", () => undefined);
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      told.push(...text.split("\n"));
      if (process.env.FLEETWRIGHT_TEST_LOG) appendFileSync(process.env.FLEETWRIGHT_TEST_LOG, `${name}: ${text}`);
    });
}

/** The controller with its engine and plugins, or the controller alone: its engine must then end by the watchdog. */
function signal(name: string, what: "SIGSTOP" | "SIGCONT" | "SIGKILL", group: boolean): void {
  const { pid } = machines.get(name)!;
  try {
    process.kill(group ? -pid! : pid!, what);
  } catch {
    // It has ended by itself.
  }
}

function end(name: string): void {
  signal(name, "SIGKILL", true);
  stopped.delete(name);
}

function resume(name: string): void {
  if (stopped.delete(name)) signal(name, "SIGCONT", true);
}

/** Resolves when the first machine is being made: before that there is nothing to disturb. */
async function begun(): Promise<void> {
  for (const until = performance.now() + BEGIN_MS; !told.some((line) => line.includes('"state":"started"')); )
    if (performance.now() > until) throw new Error(`nothing has begun:\n${told.slice(-40).join("\n")}`);
    else await sleep(100);
}

/** Kills and stops random controllers, and commits, for so long. At least one is always at work. */
async function disturb(ms: number): Promise<string[]> {
  const faults: string[] = [];
  const until = performance.now() + ms;
  let waking: Promise<void>[] = [];
  while (performance.now() < until) {
    await sleep(1_000 + random() * 2_500);
    change();
    const running = MACHINES.filter((name) => !stopped.has(name));
    if (running.length < 2) continue;
    const name = pick(running);
    if (faults.length % 2 === 1) {
      signal(name, "SIGKILL", random() < 0.5);
      faults.push(`killed ${name}`);
      start(name);
      continue;
    }
    const forMs = LEASE_MS * (0.3 + 1.5 * random());
    stopped.add(name);
    signal(name, "SIGSTOP", random() < 0.5);
    faults.push(`stopped ${name} for ${Math.round(forMs)} ms`);
    waking = [...waking, sleep(forMs).then(() => resume(name))];
  }
  await Promise.all(waking);
  return faults;
}

/** Waits until nothing is left to do, and for how long that was. */
async function settle(): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const { signal } = new AbortController();
    const { works } = await prepare(checker, { signal, engine: false });
    const open = await checker.store.openRuns();
    if (works.length === 0 && open.length === 0) return performance.now() - startedAt;
    if (performance.now() - startedAt > SETTLE_MS)
      throw new Error(`not converged: ${works.map(({ effect }) => effect.object.name)}\n${told.slice(-40).join("\n")}`);
    await sleep(LOOK_MS);
  }
}

interface WrittenState {
  key: string;
  modified: Map<string, number>;
}

async function writtenStates(): Promise<WrittenState[]> {
  const rows = await query<{ key: string; text: string }>(
    stateUrl,
    "select key, data->>'data' as text from written order by seq",
  );
  return rows.map(({ key, text }) => {
    const { checkpoint } = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
    const resources: { urn: string; modified?: string }[] = checkpoint?.latest?.resources ?? [];
    return { key, modified: new Map(resources.map(({ urn, modified = "1970-01-01" }) => [urn, Date.parse(modified)])) };
  });
}

/** Writes that know less than the one before: a resource that is gone (no server is ever removed here), or as it was before a change. */
function regressions(writes: readonly WrittenState[]): string[] {
  const last = new Map<string, WrittenState>();
  return writes.flatMap((state) => {
    const before = last.get(state.key)?.modified ?? new Map<string, number>();
    last.set(state.key, state);
    return [...before]
      .filter(([urn, modified]) => (state.modified.get(urn) ?? -1) < modified)
      .map(([urn]) => `${state.key} forgot ${urn}`);
  });
}
