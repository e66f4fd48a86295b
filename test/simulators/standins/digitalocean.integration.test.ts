import { Droplet, type DropletArgs } from "@pulumi/digitalocean/droplet.js";
import { Firewall } from "@pulumi/digitalocean/firewall.js";
import { SshKey } from "@pulumi/digitalocean/sshKey.js";
import { Tag } from "@pulumi/digitalocean/tag.js";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../../simulators/client.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../../simulators/digitalocean/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { standinPath } from "../../../simulators/standins/index.ts";
import { Bench, differingKeys, recordedEntry } from "./harness.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1vc3RseUZha2VLZXlGb3JUZXN0c09ubHkxMjM0NTY3 t@t";

let simulator: Simulator;
let control: SimulatorClient;
let bench: Bench;
let env: Record<string, string>;

beforeEach(async () => {
  simulator = await startDigitalOcean({ provisionMs: 50, actionMs: 30, rateScale: 0 });
  control = new SimulatorClient(simulator.url);
  env = { DIGITALOCEAN_API_URL: simulator.url, DIGITALOCEAN_TOKEN };
  bench = await Bench.open("digitalocean", env);
}, 120_000);

afterEach(async () => {
  await bench.close();
  await simulator.close();
});

const everywhere = ["0.0.0.0/0", "::/0"];

/** One of each type, as the recorded states have them. */
const fleet: PulumiFn = async () => {
  const key = new SshKey("key", { name: "k1", publicKey: KEY });
  const tag = new Tag("tag", { name: "web" });
  const node = new Droplet("node-1", {
    name: "node-1",
    region: "nyc3",
    size: "s-1vcpu-1gb",
    image: "ubuntu-24-04-x64",
    ipv6: true,
    monitoring: true,
    sshKeys: [key.id],
    tags: ["fleet", "web"],
    userData: pulumi.secret("#cloud-config\nhostname: node-1\n"),
  });
  new Firewall(
    "fw",
    {
      name: "fw-1",
      tags: ["web"],
      inboundRules: [{ protocol: "tcp", portRange: "22", sourceAddresses: everywhere }],
      outboundRules: [
        { protocol: "tcp", portRange: "1-65535", destinationAddresses: everywhere },
        { protocol: "icmp", destinationAddresses: everywhere },
      ],
    },
    { dependsOn: [node, tag] },
  );
};

function machine(more: Partial<DropletArgs> = {}, opts: pulumi.CustomResourceOptions = {}): PulumiFn {
  const args = { name: "node-1", region: "nyc3", size: "s-1vcpu-1gb", image: "ubuntu-24-04-x64", tags: ["fleet"] };
  return async () => {
    new Droplet("node-1", { ...args, ...more }, opts);
  };
}

describe("the official digitalocean plugin's stand-in", () => {
  it("leaves the entries the real plugin leaves, previews nothing after it, with and without a refresh, and takes all away", async () => {
    bench.program = fleet;

    const up = await bench.up();
    expect(up, up.output).toMatchObject({
      ok: true,
      steps: { fw: "create", key: "create", "node-1": "create", tag: "create" },
    });

    for (const name of ["fw", "key", "node-1"]) {
      const recorded = recordedEntry("digitalocean", name);
      if (recorded) expect(differingKeys(recorded, (await bench.entry(name))!), name).toEqual([]);
      else console.warn("the recorded state of the real plugin is not here: not compared");
    }
    const node = await bench.entry("node-1");
    expect(JSON.stringify(node?.inputs?.userData)).toContain("#cloud-config");
    expect(JSON.stringify(node?.outputs?.userData)).toContain("10ce18cfb690a31b130e248f157f50da621d1379");

    for (const refresh of [false, true]) {
      expect((await bench.preview({ refresh })).paths).toEqual({});
    }

    const gone = await bench.destroy();
    expect(gone.ok, gone.output).toBe(true);
    expect(await control.servers()).toEqual([]);
  }, 120_000);

  it("renames, retags and resizes in place, and leaves the machine running", async () => {
    bench.program = machine();
    await bench.up();
    bench.program = machine({ name: "node-2", tags: ["FLEET", "new"], size: "s-1vcpu-2gb", backups: true });

    const up = await bench.up();

    expect(up, up.output).toMatchObject({
      ok: true,
      steps: { "node-1": "update" },
      paths: { "node-1": ["backups", "name", "size", "tags[1]"] },
    });
    expect((await control.servers())[0]).toMatchObject({
      name: "node-2",
      size: "s-1vcpu-2gb",
      power: "running",
      tags: ["fleet", "new"],
    });
    for (const refresh of [false, true]) expect((await bench.preview({ refresh })).paths).toEqual({});
  }, 120_000);

  it("switches a machine on again whose resize was refused", async () => {
    bench.program = machine();
    await bench.up();
    await control.fault({
      match: { method: "POST", path: "/actions$" },
      skip: 1,
      action: { kind: "status", status: 422 },
    });
    bench.program = machine({ size: "s-1vcpu-2gb" });

    const up = await bench.up();

    expect(up.ok).toBe(false);
    await expect
      .poll(async () => (await control.servers())[0])
      .toMatchObject({ size: "s-1vcpu-1gb", power: "running" });
  }, 120_000);

  it("replaces for another image, deletes before that when told to, and ignores it when told to", async () => {
    const options = (trigger: number) => ({
      ignoreChanges: ["image", "sshKeys", "userData"],
      replacementTrigger: trigger,
      deleteBeforeReplace: true,
    });
    bench.program = machine({}, options(0));
    await bench.up();
    const [before] = await control.servers();

    bench.program = machine({ image: "debian-12-x64" }, options(0));
    expect((await bench.preview()).paths).toEqual({});
    bench.program = machine({ image: "debian-12-x64" });
    expect((await bench.preview()).paths["node-1"]).toEqual(["image"]);
    bench.program = machine({ image: "debian-12-x64" }, options(1));
    const up = await bench.up();

    expect(up.ok, up.output).toBe(true);
    const after = await control.servers();
    expect(after).toHaveLength(1);
    expect(after[0]?.image).toContain("debian-12");
    expect(after[0]?.id).not.toBe(before?.id);
  }, 120_000);

  it("buys a second machine, silently, when the answer to its create is lost", async () => {
    await control.fault({ match: { method: "POST", path: "^/v2/droplets$" }, action: { kind: "dropAfter" } });
    bench.program = machine();

    const up = await bench.up();

    expect(up.ok, up.output).toBe(true);
    expect(await control.servers()).toHaveLength(2);
    expect((await bench.preview({ refresh: true })).paths).toEqual({});
  }, 120_000);

  it("fails with its retries off, and buys the second machine in the next run", async () => {
    await bench.close();
    bench = await Bench.open("digitalocean", { ...env, DIGITALOCEAN_HTTP_RETRY_MAX: "0" });
    await control.fault({ match: { method: "POST", path: "^/v2/droplets$" }, action: { kind: "dropAfter" } });
    bench.program = machine();

    const first = await bench.up();
    const second = await bench.up();

    expect(first.output).toContain("EOF");
    expect([first.ok, second.ok]).toEqual([false, true]);
    expect(await control.servers()).toHaveLength(2);
  }, 120_000);

  it("polls on through 404, 429, 500 and a cut connection", async () => {
    const match = { method: "GET", path: "^/v2/droplets/\\d+$" };
    for (const status of [404, 429, 500]) await control.fault({ match, action: { kind: "status", status } });
    await control.fault({ match, action: { kind: "dropAfter" } });
    bench.program = machine();

    const up = await bench.up();

    expect(up.ok, up.output).toBe(true);
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

  it("refuses wrong inputs before any call, and runs as an executable that the engine finds on PATH", async () => {
    await bench.close();
    bench = await Bench.open("digitalocean", env, { path: standinPath() });
    bench.program = machine({ monitoring: "yes" as never, volumeIds: ["v"] });

    const wrong = await bench.up();
    bench.program = machine();
    const right = await bench.up();

    expect(wrong.ok).toBe(false);
    for (const text of ["must be a boolean", "attaches no volumes"]) expect(wrong.output).toContain(text);
    expect(right, right.output).toMatchObject({ ok: true, steps: { "node-1": "create" } });
    expect(await control.servers()).toHaveLength(1);
  }, 120_000);
});
