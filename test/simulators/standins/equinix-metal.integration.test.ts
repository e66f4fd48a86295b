import { Device, type DeviceArgs } from "@pulumi/equinix-metal/device.js";
import { ProjectSshKey } from "@pulumi/equinix-metal/projectSshKey.js";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HandlerContext, PartialCreation, type ResourceHandler } from "../../../resources/plugin/handler.ts";
import { StatusError } from "../../../resources/plugin/status.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { EQUINIX_PROJECT, EQUINIX_TOKEN, startEquinix } from "../../../simulators/equinix/index.ts";
import type { Fault, Simulator } from "../../../simulators/simulator.ts";
import { standinPackage, standinPath } from "../../../simulators/standins/index.ts";
import { type FixedAddress, fixedAddress } from "./fixed-address.ts";
import { Bench, differingKeys, recordedEntry, WAIT_SCALE } from "./harness.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1vc3RseUZha2VLZXlGb3JUZXN0c09ubHkxMjM0NTY3 t@t";

let simulator: Simulator;
let control: SimulatorClient;
let address: FixedAddress;
let env: Record<string, string>;

beforeEach(async () => {
  simulator = await startEquinix({ provisionMs: 150, actionMs: 30, rateScale: 0 });
  control = new SimulatorClient(simulator.url);
  address = await fixedAddress("api.equinix.com", simulator.url);
  env = { ...address.environment, METAL_AUTH_TOKEN: EQUINIX_TOKEN };
});

afterEach(async () => {
  await address.close();
  await simulator.close();
});

const ARGS = {
  hostname: "node-1",
  plan: "c3.small.x86",
  metro: "da",
  operatingSystem: "ubuntu_22_04",
  billingCycle: "hourly",
  projectId: EQUINIX_PROJECT,
  tags: ["fleet", "web"],
} satisfies DeviceArgs;

function machine(more: Partial<DeviceArgs> = {}, opts: pulumi.CustomResourceOptions = {}): PulumiFn {
  return async () => {
    new Device("node-1", { ...ARGS, ...more }, opts);
  };
}

/** One of each type, as the recorded states have them. */
const fleet: PulumiFn = async () => {
  const key = new ProjectSshKey("key", { name: "k1", projectId: EQUINIX_PROJECT, publicKey: KEY });
  const userData = pulumi.secret("#cloud-config\nhostname: node-1\n");
  new Device("node-1", { ...ARGS, projectSshKeyIds: [key.id], userData });
};

const createPath = `^/metal/v1/projects/${EQUINIX_PROJECT}/devices$`;
const devicePath = "^/metal/v1/devices/[^/]+$";

describe("the official equinix-metal plugin's stand-in", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await Bench.open("equinix-metal", env);
  }, 120_000);
  afterEach(() => bench.close());

  it("leaves the entries the real plugin leaves, previews nothing after it, with and without a refresh, and takes all away", async () => {
    bench.program = fleet;

    const up = await bench.up();
    expect(up, up.output).toMatchObject({ ok: true, steps: { key: "create", "node-1": "create" } });

    for (const name of ["key", "node-1"]) {
      const recorded = recordedEntry("equinix-metal", name);
      if (recorded) expect(differingKeys(recorded, (await bench.entry(name))!), name).toEqual([]);
      else console.warn("the recorded state of the real plugin is not here: not compared");
    }
    const state = JSON.stringify(await bench.state());
    expect(state).not.toContain(EQUINIX_TOKEN);
    expect(
      (await bench.state()).find(({ type }) => type === "pulumi:providers:equinix-metal")?.inputs,
    ).not.toHaveProperty("authToken");
    for (const refresh of [false, true]) expect((await bench.preview({ refresh })).paths).toEqual({});

    const gone = await bench.destroy();
    expect(gone.ok, gone.output).toBe(true);
    await expect.poll(() => control.servers()).toEqual([]);
  }, 120_000);

  it("renames and retags in place, takes the order of tags for a change, and replaces for a plan", async () => {
    bench.program = machine();
    await bench.up();
    bench.program = machine({ hostname: "node-2", tags: ["web", "fleet"], description: "new" });

    const up = await bench.up();

    expect(up, up.output).toMatchObject({
      ok: true,
      steps: { "node-1": "update" },
      paths: { "node-1": ["description", "hostname", "tags[0]", "tags[1]"] },
    });
    expect((await control.servers())[0]).toMatchObject({ name: "node-2", tags: ["web", "fleet"] });
    for (const refresh of [false, true]) expect((await bench.preview({ refresh })).paths).toEqual({});
    bench.program = machine({ hostname: "node-2", tags: ["web", "fleet"], description: "new", plan: "m3.large.x86" });
    expect((await bench.preview()).steps).toMatchObject({ "node-1": expect.stringContaining("replace") });
  }, 120_000);
});

describe("the calls of the stand-in", () => {
  let handler: ResourceHandler;
  beforeEach(async () => {
    const standin = await standinPackage("equinix-metal", { ...env, FLEETWRIGHT_STANDIN_WAIT_SCALE: WAIT_SCALE });
    await standin.configure?.({});
    handler = standin.handlers.find(({ type }) => type.endsWith(":Device"))!;
  });
  const context = (): HandlerContext => ({
    urn: "urn:pulumi:s::p::t::n",
    preview: false,
    signal: AbortSignal.timeout(20_000),
    log: () => {},
  });
  const create = () => handler.create({ ...ARGS }, context());
  const failed = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  it("silently buy two devices when the answer to a create is lost, and know the second", async () => {
    await control.fault({ match: { method: "POST", path: createPath }, action: { kind: "dropAfter" } });

    const { id } = await create();

    expect((await control.servers()).map((device) => device.id)).toEqual([expect.not.stringMatching(id), id]);
  });

  it.each([404, 429, 500])(
    "forget a device when one poll meets %s, so that the next run buys another",
    async (status) => {
      await control.fault({ match: { method: "GET", path: devicePath }, action: { kind: "status", status } });

      const error = await failed(create());
      await create();

      expect(error).toBeInstanceOf(StatusError);
      // With an id in it, the engine would record the device.
      expect(error).not.toBeInstanceOf(PartialCreation);
      expect(await control.servers()).toHaveLength(2);
    },
  );

  it("repeat a poll whose connection is cut", async () => {
    await control.fault({ match: { method: "GET", path: devicePath }, action: { kind: "dropBefore" } });

    expect((await create()).outputs).toMatchObject({ state: "active", networkType: "layer3" });
  });

  it.each([429, 500, 503])("fail a create that is answered %s at once", async (status) => {
    const headers = { "retry-after": "1" };
    await control.fault({ match: { method: "POST", path: createPath }, action: { kind: "status", status, headers } });

    expect(await failed(create())).toBeInstanceOf(StatusError);

    expect(await control.servers()).toEqual([]);
  });

  it("see that a device is gone, but not by a 404 without the id of the request", async () => {
    const { id, outputs } = await create();
    const read = () => handler.read(id, { inputs: { ...ARGS }, outputs }, context());
    const foreign: Fault["action"] = { kind: "status", status: 404, body: { errors: ["Not found"] } };
    await control.fault({ match: { method: "GET", path: devicePath }, action: foreign });

    const doubtful = await failed(read());
    const there = await read();
    await control.remove(id);

    expect(doubtful).toBeInstanceOf(StatusError);
    expect(there?.id).toBe(id);
    expect(await read()).toBeUndefined();
    expect(await failed(handler.delete(id, { inputs: {}, outputs }, context()))).toBeInstanceOf(StatusError);
  });
});

it("is found on the path as an executable, and reaches the fixed address from there", async () => {
  const started = await Bench.open("equinix-metal", env, { path: standinPath() });
  try {
    started.program = machine();

    const up = await started.up();

    expect(up, up.output).toMatchObject({ ok: true, steps: { "node-1": "create" } });
  } finally {
    await started.close();
  }
}, 120_000);
