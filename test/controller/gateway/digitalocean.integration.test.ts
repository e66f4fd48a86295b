import { Droplet } from "@pulumi/digitalocean/droplet.js";
import { SshKey } from "@pulumi/digitalocean/sshKey.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../../../controller/gateway/index.ts";
import { createBudget } from "../../../resources/budget.ts";
import { digitalocean } from "../../../resources/digitalocean/index.ts";
import { keyName } from "../../../resources/digitalocean/names.ts";
import { ownerMark } from "../../../resources/mark.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../../simulators/digitalocean/index.ts";
import type { Fault, Simulator } from "../../../simulators/simulator.ts";
import { Bench } from "../../simulators/standins/harness.ts";
import { accountOf, MemoryJournal } from "./peer.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1vc3RseUZha2VLZXlGb3JUZXN0c09ubHkxMjM0NTY3 t@t";
const SETTLE_MS = 1_500;

let simulator: Simulator;
let control: SimulatorClient;
let gateway: Gateway;
let bench: Bench;

beforeEach(async () => {
  simulator = await startDigitalOcean({ provisionMs: 50, actionMs: 30, listLagMs: 200 });
  control = new SimulatorClient(simulator.url);
  const account = {
    ...accountOf(simulator.url, createBudget(digitalocean.limits)),
    credentials: { token: DIGITALOCEAN_TOKEN },
  };
  gateway = await startGateway({
    account,
    cloud: digitalocean,
    journal: new MemoryJournal(),
    settleMs: SETTLE_MS,
    lookEveryMs: 250,
  });
  bench = await Bench.open("digitalocean", gateway.environment);
  bench.program = async () => {
    const mark = ownerMark("test", "SshKey", "k1", 0);
    const key = new SshKey("key", { name: keyName("k1", mark), publicKey: KEY });
    const tags = [ownerMark("test", "Server", "node-1", 0)];
    new Droplet("node-1", {
      name: "node-1",
      region: "nyc3",
      size: "s-1vcpu-1gb",
      image: "debian-12-x64",
      sshKeys: [key.id],
      tags,
    });
  };
}, 120_000);

afterEach(async () => {
  await bench.close();
  await gateway.close();
  await simulator.close();
});

describe("DigitalOcean through the gateway", () => {
  it.each<{ name: string; action: Fault["action"] }>([
    {
      name: "makes one machine when the answer to its create is lost, which alone buys two",
      action: { kind: "dropAfter" },
    },
    { name: "makes one machine when the connection was cut before the create", action: { kind: "dropBefore" } },
    { name: "makes one machine when the cloud failed", action: { kind: "status", status: 500 } },
    { name: "makes one machine when the answer breaks off", action: { kind: "truncate" } },
  ])(
    "$name",
    async ({ action }) => {
      await control.fault({ match: { method: "POST", path: "^/v2/droplets$" }, action });
      await control.fault({ match: { method: "POST", path: "^/v2/account/keys$" }, action });

      const up = await bench.up();

      expect(up, up.output).toMatchObject({ ok: true, steps: { key: "create", "node-1": "create" } });
      expect(await control.servers()).toHaveLength(1);
      expect((await bench.entry("node-1"))?.id).toBe((await control.servers())[0]?.id);
      expect((await bench.preview({ refresh: true })).paths).toEqual({});
      expect(gateway.stats.rateLimited).toBe(0);
    },
    120_000,
  );
});
