import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BeingMade } from "../../controller/reconcile/being-made.ts";
import type { Preview } from "../../controller/reconcile/types.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import { HIVELOCITY_KEY, startHivelocity } from "../../simulators/hivelocity/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { Clouds } from "./clouds.ts";
import { ended, Fleet, KEY, tryKill } from "./fleet.ts";
import { runProcesses } from "./processes.ts";

/** Bare metal through the real engine: what takes long holds nothing up, is bought once, and is watched until it is ready. */
const TIMEOUT = 240_000;
const UNLIMITED = { perSecond: 1_000, burst: 1_000 };

let clouds: Clouds;
let simulator: Simulator;
let hive: SimulatorClient;
let fleet: Fleet;

beforeAll(async () => {
  clouds = await Clouds.start();
}, TIMEOUT);
beforeEach(async () => {
  await open(600_000);
});
afterEach(async () => {
  await fleet?.close();
  await simulator?.close();
});
afterAll(async () => {
  await clouds?.close();
});

async function open(provisionMs: number): Promise<void> {
  await fleet?.close();
  await simulator?.close();
  simulator = await startHivelocity({ provisionMs, actionMs: 50, rateScale: 0 });
  hive = new SimulatorClient(simulator.url);
  fleet = new Fleet(clouds, { id: "metal", environment: { FLEETWRIGHT_HIVE_KEY: HIVELOCITY_KEY } });
  fleet.write({
    "keys/ops.yaml": KEY,
    "accounts/hive-main.yaml": {
      kind: "Account",
      name: "hive-main",
      provider: "hivelocity",
      endpoint: simulator.url,
      credentials: { apiKey: { env: "FLEETWRIGHT_HIVE_KEY" } },
      deadlines: { createSeconds: 7_200, settleSeconds: 1 },
      budgets: { hour: UNLIMITED, minute: UNLIMITED },
    },
    "servers/metal-1.yaml": metal("metal-1"),
  });
  fleet.commit("Order a machine");
}

const metal = (name: string, changes: object = {}) => ({
  kind: "Server",
  name,
  account: "hive-main",
  hostname: `${name}.example.net`,
  size: "504",
  region: "TPA2",
  image: "Debian 12",
  keys: ["ops"],
  labels: { env: "test" },
  ...changes,
});
const orders = async () =>
  (await hive.calls())
    .filter(({ method, route }) => method === "POST" && route === "/api/v2/compute/")
    .reduce((sum, { count }) => sum + count, 0);
const becomeReady = async () => {
  for (const { id } of await hive.servers()) await hive.change(id, {});
};
const status = async () => await fleet.json<{ beingMade?: BeingMade[] }>(["status"]);

describe("a machine that takes long", () => {
  it(
    "is ordered once, recorded, and watched; other changes go on, and nothing waits for it",
    async () => {
      const first = await fleet.converge();

      expect(first).toMatchObject({ failed: 0, provisioning: 1 });
      expect(first.outcomes.find(({ name }) => name === "metal-1")).toMatchObject({
        state: "provisioning",
        beingMade: { name: "metal-1", step: expect.stringContaining("order") },
      });
      expect((await status()).beingMade).toMatchObject([{ name: "metal-1", account: "hive-main" }]);
      const preview = await fleet.json<Preview>(["preview"]);
      expect(preview).toMatchObject({ code: 0, effects: [], beingMade: [{ name: "metal-1" }] });
      expect(await fleet.json(["drift"])).toMatchObject({ code: 0, drifted: 0, beingMade: [{ name: "metal-1" }] });

      fleet.write({ "servers/metal-2.yaml": metal("metal-2") }).commit("Another one");
      expect(await fleet.converge()).toMatchObject({ failed: 0, provisioning: 1 });
      expect(await orders()).toBe(2);

      await becomeReady();
      const waited = await fleet.json<{ waited: object }>(["apply", "--wait"]);
      expect(waited).toMatchObject({ code: 0, outcomes: [], waited: { beingMade: [], gone: [] } });
      expect((await status()).beingMade).toBeUndefined();
      expect((await fleet.preview("--full")).effects).toEqual([]);
      expect(await orders()).toBe(2);
    },
    TIMEOUT,
  );

  it(
    "is there once after its run was killed, and the watch goes on from when it was ordered",
    async () => {
      const child = fleet.start(["apply", "--yes", "--json"]);
      const end = ended(child);
      while ((await hive.servers()).length === 0) await sleep(10);
      tryKill(-child.pid!);
      await end;
      const killedAt = Date.now();

      const again = await fleet.apply();

      expect(again).toMatchObject({ code: 0, failed: 0, provisioning: 1 });
      expect(await orders()).toBe(1);
      expect(await hive.servers()).toHaveLength(1);
      const [one] = (await status()).beingMade ?? [];
      expect(Date.parse(one!.since)).toBeLessThanOrEqual(killedAt);
      expect(runProcesses(fleet.dataDir)).toEqual([]);

      await becomeReady();
      expect(await fleet.preview()).toMatchObject({ code: 0, effects: [], notes: ["metal-1 is ready"] });
    },
    TIMEOUT,
  );

  it(
    "that is to be stopped is stopped by an effect of its own, once it is ready",
    async () => {
      fleet.write({ "servers/metal-1.yaml": metal("metal-1", { power: "stopped" }) }).commit("Stopped");
      await fleet.converge();
      const calls = async () => (await hive.calls()).filter(({ route }) => route.endsWith("/power"));
      expect((await calls()).filter(({ method }) => method === "POST")).toEqual([]);

      await becomeReady();
      const preview = await fleet.preview();
      expect(preview).toMatchObject({
        code: 2,
        effects: [{ op: "update", changes: [{ path: "power", before: "running", after: "stopped" }] }],
      });
      expect(await fleet.converge()).toMatchObject({ converged: 1, provisioning: 0 });

      expect(await hive.servers()).toMatchObject([{ power: "stopped" }]);
      expect((await fleet.preview()).effects).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "whose order was cancelled is made anew only by whoever approves that",
    async () => {
      await fleet.converge();
      const [made] = await hive.servers();
      await hive.remove(made!.id);

      const preview = await fleet.preview();
      expect(preview).toMatchObject({ code: 2, effects: [{ op: "create", object: { name: "metal-1" } }] });
      expect(preview.notes).toContain("metal-1 was taken away by its cloud before it was ready");
      expect((await fleet.apply()).code).toBe(3);
      expect(await orders()).toBe(1);
      await fleet.converge();

      expect(await orders()).toBe(2);
    },
    TIMEOUT,
  );
});
