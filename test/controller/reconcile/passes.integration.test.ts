import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Controller } from "../../../controller/reconcile/context.ts";
import { findFleetDrift } from "../../../controller/reconcile/drift.ts";
import { readInventory } from "../../../controller/reconcile/inventory.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { RememberedDrift, Store } from "../../../controller/store/types.ts";
import { FleetError } from "../../../resources/errors.ts";
import { ownerMark } from "../../../resources/mark.ts";
import type { ServerSpec } from "../../../resources/spec.ts";
import { createMemoryCloud, type MemoryCloud } from "../../memory/cloud.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { memoryController } from "./controller.ts";
import { desiredOf, pathOf } from "./passes.ts";
import { makeRepository, type Repository } from "./repository.ts";
import { appliedOf, serverSpec } from "./specs.ts";

/** Passes over one account, on a real database and a real repository. */
const DAY_MS = 24 * 60 * 60 * 1000;
const { signal } = new AbortController();
const dataDir = makeDataDir();

let store: Store;
let repository: Repository;
let memory: MemoryCloud;
let controller: Controller;
let specs: ServerSpec[];
let account = 0;

beforeAll(async () => {
  store = await openStore({ dataDir });
  repository = await makeRepository();
});
afterAll(async () => {
  await store?.close();
  await repository?.close();
  await removeDataDir(dataDir);
});
beforeEach(() => {
  memory = createMemoryCloud({ account: { name: `account-${++account}` } });
  controller = controllerOn(store);
  specs = [];
});

const controllerOn = (store: Store): Controller => ({ ...memoryController(memory, store), repo: repository.repo });
const name = () => memory.account.spec.name;
const mark = (server: string, generation = 0) => ownerMark("passes", "Server", server, generation);
const at = () => new Date(controller.now()).toISOString();
const wait = (ms: number) => controller.sleep(ms);

/** Servers on record that are as they should be; answers their ids. */
async function converged(...names: string[]): Promise<string[]> {
  const made = names.map((server) => {
    const spec = serverSpec(server, { account: name(), provider: "memory", size: "small", region: "here" });
    specs.push(spec);
    return appliedOf(spec, { account: name(), mark: mark(server), cloudId: memory.make(spec, mark(server)) });
  });
  await store.putObjects(made);
  return made.map(({ cloudId }) => cloudId!);
}

const change = (id: string, fields: object) => void Object.assign(memory.machines.get(id)!, fields);

async function inventory(on = controller) {
  const desired = desiredOf(memory.account.spec, specs);
  const [found] = await readInventory(on, desired, [...desired.byIdentity.values()], signal);
  return found!;
}

async function drift(on = controller) {
  const desired = desiredOf(memory.account.spec, specs, { commit: await repository.repo.head("HEAD") });
  const [found] = await findFleetDrift(on, desired, signal);
  return found!;
}

const told = (drift: readonly RememberedDrift[]) => drift.map(({ name, field }) => `${name} ${field}`).sort();
const items = async () => (await inventory()).items.map(({ name, kind }) => `${kind} ${name}`);

describe("an inventory", () => {
  it("remembers since when each machine is there, tells whose it is and what it costs a month", async () => {
    const begun = at();
    await converged("web-1");
    memory.add({ name: "by-hand" });
    memory.add({ name: "left", tags: [mark("web-1", 3)] });
    await inventory();
    await wait(3 * DAY_MS);
    const late = memory.add({ name: "new", createdAt: at(), size: "large" });
    const { items } = await inventory();

    expect(items.map(({ name, kind, server }) => [name, kind, server])).toEqual([
      ["by-hand", "foreign", undefined],
      ["left", "orphan", undefined],
      ["new", "foreign", undefined],
      ["web-1", "managed", "web-1"],
    ]);
    const first = Object.fromEntries(items.map((item) => [item.name, item.firstSeen]));
    expect(first["web-1"]! >= begun && first["web-1"]! < items[0]!.lastSeen).toBe(true);
    expect(first.new).toBe(items[2]!.lastSeen);
    expect(items[2]).toMatchObject({ id: late, ageDays: 0, monthly: { monthlyMicro: 40_000_000, currency: "USD" } });
    const { servers, pass } = await store.inventory(name());
    expect(pass!.number).toBe(2);
    expect(servers.find(({ id }) => id === late)).toMatchObject({ class: "foreign", size: "large", state: "running" });
    const events = (await store.events(0, 10_000)).filter(
      ({ kind, object }) => kind.startsWith("inventory") && object === name(),
    );
    expect(events.map(({ kind, data }) => [kind, data])).toEqual([
      ["inventory.appeared", { account: name(), class: "foreign", count: 1, names: ["by-hand"] }],
      ["inventory.appeared", { account: name(), class: "orphan", count: 1, names: ["left"] }],
      ["inventory.appeared", { account: name(), class: "foreign", count: 1, names: ["new"] }],
    ]);
  });

  it("writes down what the account costs, by day and by whose it is, and forgets it after two years", async () => {
    const costs = async () => (await store.costDays("2000-01-01")).filter(({ account }) => account === name());
    const [id] = await converged("web-1");
    const [record] = await store.objects({ account: name() });
    specs[0]!.owner = "acme";
    await store.putObjects([{ ...record!, document: { ...specs[0]! } }]);
    const other = memory.add({ name: "by-hand", size: "large" });
    const today = at().slice(0, 10);

    await inventory();
    await drift();
    expect(await costs()).toMatchObject([
      { day: today, class: "foreign", currency: "USD", servers: 1, monthlyMicro: 40_000_000 },
      { day: today, class: "managed", owner: "acme", currency: "USD", servers: 1 },
    ]);
    memory.machines.delete(other);
    await inventory();
    expect((await costs()).map(({ owner }) => owner)).toEqual(["acme"]);
    memory.machines.delete(id!);
    await wait(DAY_MS);
    await inventory();
    expect((await costs()).map(({ day, servers }) => [day === today, servers])).toEqual([
      [true, 1],
      [false, 0],
    ]);
    await wait(2 * 366 * DAY_MS);
    await inventory();

    expect(await costs()).toHaveLength(1);
  });

  it("says since when a machine is gone, and keeps when it was seen last", async () => {
    const [id] = await converged("web-1");
    await inventory();
    await wait(DAY_MS);
    const last = (await inventory()).items[0]!.lastSeen;
    memory.machines.delete(id!);
    await wait(DAY_MS);

    const { items, gone } = await inventory();
    await wait(DAY_MS);
    const later = await inventory();

    expect(items).toEqual([]);
    expect(gone).toMatchObject([{ id, lastSeen: last }]);
    expect(gone[0]!.goneSince! > last).toBe(true);
    expect(later.gone).toMatchObject([{ id, lastSeen: last, goneSince: gone[0]!.goneSince }]);
  });

  it("takes a machine that was given the id of another for another", async () => {
    memory.add({ id: "101", name: "old", createdAt: "2026-01-01T00:00:00.000Z" });
    const before = (await inventory()).items[0]!.firstSeen;
    await wait(DAY_MS);
    memory.add({ id: "101", name: "old", createdAt: "2026-02-01T00:00:00.000Z" });

    expect((await inventory()).items[0]!.firstSeen > before).toBe(true);
  });

  it("is not misled by a list that repeats and skips: each suspect is read once, and nothing is gone", async () => {
    const ids = await converged("web-1", "web-2", "web-3");
    await inventory();
    const list = memory.cloud.list;
    Object.assign(memory.cloud, {
      async *list(call: Parameters<typeof list>[0]) {
        for await (const server of list(call)) {
          if (server.id === ids[1]) continue;
          yield server;
          yield server;
        }
      },
    });
    memory.calls.observe = 0;

    const { items, gone } = await inventory();

    expect(items.map(({ name }) => name)).toEqual(["web-1", "web-2", "web-3"]);
    expect(gone).toEqual([]);
    expect(memory.calls.observe).toBe(1);
    expect((await store.inventory(name())).servers.filter(({ goneSince }) => goneSince)).toEqual([]);
  });

  it("stores nothing when the list breaks off, when a suspect cannot be read, and when it is stopped", async () => {
    const [id] = await converged("web-1", "web-2");
    await inventory();
    const before = await store.inventory(name());
    const { list, observe } = memory.cloud;
    const fault = new FleetError("CLOUD_UNAVAILABLE", "503");
    Object.assign(memory.cloud, {
      async *list(call: Parameters<typeof list>[0]) {
        for await (const server of list(call)) {
          yield server;
          throw fault;
        }
      },
    });
    expect(await inventory()).toMatchObject({ items: [], gone: [], error: "503" });

    Object.assign(memory.cloud, { list });
    memory.machines.delete(id!);
    memory.fail("observe", fault);
    expect(await inventory()).toMatchObject({ error: "503" });

    const stop = new AbortController();
    Object.assign(memory.cloud, {
      async observe() {
        stop.abort();
        return undefined;
      },
    });
    const desired = desiredOf(memory.account.spec, specs);
    await expect(readInventory(controller, desired, [...desired.byIdentity.values()], stop.signal)).rejects.toThrow();
    Object.assign(memory.cloud, { observe });

    expect(await store.inventory(name())).toEqual(before);
    expect((await inventory()).gone).toMatchObject([{ id }]);
  });

  it("calls nothing an orphan that is gone by now, or that a look shows without our mark", async () => {
    const gone = memory.add({ name: "gone", tags: [mark("web-1")] });
    const given = memory.add({ name: "given", tags: [mark("web-2")] });
    memory.add({ name: "left", tags: [mark("web-3")] });
    for (const server of ["web-1", "web-2", "web-3"]) specs.push(serverSpec(server, { account: name() }));
    const { observe } = memory.cloud;
    Object.assign(memory.cloud, {
      async observe(id: string, call: Parameters<typeof observe>[1]) {
        if (id === gone) memory.machines.delete(id);
        if (id === given) change(id, { tags: [] });
        return await observe(id, call);
      },
    });

    expect(await items()).toEqual(["foreign given", "orphan left"]);
  });
});

describe("a pass for drift", () => {
  it("lists the account once for drift and inventory both", async () => {
    await converged("web-1");
    memory.add({ name: "by-hand" });

    const found = await drift();

    expect(found).toMatchObject({ servers: 1, drifted: [], foreign: 1, started: [], causes: [] });
    expect(memory.calls).toEqual({ list: 1 });
    expect((await store.inventory(name())).servers).toHaveLength(2);
  });

  it("reads a server that is gone twice, for drift and inventory together", async () => {
    const [id] = await converged("web-1", "web-2");
    await drift();
    memory.machines.delete(id!);
    memory.calls.observe = 0;

    const found = await drift();

    expect(found.drifted).toMatchObject([{ name: "web-1", kind: "gone" }]);
    expect(memory.calls.observe).toBe(2);
    expect((await store.inventory(name())).servers.find((row) => row.id === id)!.goneSince).toBeDefined();
  });

  it("tells what has started and ended once each, also to another process after a crash", async () => {
    const [one, two] = await converged("web-1", "web-2");
    change(one!, { power: "stopped" });
    const first = await drift();
    change(two!, { size: "large" });
    const second = await drift();

    // The process dies here: another opens the same database.
    const other = await openStore({ dataDir });
    try {
      change(one!, { power: "running" });
      change(two!, { size: "small" });
      const next = controllerOn(other);
      await next.sleep(DAY_MS);
      const third = await drift(next);
      const fourth = await drift(next);

      expect([told(first.started), told(first.ended)]).toEqual([["web-1 power"], []]);
      expect([told(second.started), told(second.ended)]).toEqual([["web-2 size"], []]);
      expect([told(third.started), told(third.ended)]).toEqual([[], ["web-1 power", "web-2 size"]]);
      expect([told(fourth.started), told(fourth.ended)]).toEqual([[], []]);
      expect(await other.drift(name(), "open")).toEqual([]);
      const all = await other.drift(name(), "all");
      expect(all.map(({ since, endedAt }) => since < endedAt!)).toEqual([true, true]);
      const events = (await other.events(0, 1000)).filter(({ kind, object }) => kind === "drift" && object === name());
      expect(events.map(({ data }) => data)).toEqual([
        { started: [all[0]!.id], ended: [] },
        { started: [all[1]!.id], ended: [] },
        { started: [], ended: all.map(({ id }) => id) },
      ]);
    } finally {
      await other.close();
    }
  });

  it("tells it once when two passes run at the same time", async () => {
    const [id] = await converged("web-1");
    await drift();
    change(id!, { power: "stopped" });

    const both = await Promise.all([drift(), drift(), drift()]);

    expect(both.flatMap(({ started }) => told(started))).toEqual(["web-1 power"]);
    expect(both.map(({ causes }) => causes.length)).toEqual([1, 1, 1]);
  });

  it("keeps since when while a difference lasts, and takes the value that it has now", async () => {
    const [id] = await converged("web-1");
    change(id!, { power: "stopped" });
    const first = await drift();
    await wait(DAY_MS);
    change(id!, { power: "suspended" });
    const second = await drift();

    expect(second.started).toEqual([]);
    expect(second.causes).toMatchObject([{ path: "power", actual: "suspended", since: first.causes[0]!.since }]);
    expect(await store.drift(name(), "all")).toHaveLength(1);
  });

  it("ends nothing and starts nothing when the account cannot be read", async () => {
    const [id] = await converged("web-1");
    change(id!, { power: "stopped" });
    await drift();
    change(id!, { power: "running" });
    memory.fail("list", new FleetError("CLOUD_UNAVAILABLE", "500"));

    const faulty = await drift();

    expect(faulty).toMatchObject({ error: "500", started: [], ended: [] });
    expect(told(await store.drift(name(), "open"))).toEqual(["web-1 power"]);
    expect(told((await drift()).ended)).toEqual(["web-1 power"]);
  });

  it("makes one row of one cause that touches 40 servers", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `web-${String(index).padStart(2, "0")}`);
    const ids = await converged(...names);
    for (const id of ids) {
      const machine = memory.machines.get(id)!;
      change(id, { power: "stopped", tags: [...machine.tags, "team:other"] });
    }
    change(ids[7]!, { size: "large" });

    const { causes, started, drifted } = await drift();

    expect(causes.map(({ path, desired, actual, names }) => [path, desired, actual, names.length])).toEqual([
      ["labels", [], ["team:other"], 40],
      ["power", "running", "stopped", 40],
      ["size", "small", "large", 1],
    ]);
    expect(causes[1]!.names).toEqual(names);
    expect(started).toHaveLength(81);
    expect(drifted).toHaveLength(40);
  });

  it("names who in git last wanted it, and the commit", async () => {
    const ids = await converged("web-1", "web-2");
    const [one, two] = specs as [ServerSpec, ServerSpec];
    repository.commit({ [pathOf(one)]: "1", [pathOf(two)]: "1" });
    repository.git("config", "user.name", "unused");
    repository.git("checkout", "-q", "-b", "side");
    repository.commit({ [pathOf(two)]: "2" });
    const wanted = repository.git("rev-parse", "HEAD");
    repository.git("commit", "-q", "--amend", "--author=Ada <ada@example.org>", "--no-edit");
    const amended = repository.git("rev-parse", "HEAD");
    repository.git("checkout", "-q", "main");
    repository.commit({ "README.md": "later" });
    repository.git("merge", "-q", "--no-ff", "-m", "Merge", "side");
    for (const id of ids) change(id, { power: "stopped" });

    const { started, causes } = await drift();

    expect(amended).not.toBe(wanted);
    expect(started.map(({ name, wanted }) => [name, wanted?.name, wanted?.commit])).toEqual([
      ["web-1", "a", repository.git("log", "-1", "--format=%H", "--", pathOf(one))],
      ["web-2", "Ada", amended],
    ]);
    expect(started[1]!.wanted).toMatchObject({ email: "ada@example.org" });
    // Two commits: nobody wanted all of it.
    expect(causes).toMatchObject([{ names: ["web-1", "web-2"] }]);
    expect(causes[0]).not.toHaveProperty("wanted");
  });
});
