import { Instance } from "@pulumi/linode/instance.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../../../controller/gateway/index.ts";
import { createBudget } from "../../../resources/budget.ts";
import { linode } from "../../../resources/linode/index.ts";
import { ownerMark } from "../../../resources/mark.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { LINODE_TOKEN, startLinode } from "../../../simulators/linode/index.ts";
import type { Fault, Simulator } from "../../../simulators/simulator.ts";
import { Bench } from "../../simulators/standins/harness.ts";
import { accountOf, MemoryJournal } from "./peer.ts";

const SETTLE_MS = 1_500;
const POST = { method: "POST", path: "^/v4/linode/instances$" };

let simulator: Simulator;
let control: SimulatorClient;
let gateway: Gateway;
let journal: MemoryJournal;
let bench: Bench;

beforeEach(async () => {
  simulator = await startLinode({ provisionMs: 50, actionMs: 30, listLagMs: 200 });
  control = new SimulatorClient(simulator.url);
  journal = new MemoryJournal();
  gateway = await open();
  bench = await Bench.open("linode", gateway.environment);
}, 120_000);

afterEach(async () => {
  await bench.close();
  await gateway.close();
  await simulator.close();
});

function open(): Promise<Gateway> {
  const account = { ...accountOf(simulator.url, createBudget(linode.limits)), credentials: { token: LINODE_TOKEN } };
  return startGateway({ account, cloud: linode, journal, settleMs: SETTLE_MS, lookEveryMs: 250 });
}

function machines(count: number): void {
  bench.program = async () => {
    for (let i = 1; i <= count; i++) {
      const tags = [ownerMark("test", "Server", `node-${i}`, 0)];
      new Instance(`node-${i}`, {
        label: `node-${i}`,
        region: "us-east",
        type: "g6-nanode-1",
        image: "linode/debian12",
        booted: true,
        tags,
      });
    }
  };
}

async function rateLimited(): Promise<number> {
  const calls = await control.calls();
  return calls.filter((call) => call.status === 429).reduce((sum, call) => sum + call.count, 0);
}

describe("Linode through the gateway", () => {
  it.each<{ name: string; action: Fault["action"] }>([
    {
      name: "makes one machine, and the run succeeds, when the answer to the create is lost",
      action: { kind: "dropAfter" },
    },
    {
      name: "makes one machine, and the run succeeds, when the create takes effect late",
      action: { kind: "late", ms: 800 },
    },
    { name: "makes one machine, and the run succeeds, when the answer breaks off", action: { kind: "truncate" } },
    { name: "makes one machine, and the run succeeds, when the answer is empty", action: { kind: "empty" } },
  ])(
    "$name",
    async ({ action }) => {
      await control.fault({ match: POST, action });
      machines(1);

      const up = await bench.up();

      expect(up, up.output).toMatchObject({ ok: true, steps: { "node-1": "create" } });
      expect(await control.servers()).toHaveLength(1);
      expect((await bench.entry("node-1"))?.id).toBe((await control.servers())[0]?.id);
      expect((await bench.preview({ refresh: true })).paths).toEqual({});
    },
    120_000,
  );

  it.each<{ name: string; action: Fault["action"] }>([
    {
      name: "makes one machine in the next run when the connection was cut before the create",
      action: { kind: "dropBefore" },
    },
    { name: "makes one machine in the next run when the cloud failed", action: { kind: "status", status: 500 } },
  ])(
    "$name",
    async ({ action }) => {
      await control.fault({ match: POST, action });
      machines(1);

      const first = await bench.up();
      const second = await bench.up();

      expect([first.ok, second.ok]).toEqual([false, true]);
      expect(await control.servers()).toHaveLength(1);
    },
    120_000,
  );

  it("takes over what a dead run has made", async () => {
    machines(1);
    await control.fault({ match: POST, action: { kind: "dropAfter" } });
    const direct = await Bench.open("linode", { ...gateway.environment, LINODE_URL: simulator.url, LINODE_TOKEN });
    // As a controller that was killed between the request and its answer: intent stored, machine made, no state.
    await journal.begin({ account: "things", kind: "Server", key: ownerMark("test", "Server", "node-1", 0) });
    direct.program = bench.program;
    const dead = await direct.up();
    await direct.close();

    const up = await bench.up();

    expect([dead.ok, up.ok]).toEqual([false, true]);
    expect(await control.servers()).toHaveLength(1);
  }, 120_000);

  it("meets no 429 with the real limits: creates above the cloud's allowance wait for their turn", async () => {
    await simulator.close();
    await gateway.close();
    await bench.close();
    simulator = await startLinode({ provisionMs: 20, actionMs: 20, rateScale: 10 });
    control = new SimulatorClient(simulator.url);
    const limits = Object.fromEntries(
      Object.entries(linode.limits).map(([name, limit]) => [name, { ...limit, windowMs: limit.windowMs / 10 }]),
    );
    const account = { ...accountOf(simulator.url, createBudget(limits)), credentials: { token: LINODE_TOKEN } };
    gateway = await startGateway({ account, cloud: linode, journal, settleMs: SETTLE_MS });
    bench = await Bench.open("linode", gateway.environment);
    machines(13);

    const up = await bench.up();

    expect(up.ok, up.output).toBe(true);
    expect(await control.servers()).toHaveLength(13);
    expect(await rateLimited()).toBe(0);
    expect(gateway.stats.rateLimited).toBe(0);
  }, 120_000);

  it("lets nobody in without the run's token", async () => {
    const response = await fetch(`${gateway.url}/v4/linode/instances`, {
      headers: { authorization: `Bearer ${LINODE_TOKEN}` },
    });

    expect(response.status).toBe(401);
    expect(await control.calls()).toEqual([]);
  });
});
