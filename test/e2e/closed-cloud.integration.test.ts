import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SimulatorClient } from "../../simulators/client.ts";
import { EQUINIX_PROJECT, EQUINIX_TOKEN, startEquinix } from "../../simulators/equinix/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { ended, Fleet, KEY, tryKill } from "./fleet.ts";

const TIMEOUT = 180_000;
/** Long enough to be killed within; the stand-in polls every 200 ms. */
const PROVISION_MS = 8_000;

let simulator: Simulator;
let cloud: SimulatorClient;
let fleet: Fleet;

const node = {
  kind: "Server",
  name: "node-1",
  account: "metal",
  size: "c3.small.x86",
  region: "da",
  image: "debian_12",
  keys: ["ops"],
  labels: { role: "db" },
};

beforeAll(async () => {
  simulator = await startEquinix({ provisionMs: PROVISION_MS, actionMs: 50, rateScale: 60 });
  cloud = new SimulatorClient(simulator.url);
  fleet = new Fleet(undefined, { id: "metal", environment: { FLEETWRIGHT_METAL_TOKEN: EQUINIX_TOKEN } });
  fleet.write({
    "accounts/metal.yaml": {
      kind: "Account",
      name: "metal",
      provider: "equinix",
      endpoint: simulator.url,
      credentials: { token: { env: "FLEETWRIGHT_METAL_TOKEN" } },
      options: { project: EQUINIX_PROJECT },
      deadlines: { settleSeconds: 2, createSeconds: 60 },
    },
    "keys/ops.yaml": KEY,
    "servers/node-1.yaml": node,
  });
  fleet.commit("Order a bare machine");
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  await simulator?.close();
});

it(
  "refuses a new machine on a closed cloud, unless that is meant",
  async () => {
    const refused = await fleet.apply("--yes");

    expect(refused).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });
    expect(await cloud.servers()).toEqual([]);
  },
  TIMEOUT,
);

it(
  "has one machine after a kill -9 in the middle of its long create, and keeps no token of it",
  async () => {
    const apply = fleet.start(["apply", "--yes", "--allow-ended", "node-1"]);
    const end = ended(apply);
    const status = async () => (await cloud.servers())[0]?.status;
    await expect.poll(status, { timeout: 60_000, interval: 50 }).toBe("provisioning");
    tryKill(apply.pid!);
    expect((await end).code).toBeUndefined();

    await fleet.converge("--allow-ended", "node-1");

    expect(await cloud.servers()).toMatchObject([{ name: "node-1", status: "active" }]);
    const posts = (await cloud.calls()).filter(({ method, route }) => method === "POST" && route.endsWith("/devices"));
    expect(posts).toMatchObject([{ status: 201, count: 1 }]);
    expect(await fleet.preview("--full")).toMatchObject({ code: 0 });
    // Found nothing: grep ends with 1.
    expect(() => execFileSync("grep", ["-rlq", EQUINIX_TOKEN, fleet.root])).toThrow();
  },
  TIMEOUT,
);

it(
  "stops, renames and relabels it in place, adopts another, and takes both away",
  async () => {
    const { id } = await cloud.addForeign({ name: "old-1", image: "ubuntu_22_04", region: "fr", tags: ["role:web"] });
    fleet.write({
      "servers/node-1.yaml": { ...node, hostname: "db-1", labels: { role: "db", tier: "gold" }, power: "stopped" },
      "servers/old-1.yaml": { ...node, name: "old-1", region: "fr", labels: { role: "web" }, adopt: id },
    });
    fleet.commit("Stop one, adopt one");

    await fleet.converge();

    const machines = await cloud.servers();
    expect(machines.map(({ name, power }) => [name, power])).toEqual([
      ["db-1", "stopped"],
      ["old-1", "running"],
    ]);
    expect(await fleet.preview("--full")).toMatchObject({ code: 0 });

    fleet.write({ "servers/node-1.yaml": null, "servers/old-1.yaml": null });
    fleet.commit("Remove both");
    await fleet.converge();

    expect(await cloud.servers()).toEqual([]);
  },
  TIMEOUT,
);
