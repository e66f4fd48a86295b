import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Controller } from "../../../controller/reconcile/context.ts";
import { findFleetDrift } from "../../../controller/reconcile/drift.ts";
import { LIST_EVERY_MS } from "../../../controller/reconcile/read-account.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { createBudget } from "../../../resources/budget.ts";
import { ownerMark } from "../../../resources/mark.ts";
import { openstack } from "../../../resources/openstack/index.ts";
import type { AccountSpec, ServerSpec } from "../../../resources/spec.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { OPENSTACK_CREDENTIALS, startOpenStack } from "../../../simulators/openstack/index.ts";
import type { Fault, Simulator } from "../../../simulators/simulator.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { memoryController } from "./controller.ts";
import { desiredOf } from "./passes.ts";
import { makeRepository, type Repository } from "./repository.ts";
import { accountSpec, appliedOf, serverSpec } from "./specs.ts";

/** Passes over a simulated OpenStack, whose changes nova tells by `changes-since`. */
const LIST = "/servers/detail$";
const MARK = (name: string) => ownerMark("passes", "Server", name, 0);
const { signal } = new AbortController();
const dataDir = makeDataDir();

let store: Store;
let repository: Repository;
let commit: string;
let simulator: Simulator;
let control: SimulatorClient;
let controller: Controller;
/** Of the controller, ahead of the real one. */
let aheadMs: number;
let spec: AccountSpec;
let specs: ServerSpec[];
let round = 0;

beforeAll(async () => {
  store = await openStore({ dataDir });
  repository = await makeRepository();
  commit = await repository.repo.head();
});
afterAll(async () => {
  await store?.close();
  await repository?.close();
  await removeDataDir(dataDir);
});
beforeEach(async () => {
  simulator = await startOpenStack({ provisionMs: 5, actionMs: 5 });
  control = new SimulatorClient(simulator.url);
  spec = accountSpec(`stack-${++round}`, { provider: "openstack" });
  const account = { spec, endpoint: simulator.url, credentials: OPENSTACK_CREDENTIALS, budget: createBudget({}) };
  aheadMs = 0;
  specs = [];
  controller = {
    ...memoryController(createMemoryCloud(), store),
    repo: repository.repo,
    clouds: { openstack },
    account: () => account,
    now: () => Date.now() + aheadMs,
    sleep: async () => {},
  };
});
afterEach(async () => await simulator.close());

async function converged(...names: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const name of names) {
    const server = serverSpec(name, { account: spec.name, provider: "openstack", size: "m1.small", region: "nova" });
    const { id } = await control.addForeign({ name, size: "m1.small", region: "nova", tags: [MARK(name)] });
    specs.push(server);
    await store.putObjects([appliedOf(server, { mark: MARK(name), cloudId: id })]);
    ids.push(id);
  }
  return ids;
}

async function drift() {
  await control.resetCalls();
  const [found] = await findFleetDrift(controller, desiredOf(spec, specs, { commit }), signal);
  return found!;
}

/** Passes after which the feed is asked for nothing that was there before. */
async function settle(): Promise<void> {
  await drift();
  aheadMs = LATER_MS;
  await drift();
}

/** Requests to nova since the pass began, by route; logins and the version document come once per token. */
async function asked(): Promise<Record<string, number>> {
  const calls = (await control.calls()).filter(({ route }) => route.startsWith("/compute/") && /servers/.test(route));
  const counts: Record<string, number> = {};
  for (const { route, count } of calls) {
    const short = route.replace("/compute/v2.1", "");
    counts[short] = (counts[short] ?? 0) + count;
  }
  return counts;
}

const fault = async (action: Fault["action"], path = LIST, times = 1) =>
  await control.fault({ match: { method: "GET", path }, action, times });

/** Past what the feed is asked for again, and long before a whole list is due. */
const LATER_MS = 6 * 60 * 1000;

describe("a cloud with a feed of changes", () => {
  it("is asked once by a pass in which nothing has changed, and read page by page while servers come and go", async () => {
    // The oldest stands last.
    const oldest = await control.addForeign();
    await delay(5);
    for (let added = 0; added < 1_002; added += 6)
      await Promise.all(Array.from({ length: 6 }, () => control.addForeign()));
    await converged("web-1");
    const real = globalThis.fetch;
    let pages = 0;
    globalThis.fetch = async (...args) => {
      const answer = await real(...args);
      // The newest stand first: two more push what the first page ended with into the second again, and one there goes.
      if (String(args[0]).includes("/servers/detail") && ++pages === 1) {
        await Promise.all([control.addForeign(), control.addForeign(), control.remove(oldest.id)]);
      }
      return answer;
    };
    const moving = await drift().finally(() => {
      globalThis.fetch = real;
    });
    const first = await asked();
    aheadMs = LATER_MS;
    const settled = await drift();
    aheadMs = 2 * LATER_MS;
    const idle = await drift();

    expect(moving).toMatchObject({ servers: 1, foreign: 1_002, drifted: [] });
    expect(first).toEqual({ "/servers/detail": 2 });
    expect(settled).toMatchObject({ foreign: 1_004, drifted: [] });
    expect(idle).toMatchObject({ foreign: 1_004, drifted: [] });
    expect((await control.calls()).map(({ count }) => count)).toEqual([1]);
    const { servers } = await store.inventory(spec.name);
    expect(servers.filter(({ goneSince }) => goneSince === undefined)).toHaveLength(1_005);
  }, 60_000);

  it("tells what is new, changed and gone; what is told as deleted is looked at before it is gone", async () => {
    const [one, two] = await converged("web-1", "web-2", "web-3");
    await drift();
    await control.change(one!, { power: "stopped" });
    await control.remove(two!);
    await control.addForeign({ name: "by-hand" });

    const found = await drift();
    const calls = await asked();
    const again = await drift();

    expect(found.drifted.map(({ name, kind }) => `${name} ${kind}`)).toEqual(["web-1 changed", "web-2 gone"]);
    expect(found.foreign).toBe(1);
    // Two looks at the one that is gone, one at the one that differs.
    expect(calls).toEqual({ "/servers/detail": 1, "/servers/:id": 3 });
    expect(again.started).toEqual([]);
    const { servers } = await store.inventory(spec.name);
    expect(servers.filter(({ goneSince }) => goneSince).map(({ id }) => id)).toEqual([two]);
  });

  it("keeps a server that the feed calls deleted and a look finds", async () => {
    const [id] = await converged("web-1");
    await drift();
    const real = openstack.changes;
    const lying = {
      ...openstack,
      changes: async (...args: Parameters<typeof real>) => ({ ...(await real(...args))!, deleted: [id!] }),
    };
    controller.clouds = { openstack: lying };

    const found = await drift();

    expect(found.drifted).toEqual([]);
    expect((await store.inventory(spec.name)).servers).toMatchObject([{ id, class: "managed" }]);
    expect((await store.inventory(spec.name)).servers[0]).not.toHaveProperty("goneSince");
  });

  it("is listed whole once the last whole list is too old, which sees what the feed leaves out", async () => {
    const [id] = await converged("web-1");
    await settle();
    await control.change(id!, { tags: [MARK("web-1"), "by:hand"] });
    const unseen = await drift();
    aheadMs = LIST_EVERY_MS + 60_000;

    const seen = await drift();

    expect(unseen.drifted).toEqual([]);
    expect(seen.drifted).toMatchObject([{ name: "web-1", fields: [{ path: "labels" }] }]);
  });

  it.each([
    {
      when: "our clock was put back",
      before: () => {
        aheadMs -= 60_000;
      },
    },
    {
      when: "the account is another under the same name",
      before: () => {
        spec = { ...spec, options: { ...spec.options, projectDomain: "Default" } };
      },
    },
    { when: "nova does not take the question", before: () => fault({ kind: "status", status: 400, body: {} }) },
    {
      when: "nova's clock is far from ours",
      before: () =>
        fault({
          kind: "status",
          status: 200,
          body: { servers: [] },
          headers: { date: "Thu, 01 Jan 2026 00:00:00 GMT" },
        }),
    },
  ])("is listed whole when $when", async ({ before }) => {
    const [id] = await converged("web-1");
    await settle();
    // Only a whole list sees this.
    await control.change(id!, { tags: [MARK("web-1"), "by:hand"] });
    await before();

    expect((await drift()).drifted).toHaveLength(1);
  });
});

describe("a pass that meets a fault", () => {
  it.each<{ how: string; ageMs: number; kind: string; action: Fault["action"] }>([
    { how: "a whole list", ageMs: LIST_EVERY_MS + 1, kind: "truncated", action: { kind: "truncate" } },
    { how: "a whole list", ageMs: LIST_EVERY_MS + 1, kind: "without an item", action: { kind: "omit" } },
    { how: "the feed", ageMs: LATER_MS, kind: "without an item", action: { kind: "omit" } },
    { how: "the feed", ageMs: LATER_MS, kind: "answered with 500", action: { kind: "status", status: 500 } },
  ])(
    "$how $kind: nothing is gone, nothing starts and nothing ends",
    async ({ ageMs, action }) => {
      const [one] = await converged("web-1", "web-2");
      await control.change(one!, { power: "stopped" });
      await drift();
      const before = await store.inventory(spec.name);
      aheadMs = ageMs;
      await fault(action, LIST, 50);

      const found = await drift();
      await control.clearFaults();

      expect([found.started, found.ended]).toEqual([[], []]);
      expect(found.error === undefined).toBe(action.kind === "omit");
      const after = await store.inventory(spec.name);
      expect(after.servers.filter(({ goneSince }) => goneSince)).toEqual([]);
      expect(after.servers.map(({ firstSeen }) => firstSeen)).toEqual(before.servers.map(({ firstSeen }) => firstSeen));
      if (found.error !== undefined) expect(after).toEqual(before);
    },
    30_000,
  );
});
