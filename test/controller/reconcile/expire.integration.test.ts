import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createFleetCache } from "../../../controller/fleet/load.ts";
import type { Controller } from "../../../controller/reconcile/context.ts";
import { type Expired, expire } from "../../../controller/reconcile/expire.ts";
import { CommitQueue } from "../../../controller/repo/queue.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { createMemoryCloud, type MemoryCloud } from "../../memory/cloud.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { memoryController } from "./controller.ts";
import { makeRepository, type Repository } from "./repository.ts";
import { appliedOf, serverSpec } from "./specs.ts";

const author = { name: "The night guard", email: "guard@example.org" };
const { signal } = new AbortController();

let dataDir: string;
let store: Store;
/** Another process's view of the same database. */
let other: Store;
let at: Repository;
let rounds = 0;

beforeAll(async () => {
  dataDir = makeDataDir();
  store = await openStore({ dataDir });
  other = await openStore({ dataDir });
}, 60_000);
afterAll(async () => {
  await store.close();
  await other.close();
  await removeDataDir(dataDir);
});
beforeEach(async () => {
  at = await makeRepository();
  rounds += 1;
  at.commit({
    "fleet.yaml": "kind: Fleet\nid: acme\n",
    "accounts/m.yaml":
      "kind: Account\nname: m\nprovider: memory\nendpoint: http://127.0.0.1:1\ncredentials: {token: {env: FLEETWRIGHT_T}}\n",
  });
});
afterEach(async () => await at.close());

/** A name of its own for each test: the database is one. */
const web = (suffix = "a") => `web-${rounds}-${suffix}`;

function write(fields: string, name = web()): string {
  const path = `servers/${name}.yaml`;
  at.commit({
    [path]: `kind: Server\nname: ${name} # ours\naccount: m\nregion: here\nimage: debian\nsize: small\n${fields}`,
  });
  return path;
}

function controllerAt(now: string, over: Partial<Controller> = {}): Controller {
  const memory = createMemoryCloud({ account: { name: "m" } });
  const made = memoryController(memory, store);
  const commits = queueAt(over.store ?? store, memory);
  return { ...made, repo: at.repo, commits, now: () => Date.parse(now), ...over };
}

function queueAt(store: Store, { cloud }: MemoryCloud = createMemoryCloud()): CommitQueue {
  const { parsed } = createFleetCache();
  const sleep = async () => undefined;
  return new CommitQueue({ repo: at.repo, store, clouds: { [cloud.name]: cloud }, parsed, now: Date.now, sleep });
}

const run = async (now: string, over: Partial<Controller> = {}, dryRun = false): Promise<Expired> =>
  await expire(controllerAt(now, over), { author, dryRun, signal });

const commits = () => Number(at.git("rev-list", "--count", "HEAD"));

async function events(kind: string): Promise<unknown[]> {
  const all = await store.events(0, 1000);
  return all.filter((event) => event.kind === kind && event.object?.includes(`web-${rounds}-`)).map(({ data }) => data);
}

describe("a server whose date has passed", () => {
  it("is stopped by one commit with its reason, which changes only the lines it means", async () => {
    const path = write("expires: 2026-11-25 # until the contract ends\n");

    const before = await run("2026-11-24T23:59:59Z");
    const first = await run("2026-11-25T00:00:00Z");
    const made = commits();
    const second = await run("2026-11-26T00:00:00Z");

    expect(before.stopped).toEqual([]);
    expect(first.stopped).toEqual([{ name: web(), account: "m", expires: "2026-11-25", path }]);
    expect(at.read(path)).toBe(
      `kind: Server\nname: ${web()} # ours\naccount: m\nregion: here\nimage: debian\npower: stopped\nsize: small\nexpires: 2026-11-25 # until the contract ends\nexpired: 2026-11-25\n`,
    );
    expect(at.git("log", "-1", "--format=%an %H")).toBe(`The night guard ${first.commit}`);
    expect(at.git("log", "-1", "--format=%B")).toContain(`Stop ${web()}: expired`);
    expect(at.git("log", "-1", "--format=%B")).toContain(`${web()}: it was wanted until 2026-11-25`);
    expect(second).toEqual({ stopped: [], warned: [], refused: [] });
    expect(commits()).toBe(made);
    expect(await events("expiry.stopped")).toEqual([{ name: web(), account: "m", expires: "2026-11-25" }]);
  });

  it("is judged by the zone of its instant", async () => {
    write('expires: "2026-11-25T01:00:00+02:00"\n');

    expect((await run("2026-11-24T22:59:59Z")).stopped).toEqual([]);
    expect((await run("2026-11-24T23:00:00Z")).stopped).toHaveLength(1);
  });

  it("is not stopped again when somebody starts it, and is for another date", async () => {
    const path = write("expires: 2026-11-25\n");
    await run("2026-11-26T00:00:00Z");
    at.commit({ [path]: at.read(path).replace("power: stopped", "power: running") });

    const started = await run("2026-11-27T00:00:00Z");
    at.commit({ [path]: at.read(path).replace("expires: 2026-11-25", "expires: 2026-12-25") });
    const renewed = await run("2026-11-28T00:00:00Z");
    const over = await run("2026-12-25T00:00:00Z");

    expect(started.stopped).toEqual([]);
    expect(renewed.stopped).toEqual([]);
    expect(over.stopped).toMatchObject([{ expires: "2026-12-25" }]);
    expect(at.read(path)).toContain("power: stopped");
    expect(at.read(path)).toContain("expired: 2026-12-25");
    expect(await events("expiry.stopped")).toHaveLength(2);
  });

  it("is left as it is where it is stopped already", async () => {
    write("expires: 2026-11-25\npower: stopped\n");
    const made = commits();

    expect((await run("2026-11-26T00:00:00Z")).stopped).toEqual([]);
    expect(commits()).toBe(made);
  });

  it("is told of once, also when the guard is killed between its commit and its record", async () => {
    write("expires: 2026-11-25\n");
    const dies: Store = {
      ...store,
      eventsOnce: async (events) => (events.length === 0 ? new Set() : Promise.reject(new Error("killed"))),
    };

    await expect(run("2026-11-26T00:00:00Z", { store: dies })).rejects.toThrow("killed");
    const made = commits();
    const untold = await events("expiry.stopped");
    await run("2026-11-26T00:01:00Z");
    await run("2026-11-26T00:02:00Z");

    expect(untold).toEqual([]);
    expect(commits()).toBe(made);
    expect(await events("expiry.stopped")).toHaveLength(1);
  });

  it("is stopped once by several guards at the same time", async () => {
    write("expires: 2026-11-25\n");
    const made = commits();

    await Promise.all([store, other, store, other].map((store) => run("2026-11-26T00:00:00Z", { store })));

    expect(commits()).toBe(made + 1);
    expect(await events("expiry.stopped")).toHaveLength(1);
  });

  it("is not stopped by a guard that has not seen its renewal: what others commit meanwhile stays", async () => {
    const path = write("expires: 2026-11-25\n");
    let renewed = false;
    const commits = queueAt(store);
    const submit = commits.submit.bind(commits);
    commits.submit = async (request) => {
      if (!renewed) at.commit({ [path]: at.read(path).replace("2026-11-25", "2027-11-25") });
      renewed = true;
      return await submit(request);
    };

    const done = await run("2026-11-26T00:00:00Z", { commits });

    expect(done).toEqual({ stopped: [], warned: [], refused: [] });
    expect(at.read(path)).toContain("expires: 2027-11-25");
    expect(at.read(path)).not.toContain("stopped");
  });

  it("is only shown by a dry run", async () => {
    write("expires: 2026-11-25\n");
    write("expires: 2026-11-28\n", web("b"));
    const made = commits();

    const shown = await run("2026-11-26T00:00:00Z", {}, true);

    expect([shown.stopped.length, shown.warned.length, shown.commit]).toEqual([1, 1, undefined]);
    expect(commits()).toBe(made);
    expect(await events("expiry.warning")).toEqual([]);
  });

  it("is not searched for in a fleet that is not valid", async () => {
    write("expires: 2026-02-30\n");

    await expect(run("2026-11-26T00:00:00Z")).rejects.toMatchObject({
      code: "FLEET_INVALID",
      message: expect.stringContaining(`servers/${web()}.yaml:7:10: expires: is no day of the calendar`),
    });
  });
});

describe("a warning", () => {
  const days = async () => (await events("expiry.warning")).map((data) => (data as { days: number }).days);

  it("is recorded once for each of its days, over nights and processes", async () => {
    write("expires: 2026-12-24\nowner: team-web\n");

    const early = await run("2026-12-09T23:59:59Z");
    const first = await run("2026-12-10T00:00:00Z");
    const night = await run("2026-12-11T00:00:00Z", { store: other });
    await Promise.all([store, other, store, other].map((store) => run("2026-12-21T00:00:00Z", { store })));
    await run("2026-12-23T00:00:00Z");

    expect(early.warned).toEqual([]);
    expect(first.warned).toEqual([{ name: web(), account: "m", expires: "2026-12-24", days: 14, owner: "team-web" }]);
    expect(night.warned).toEqual([]);
    expect(await days()).toEqual([14, 3]);
  });

  it("is the most urgent one alone, where the guard was away", async () => {
    write("expires: 2026-12-24\n");

    await run("2026-12-22T00:00:00Z");
    await run("2026-12-23T00:00:00Z");

    expect(await days()).toEqual([3]);
  });

  it("begins anew with another date, and not with another name", async () => {
    const path = write("expires: 2026-12-24\n");
    await run("2026-12-10T00:00:00Z");
    at.commit({ [path]: at.read(path).replace("2026-12-24", "2026-12-25") });
    await run("2026-12-11T00:00:00Z");
    await store.putObjects([appliedOf(serverSpec(web(), { account: "m", provider: "memory" }))]);
    at.commit({ [path]: `${at.read(path).replace(`name: ${web()}`, `name: ${web("b")}`)}formerly: [${web()}]\n` });

    await run("2026-12-12T00:00:00Z");

    expect(await days()).toEqual([14, 14]);
  });

  it("has the days of the fleet, or none", async () => {
    write("expires: 2026-12-24\n");
    at.commit({ "fleet.yaml": "kind: Fleet\nid: acme\nexpiry: {warnDays: []}\n" });
    expect((await run("2026-12-23T00:00:00Z")).warned).toEqual([]);

    at.commit({ "fleet.yaml": "kind: Fleet\nid: acme\nexpiry: {warnDays: [1]}\n" });
    expect((await run("2026-12-23T00:00:00Z")).warned).toMatchObject([{ days: 1 }]);
  });

  it("is not for what is stopped already", async () => {
    write("expires: 2026-12-24\npower: stopped\n");

    expect((await run("2026-12-23T00:00:00Z")).warned).toEqual([]);
  });
});
