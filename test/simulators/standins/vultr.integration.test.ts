import { BareMetalServer } from "@ediri/vultr/bareMetalServer.js";
import { FirewallGroup } from "@ediri/vultr/firewallGroup.js";
import { FirewallRule } from "@ediri/vultr/firewallRule.js";
import { Instance, type InstanceArgs } from "@ediri/vultr/instance.js";
import { SSHKey } from "@ediri/vultr/sshkey.js";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../../simulators/client.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { standinPath } from "../../../simulators/standins/index.ts";
import { startVultr, VULTR_API_KEY } from "../../../simulators/vultr/index.ts";
import { type FixedAddress, fixedAddress } from "./fixed-address.ts";
import { Bench, differingKeys, recordedEntry } from "./harness.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1vc3RseUZha2VLZXlGb3JUZXN0c09ubHkxMjM0NTY3 t@t";

let simulator: Simulator;
let control: SimulatorClient;
let host: FixedAddress;
let bench: Bench;
let env: Record<string, string>;

beforeEach(async () => {
  simulator = await startVultr({ provisionMs: 50, actionMs: 30, rateScale: 0 });
  control = new SimulatorClient(simulator.url);
  host = await fixedAddress("api.vultr.com", simulator.url);
  env = { ...host.environment, VULTR_API_KEY };
  bench = await Bench.open("vultr", env);
}, 120_000);

afterEach(async () => {
  await bench.close();
  await host.close();
  await simulator.close();
});

/** One of each type, as the recorded states have them. */
const fleet: PulumiFn = async () => {
  const key = new SSHKey("key", { name: "k1", sshKey: KEY });
  const group = new FirewallGroup("fw", { description: "fw-1" });
  new FirewallRule("fw-ssh", {
    firewallGroupId: group.id,
    ipType: "v4",
    protocol: "tcp",
    port: "22",
    subnet: "0.0.0.0",
    subnetSize: 0,
  });
  new Instance("node-1", {
    region: "ewr",
    plan: "vc2-1c-1gb",
    label: "node-1",
    osId: 2284,
    enableIpv6: true,
    backups: "disabled",
    firewallGroupId: group.id,
    sshKeyIds: [key.id],
    tags: ["fleet", "web"],
    userData: pulumi.secret("#cloud-config\nhostname: node-1\n"),
  });
};

function machine(more: Partial<InstanceArgs> = {}, opts: pulumi.CustomResourceOptions = {}): PulumiFn {
  const args = { region: "ewr", plan: "vc2-1c-1gb", label: "node-1", osId: 2284, tags: ["fleet"] };
  return async () => {
    new Instance("node-1", { ...args, ...more }, opts);
  };
}

describe("the official vultr plugin's stand-in", () => {
  it("leaves the entries the real plugin leaves, previews nothing after it, with and without a refresh, and takes all away", async () => {
    bench.program = fleet;

    const up = await bench.up();
    expect(up, up.output).toMatchObject({
      ok: true,
      steps: { fw: "create", "fw-ssh": "create", key: "create", "node-1": "create" },
    });

    for (const name of ["fw", "fw-ssh", "key", "node-1"]) {
      const recorded = recordedEntry("vultr", name);
      if (recorded) expect(differingKeys(recorded, (await bench.entry(name))!), name).toEqual([]);
      else console.warn("the recorded state of the real plugin is not here: not compared");
    }
    expect(JSON.stringify((await bench.entry("node-1"))?.outputs?.userData)).toContain("#cloud-config");

    for (const refresh of [false, true]) expect((await bench.preview({ refresh })).paths).toEqual({});

    const gone = await bench.destroy();
    expect(gone.ok, gone.output).toBe(true);
    expect(await control.servers()).toEqual([]);
  }, 120_000);

  it("renames, retags, resizes and backs up in one request, and replaces for another image or key", async () => {
    bench.program = machine();
    await bench.up();
    const backupsSchedule = { type: "weekly", dow: 2 };
    bench.program = machine({
      label: "node-2",
      tags: ["new"],
      plan: "vc2-2c-4gb",
      enableIpv6: true,
      backups: "enabled",
      backupsSchedule,
    });
    await control.resetCalls();

    const up = await bench.up();

    expect(up, up.output).toMatchObject({ ok: true, steps: { "node-1": "update" } });
    expect(await control.servers()).toMatchObject([
      { name: "node-2", size: "vc2-2c-4gb", tags: ["new"], power: "running" },
    ]);
    expect((await control.calls()).filter(({ method }) => method === "PATCH")).toMatchObject([{ count: 1 }]);
    for (const refresh of [false, true]) expect((await bench.preview({ refresh })).paths).toEqual({});
    bench.program = machine({ osId: 2136, sshKeyIds: ["other"] });
    expect((await bench.preview()).steps["node-1"]).toMatch(/replace/);
  }, 120_000);

  it("keeps the tags of an instance whose label alone changed, and loses those of bare metal", async () => {
    const both = (label: string): PulumiFn => {
      return async () => {
        const args = { region: "ewr", osId: 2136, label, tags: ["kept"] };
        new Instance("node-1", { ...args, plan: "vc2-1c-1gb" });
        new BareMetalServer("metal-1", { ...args, plan: "vbm-4c-32gb" });
      };
    };
    bench.program = both("one");
    const made = await bench.up();
    expect(made.ok, made.output).toBe(true);
    bench.program = both("two");

    const up = await bench.up();

    expect(up.ok, up.output).toBe(true);
    expect((await control.servers()).map(({ name, tags }) => ({ name, tags }))).toEqual([
      { name: "two", tags: ["kept"] },
      { name: "two", tags: [] },
    ]);
    expect((await bench.preview({ refresh: true })).paths["metal-1"]).toEqual(["tags[0]"]);
    expect((await bench.destroy()).ok).toBe(true);
  }, 120_000);

  it("cannot take a firewall away: it leaves an empty id out", async () => {
    const inGroup = (attached: boolean): PulumiFn => {
      return async () => {
        const group = new FirewallGroup("fw", { description: "fw-1" });
        const args = { region: "ewr", plan: "vc2-1c-1gb", label: "n", osId: 2136 };
        new Instance("node-1", { ...args, firewallGroupId: attached ? group.id : "" });
      };
    };
    bench.program = inGroup(true);
    await bench.up();
    bench.program = inGroup(false);

    const up = await bench.up();

    expect(up, up.output).toMatchObject({ ok: true, steps: { "node-1": "update" } });
    expect((await bench.preview()).paths["node-1"]).toEqual(["firewallGroupId"]);
  }, 120_000);

  it("does not see a label that was changed by hand", async () => {
    bench.program = machine();
    await bench.up();
    await control.change((await control.servers())[0]!.id, { name: "by-hand", tags: ["by-hand"] });

    expect((await bench.preview({ refresh: true })).paths["node-1"]).toEqual(["tags[0]"]);
  }, 120_000);

  it("buys a second machine, silently, when the answer to its create is lost", async () => {
    await control.fault({ match: { method: "POST", path: "^/v2/instances$" }, action: { kind: "dropAfter" } });
    bench.program = machine();

    const up = await bench.up();

    expect(up.ok, up.output).toBe(true);
    expect(await control.servers()).toHaveLength(2);
    expect((await bench.preview({ refresh: true })).paths).toEqual({});
  }, 120_000);

  it("keeps a machine whose wait met a 404, and does not wait again", async () => {
    await control.fault({
      match: { method: "GET", path: "^/v2/instances/[^/]+$" },
      action: { kind: "status", status: 404, body: { error: "invalid instance ID", status: 404 } },
    });
    bench.program = machine();

    const first = await bench.up();
    const entry = await bench.entry("node-1");
    const second = await bench.up();

    expect([first.ok, second.ok], second.output).toEqual([false, true]);
    expect(entry?.initErrors).toHaveLength(1);
    expect(await control.servers()).toHaveLength(1);
  }, 120_000);

  it("takes for gone what is told in the cloud's own words, and nothing else", async () => {
    bench.program = machine();
    await bench.up();
    const [server] = await control.servers();
    const match = { method: "GET", path: "^/v2/instances/[^/]+$" };
    await control.fault({ match, action: { kind: "status", status: 404, body: { error: "no such route" } } });

    expect((await bench.refresh()).ok).toBe(false);
    expect(await bench.entry("node-1")).toBeDefined();
    await control.remove(server!.id);
    expect((await bench.preview()).paths).toEqual({});
    expect((await bench.destroy()).ok).toBe(false);
    expect((await bench.refresh()).ok).toBe(true);
    expect(await bench.entry("node-1")).toBeUndefined();
  }, 120_000);

  it("refuses wrong inputs before any call, and runs as an executable that the engine finds on PATH", async () => {
    await bench.close();
    bench = await Bench.open("vultr", env, { path: standinPath() });
    bench.program = machine({ enableIpv6: "yes" as never, isoId: "an-iso" });

    const wrong = await bench.up();
    bench.program = machine();
    const right = await bench.up();

    expect(wrong.ok).toBe(false);
    for (const text of ["must be a boolean", "boots from no ISO"]) expect(wrong.output).toContain(text);
    expect(right, right.output).toMatchObject({ ok: true, steps: { "node-1": "create" } });
    expect(await control.servers()).toHaveLength(1);
  }, 120_000);
});
