import { Firewall } from "@pulumi/linode/firewall.js";
import { FirewallDevice } from "@pulumi/linode/firewallDevice.js";
import { Instance, type InstanceArgs } from "@pulumi/linode/instance.js";
import { SshKey } from "@pulumi/linode/sshKey.js";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../../simulators/client.ts";
import { LINODE_TOKEN, startLinode } from "../../../simulators/linode/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { standinPath } from "../../../simulators/standins/index.ts";
import { Bench, differingKeys, recordedEntry } from "./harness.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1vc3RseUZha2VLZXlGb3JUZXN0c09ubHkxMjM0NTY3 t@t";
const USER_DATA = "I2Nsb3VkLWNvbmZpZwpob3N0bmFtZTogbm9kZS0xCg==";

let simulator: Simulator;
let control: SimulatorClient;
let bench: Bench;

beforeEach(async () => {
  simulator = await startLinode({ provisionMs: 50, actionMs: 30, rateScale: 0 });
  control = new SimulatorClient(simulator.url);
  bench = await Bench.open("linode", { LINODE_URL: simulator.url, LINODE_TOKEN });
}, 120_000);

afterEach(async () => {
  await bench.close();
  await simulator.close();
});

/** One of each type, as the recorded states have them. */
function fleet(more: InstanceArgs | object = {}, opts: pulumi.CustomResourceOptions = {}): PulumiFn {
  return async () => {
    const rule = {
      action: "ACCEPT",
      label: "ssh",
      protocol: "TCP",
      ports: "22",
      ipv4s: ["0.0.0.0/0"],
      ipv6s: ["::/0"],
    };
    const firewall = new Firewall("fw", {
      label: "fw-1",
      inboundPolicy: "DROP",
      outboundPolicy: "ACCEPT",
      inbounds: [rule],
    });
    new SshKey("key", { label: "k1", sshKey: KEY });
    const node = new Instance(
      "node-1",
      {
        label: "node-1",
        region: "us-east",
        type: "g6-nanode-1",
        image: "linode/ubuntu24.04",
        booted: true,
        tags: ["fleet", "web"],
        authorizedKeys: [KEY],
        metadatas: pulumi.secret([{ userData: USER_DATA }]),
        ...more,
      },
      opts,
    );
    new FirewallDevice("att", { firewallId: firewall.id.apply(Number), entityId: node.id.apply(Number) });
  };
}

const machine =
  (more: Partial<InstanceArgs> = {}): PulumiFn =>
  async () => {
    new Instance("node-1", {
      label: "node-1",
      region: "us-east",
      type: "g6-nanode-1",
      image: "linode/ubuntu24.04",
      booted: true,
      tags: ["fleet"],
      ...more,
    });
  };

async function routes(): Promise<string[]> {
  return (await control.calls()).map(({ method, route }) => `${method} ${route}`);
}

describe("the official linode plugin's stand-in", () => {
  it("leaves the entries the real plugin leaves, previews nothing after it, with and without a refresh, and takes all away", async () => {
    bench.program = fleet();

    const up = await bench.up();
    expect(up, up.output).toMatchObject({
      ok: true,
      steps: { fw: "create", key: "create", "node-1": "create", att: "create" },
    });

    for (const name of ["fw", "key", "node-1", "att"]) {
      const recorded = recordedEntry("linode", name);
      if (recorded) expect(differingKeys(recorded, (await bench.entry(name))!), name).toEqual([]);
      else console.warn("the recorded state of the real plugin is not here: not compared");
    }
    const text = JSON.stringify(await bench.state());
    expect(text).toContain('"additionalSecretOutputs":["rootPass","stackscriptData"]');

    for (const refresh of [false, true]) {
      expect((await bench.preview({ refresh })).paths).toEqual({});
    }

    const gone = await bench.destroy();
    expect(gone.ok, gone.output).toBe(true);
    expect(await control.servers()).toEqual([]);
  }, 120_000);

  it("changes tags and label in place, and writes the boot configuration as the real plugin does", async () => {
    bench.program = machine();
    await bench.up();
    await control.resetCalls();
    bench.program = machine({ tags: ["FLEET", "new"], label: "node-2" });

    const up = await bench.up();

    expect(up).toMatchObject({ ok: true, steps: { "node-1": "update" }, paths: { "node-1": ["label", "tags[1]"] } });
    expect((await control.servers())[0]).toMatchObject({ name: "node-2" });
    expect(await routes()).toContain("PUT /v4/linode/instances/:id/configs/:id");
    expect((await bench.preview({ refresh: true })).paths).toEqual({});
  }, 120_000);

  it("resizes in place and leaves a machine running whose disk grows", async () => {
    bench.program = machine({ booted: undefined });
    await bench.up();
    bench.program = machine({ booted: undefined, type: "g6-standard-2" });

    const up = await bench.up();

    expect(up, up.output).toMatchObject({ ok: true, steps: { "node-1": "update" }, paths: { "node-1": ["type"] } });
    expect((await control.servers())[0]).toMatchObject({ size: "g6-standard-2", power: "running" });
  }, 120_000);

  it.each([
    {
      name: "leaves a machine off that got a smaller plan, when booted is not declared",
      booted: undefined,
      power: "stopped",
    },
    { name: "boots a machine that got a smaller plan, when booted is declared", booted: true, power: "running" },
  ])(
    "$name",
    async ({ booted, power }) => {
      bench.program = machine({ booted, type: "g6-dedicated-2" });
      await bench.up();
      bench.program = machine({ booted, type: "g6-standard-2" });

      const up = await bench.up();

      expect(up.ok, up.output).toBe(true);
      expect((await control.servers())[0]).toMatchObject({ size: "g6-standard-2", power });
      expect((await bench.preview()).paths).toEqual({});
    },
    120_000,
  );

  it("replaces for another image, deletes before that when told to, and ignores it when told to", async () => {
    const options = (trigger: number) => ({
      ignoreChanges: ["image", "authorizedKeys", "metadatas"],
      replacementTrigger: trigger,
      deleteBeforeReplace: true,
    });
    bench.program = fleet({}, options(0));
    await bench.up();
    const [before] = await control.servers();

    bench.program = fleet({ image: "linode/debian12" }, options(0));
    expect((await bench.preview()).paths).toEqual({});
    bench.program = fleet({ image: "linode/debian12" });
    expect((await bench.preview()).paths["node-1"]).toEqual(["image"]);
    bench.program = fleet({ image: "linode/debian12" }, options(1));
    const up = await bench.up();

    expect(up.ok, up.output).toBe(true);
    const after = await control.servers();
    expect(after).toHaveLength(1);
    expect(after[0]).toMatchObject({ image: "linode/debian12" });
    expect(after[0]?.id).not.toBe(before?.id);
  }, 120_000);

  it("refuses wrong inputs before any call", async () => {
    bench.program = machine({ label: "x", tags: "fleet" as never });

    const up = await bench.up();

    expect(up.ok).toBe(false);
    for (const text of ["3 - 50", "must be a list"]) expect(up.output).toContain(text);
    expect(await control.servers()).toEqual([]);
  }, 120_000);

  it("fails on a lost answer to its create, and is refused the name the next time: the first machine is unknown", async () => {
    await control.fault({ match: { method: "POST", path: "^/v4/linode/instances$" }, action: { kind: "dropAfter" } });
    bench.program = machine();

    const first = await bench.up();
    const second = await bench.up();

    expect(first.ok).toBe(false);
    expect(first.output).toContain("EOF");
    expect(second.ok).toBe(false);
    expect(second.output).toContain("Label must be unique");
    expect(await control.servers()).toHaveLength(1);
    expect(await bench.entry("node-1")).toBeUndefined();
  }, 120_000);

  it("keeps the id when the wait after a create fails, and does not wait again", async () => {
    await control.fault({
      match: { method: "GET", path: "^/v4/linode/instances/\\d+$" },
      action: { kind: "status", status: 500 },
    });
    bench.program = machine();

    const first = await bench.up();
    const entry = await bench.entry("node-1");
    const second = await bench.up();

    expect(first.ok).toBe(false);
    expect(entry).toMatchObject({
      id: (await control.servers())[0]?.id,
      initErrors: [expect.stringContaining("[500]")],
      outputs: { label: "node-1", ipv4s: null },
    });
    expect(second, second.output).toMatchObject({ ok: true, steps: { "node-1": "update" } });
    expect((await bench.entry("node-1"))?.initErrors).toBeUndefined();
    expect(await control.servers()).toHaveLength(1);
  }, 120_000);

  it("cannot delete what is gone until a refresh has seen it", async () => {
    bench.program = machine();
    await bench.up();
    await control.remove((await control.servers())[0]!.id);

    expect((await bench.preview()).paths).toEqual({});
    expect((await bench.destroy()).ok).toBe(false);
    expect((await bench.refresh()).ok).toBe(true);
    expect(await bench.entry("node-1")).toBeUndefined();
    expect((await bench.destroy()).ok).toBe(true);
  }, 120_000);

  it("runs as an executable that the engine finds on PATH", async () => {
    await bench.close();
    bench = await Bench.open("linode", { LINODE_URL: simulator.url, LINODE_TOKEN }, { path: standinPath() });
    bench.program = machine();

    const up = await bench.up();

    expect(up, up.output).toMatchObject({ ok: true, steps: { "node-1": "create" } });
    expect(await control.servers()).toHaveLength(1);
  }, 120_000);
});
