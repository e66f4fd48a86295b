import { Device } from "@pulumi/equinix-metal/device.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../../../controller/gateway/index.ts";
import { createBudget } from "../../../resources/budget.ts";
import { equinix } from "../../../resources/equinix/index.ts";
import { ownerMark } from "../../../resources/mark.ts";
import { type HandlerContext, PartialCreation, type ResourceHandler } from "../../../resources/plugin/handler.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { EQUINIX_PROJECT, EQUINIX_TOKEN, startEquinix } from "../../../simulators/equinix/index.ts";
import type { Fault, Simulator } from "../../../simulators/simulator.ts";
import { standinPackage } from "../../../simulators/standins/index.ts";
import { Bench, WAIT_SCALE } from "../../simulators/standins/harness.ts";
import { accountOf, MemoryJournal } from "./peer.ts";

const SETTLE_MS = 500;
/** Longer than the looks for an earlier create take: what they find is still being made. */
const PROVISION_MS = 1_200;
const CREATE = `^/metal/v1/projects/${EQUINIX_PROJECT}/devices$`;
const DEVICE = "^/metal/v1/devices/[^/]+$";
const ARGS = {
  hostname: "node-1",
  plan: "c3.small.x86",
  metro: "da",
  operatingSystem: "debian_12",
  billingCycle: "hourly",
  projectId: EQUINIX_PROJECT,
  tags: [ownerMark("test", "Server", "node-1", 0)],
};

let simulator: Simulator;
let control: SimulatorClient;
let gateway: Gateway;
let journal: MemoryJournal;

beforeEach(async () => {
  simulator = await startEquinix({ provisionMs: PROVISION_MS, actionMs: 30, listLagMs: 100, rateScale: 0 });
  control = new SimulatorClient(simulator.url);
  journal = new MemoryJournal();
  gateway = await open();
});
afterEach(async () => {
  await gateway.close();
  await simulator.close();
});

function open(): Promise<Gateway> {
  const { spec, ...rest } = accountOf(simulator.url, createBudget({}));
  const account = {
    ...rest,
    spec: { ...spec, provider: "equinix", options: { project: EQUINIX_PROJECT } },
    credentials: { token: EQUINIX_TOKEN },
  };
  return startGateway({
    account,
    cloud: equinix,
    journal,
    settleMs: SETTLE_MS,
    lookEveryMs: 100,
    answerMs: 5_000,
  });
}

async function deviceOf({ environment }: Gateway): Promise<ResourceHandler> {
  const standin = await standinPackage("equinix-metal", { ...environment, FLEETWRIGHT_STANDIN_WAIT_SCALE: WAIT_SCALE });
  await standin.configure?.({});
  return standin.handlers.find(({ type }) => type.endsWith(":Device"))!;
}
const context = (signal = AbortSignal.timeout(20_000)): HandlerContext => ({
  urn: "urn:pulumi:s::p::t::n",
  preview: false,
  signal,
  log: () => {},
});
const made = async (handler: ResourceHandler, signal?: AbortSignal) => handler.create({ ...ARGS }, context(signal));

describe("Equinix Metal through the gateway", () => {
  it("makes one device when the answer to its create is lost, which alone buys two", async () => {
    await control.fault({ match: { method: "POST", path: CREATE }, action: { kind: "dropAfter" } });

    const { id } = await made(await deviceOf(gateway));

    expect((await control.servers()).map((device) => device.id)).toEqual([id]);
  }, 30_000);

  it.each<{ name: string; action: Fault["action"] }>([
    { name: "404", action: { kind: "status", status: 404 } },
    { name: "429", action: { kind: "status", status: 429 } },
    { name: "500", action: { kind: "status", status: 500 } },
  ])(
    "keeps a device when a poll of the wait meets $name, which alone forgets it",
    async ({ action }) => {
      await control.fault({ match: { method: "GET", path: DEVICE }, action });

      const { id, outputs } = await made(await deviceOf(gateway));

      expect(outputs.state).toBe("active");
      expect((await control.servers()).map((device) => device.id)).toEqual([id]);
    },
    30_000,
  );

  it("answers the create with the device that a killed run has begun, and waits for that one", async () => {
    const killed = new AbortController();
    const first = made(await deviceOf(gateway), killed.signal).catch((error: unknown) => error);
    await expect.poll(() => control.servers(), { interval: 5 }).toHaveLength(1);
    const begun = (await control.servers())[0]!;
    killed.abort(new Error("killed"));
    expect(await first).not.toBeInstanceOf(PartialCreation);
    await gateway.close();

    gateway = await open();
    const again = await made(await deviceOf(gateway));

    expect(begun.status).not.toBe("active");
    expect(again).toMatchObject({ id: begun.id, outputs: { state: "active" } });
    expect(await control.servers()).toHaveLength(1);
    expect(gateway.stats).toMatchObject({ creates: 1, recovered: 1 });
  }, 30_000);

  it("leaves state without the token, through the engine, and a full preview that is empty", async () => {
    const bench = await Bench.open("equinix-metal", gateway.environment);
    try {
      bench.program = async () => {
        new Device("node-1", ARGS);
      };
      await control.fault({ match: { method: "POST", path: CREATE }, action: { kind: "dropAfter" } });

      const up = await bench.up();

      expect(up, up.output).toMatchObject({ ok: true, steps: { "node-1": "create" } });
      expect((await bench.preview({ refresh: true })).paths).toEqual({});
      const state = JSON.stringify(await bench.state());
      for (const secret of [gateway.token, EQUINIX_TOKEN]) expect(state).not.toContain(secret);
      expect(await control.servers()).toHaveLength(1);
    } finally {
      await bench.close();
    }
  }, 120_000);
});
