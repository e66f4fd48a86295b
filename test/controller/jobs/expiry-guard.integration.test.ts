import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExpiryGuard } from "../../../controller/jobs/expiry-guard.ts";
import { JobQueue } from "../../../controller/jobs/queue.ts";
import { untilTimeOfDay } from "../../../controller/jobs/schedule.ts";
import { type OpenController, openController } from "../../../controller/open.ts";
import { type Kill, killingGit } from "../repo/killing-git.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";

/** The guard as the service runs it: over the job queue, on a clone whose upstream takes the commits. */
const TIMEOUT = 120_000;
const LANE = "servers";
const { signal } = new AbortController();
const FLEETWRIGHT = join(import.meta.dirname, "../../../bin/fleetwright.ts");
const ACCOUNT = "kind: Account\nname: main\nprovider: linode\ncredentials:\n  token: {env: FLEETWRIGHT_TOKEN}\n";
const dayAfter = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

let dataDir: string;
let root: string;
let remote: string;
let dir: string;
let controller: OpenController;
const opened: { close(): Promise<void> }[] = [];

const run = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], {
    cwd,
    encoding: "utf8",
    stdio: "pipe",
  }).trim();
const put = (path: string, text: string) => {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
};
const server = (name: string, expires: string) =>
  `kind: Server\nname: ${name}\naccount: main\nregion: eu-central\nsize: g6-nanode-1\nimage: debian-13\nexpires: ${expires}\n`;
const read = (name: string) => readFileSync(join(dir, `servers/${name}.yaml`), "utf8");
const stops = (where: string) =>
  run(where, "log", "--format=%an %s", "main")
    .split("\n")
    .filter((line) => line.includes("Stop "));
const told = async (kind: string) => {
  const events = await controller.store.events(0, 1000);
  return events.filter((event) => event.kind === kind).map(({ object }) => object);
};

async function open(): Promise<OpenController> {
  const made = await openController({ fleetDir: dir, dataDir });
  made.commits.follow("main");
  opened.push(made);
  return made;
}

async function guardOf(over: OpenController, expireAt?: number): Promise<{ guard: ExpiryGuard; queue: JobQueue }> {
  const settings = { retryMs: 1000, retryLimit: 3, keepDays: 1, onError: () => undefined };
  const queue = await JobQueue.open(over, settings);
  opened.unshift({ close: async () => await queue.stop() });
  const logger = pino({ level: "silent" });
  const committed = () => undefined;
  const at = { branch: "main", ...(expireAt !== undefined && { expireAt }) };
  return { queue, guard: new ExpiryGuard(over, at, { queue, logger, committed }) };
}

beforeEach(async () => {
  dataDir = makeDataDir();
  root = mkdtempSync(join(tmpdir(), "fw-guard-"));
  [remote, dir] = [join(root, "origin.git"), join(root, "fleet")];
  run(root, "init", "-q", "--bare", "-b", "main", remote);
  run(root, "clone", "-q", remote, dir);
  run(dir, "checkout", "-q", "-b", "main");
  put("fleet.yaml", "kind: Fleet\nid: acme\n");
  put("accounts/main.yaml", ACCOUNT);
  put("servers/over.yaml", server("over", "2026-01-01"));
  put("servers/soon.yaml", server("soon", dayAfter(10)));
  run(dir, "add", "-A");
  run(dir, "commit", "-qm", "begin");
  run(dir, "push", "-q", "-u", "origin", "main");
  controller = await open();
}, TIMEOUT);
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  await removeDataDir(dataDir);
  rmSync(root, { recursive: true, force: true });
}, TIMEOUT);

describe("the nightly guard", () => {
  it(
    "stops what has expired by one commit that is pushed and warns once, with two services at the same time, and waits for the next night",
    async () => {
      const minutes = (new Date().getUTCHours() * 60 + 720) % 1440;
      const services = [await guardOf(controller, minutes), await guardOf(await open(), minutes)];
      for (const { guard, queue } of services) await queue.work("expire", guard.work);

      for (const { queue } of services) await queue.send("expire", LANE, "test");
      await expect.poll(() => stops(remote), { timeout: 60_000 }).toEqual(["Fleetwright Stop over: expired"]);
      const due = () => services[0]!.queue.due("expire", LANE);
      await expect.poll(due, { timeout: 60_000 }).toBeDefined();
      await Promise.all(services.map(async ({ guard }) => await guard.work({ lane: LANE, why: "test" }, 1, signal)));

      expect(stops(remote)).toHaveLength(1);
      expect(run(remote, "rev-parse", "main")).toBe(run(dir, "rev-parse", "main"));
      expect(read("over")).toContain("power: stopped");
      expect(run(dir, "status", "--porcelain")).toBe("");
      expect(await told("expiry.stopped")).toEqual(["Server//over"]);
      expect(await told("expiry.warning")).toEqual(["Server//soon"]);
      const next = (await due())!.getTime();
      expect(Math.abs(next - Date.now() - untilTimeOfDay(minutes, Date.now()))).toBeLessThan(60_000);
    },
    TIMEOUT,
  );

  it(
    "leaves nothing half done when the remote is gone: it warns, and stops what has expired when the remote is back",
    async () => {
      const begin = run(dir, "rev-parse", "main");
      const { guard } = await guardOf(controller, 0);
      renameSync(remote, `${remote}.away`);

      await expect(guard.work({ lane: LANE, why: "test" }, 1, signal)).rejects.toMatchObject({ code: "GIT_FAILED" });
      expect(run(dir, "rev-parse", "main")).toBe(begin);
      expect(read("over")).not.toContain("stopped");
      expect(await told("expiry.warning")).toEqual(["Server//soon"]);
      expect(await told("expiry.stopped")).toEqual([]);

      renameSync(`${remote}.away`, remote);
      await guard.work({ lane: LANE, why: "test" }, 2, signal);
      expect(stops(remote)).toHaveLength(1);
      expect(await told("expiry.stopped")).toEqual(["Server//over"]);
      expect(await told("expiry.warning")).toEqual(["Server//soon"]);
    },
    TIMEOUT,
  );

  it(
    "comes at the time that is asked for now, or never",
    async () => {
      const inMinutes = (minutes: number) => (Math.floor(Date.now() / 60_000) + minutes) % 1440;
      const late = await guardOf(controller, inMinutes(600));
      const { queue } = late;
      const inAbout = async () => Math.round(((await queue.due("expire", LANE))!.getTime() - Date.now()) / 60_000);

      await late.guard.plan();
      expect([599, 600]).toContain(await inAbout());
      await (await guardOf(controller, inMinutes(60))).guard.plan();
      expect([59, 60]).toContain(await inAbout());
      await late.guard.plan();
      expect([59, 60]).toContain(await inAbout());
      await (await guardOf(controller)).guard.plan();
      expect(await queue.due("expire", LANE)).toBeUndefined();
    },
    TIMEOUT,
  );

  it.each<Kill>([
    { at: "push", when: "after" },
    { at: "update-ref", when: "before" },
    { at: "update-ref", when: "after" },
  ])(
    "stops each server once though the process is killed with -9 $when $at",
    async (kill) => {
      run(dir, "config", "fleetwright.remote", "origin");
      const bin = killingGit(root, kill);
      const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
      const args = [FLEETWRIGHT, "--fleet", dir, "--data", dataDir, "expire"];
      await new Promise<void>((ended) => void execFile(process.execPath, args, { env }, () => ended()));
      expect(existsSync(join(bin, "killed"))).toBe(true);
      run(dir, "reset", "-q", "--hard", "main");

      const { guard } = await guardOf(controller, 0);
      for (const attempt of [1, 2]) await guard.work({ lane: LANE, why: "test" }, attempt, signal);

      expect(stops(remote)).toHaveLength(1);
      expect(run(remote, "rev-parse", "main")).toBe(run(dir, "rev-parse", "main"));
      expect(await told("expiry.stopped")).toEqual(["Server//over"]);
      expect(await told("expiry.warning")).toEqual(["Server//soon"]);
    },
    TIMEOUT,
  );
});
