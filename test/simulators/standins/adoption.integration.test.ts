import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ignoreChanges } from "../../../resources/plugin/diff.ts";
import type { HandlerContext, PropertyMap, ResourceHandler } from "../../../resources/plugin/handler.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../../simulators/digitalocean/index.ts";
import { EQUINIX_PROJECT, EQUINIX_TOKEN, startEquinix } from "../../../simulators/equinix/index.ts";
import { LINODE_TOKEN, startLinode } from "../../../simulators/linode/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { type StandinName, standinPackage } from "../../../simulators/standins/index.ts";
import { startVultr, VULTR_API_KEY } from "../../../simulators/vultr/index.ts";
import { type FixedAddress, fixedAddress } from "./fixed-address.ts";
import { WAIT_SCALE } from "./harness.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1vc3RseUZha2VLZXlGb3JUZXN0c09ubHkxMjM0NTY3 t@t";
const context = (): HandlerContext => ({
  urn: "urn:pulumi:s::p::t::n",
  preview: false,
  signal: AbortSignal.timeout(20_000),
  log: () => {},
});

/** A machine on the cloud, and the type that adopts it by a written state entry. */
interface Machine {
  handler: ResourceHandler;
  id: string;
  declared: PropertyMap;
  createOnly: string[];
}

async function connect(name: StandinName, env: Record<string, string>): Promise<Map<string, ResourceHandler>> {
  const standin = await standinPackage(name, { ...env, FLEETWRIGHT_STANDIN_WAIT_SCALE: WAIT_SCALE });
  await standin.configure?.({});
  return new Map(standin.handlers.map((handler) => [handler.type, handler]));
}

async function make(handler: ResourceHandler, declared: PropertyMap): Promise<string> {
  const { inputs, failures } = await handler.check(declared, undefined);
  expect(failures).toEqual([]);
  return (await handler.create(inputs, context())).id;
}

/** Inputs with the plugin's defaults, and outputs as somebody would write them from these. */
async function recipe(machine: Machine): Promise<{ inputs: PropertyMap; outputs: PropertyMap }> {
  const { inputs } = await machine.handler.check(machine.declared, undefined);
  const { __defaults: _, ...outputs } = inputs;
  return { inputs, outputs: { ...outputs, id: machine.id } };
}

/** What a preview of the declared machine says to an entry: "same", "update: …", "replace: …" or "error: …". */
async function preview(
  { handler, id, declared, createOnly }: Machine,
  entry: { inputs: PropertyMap; outputs: PropertyMap },
  { refresh = true, ignore = false } = {},
): Promise<string> {
  const found = refresh ? await handler.read(id, entry, context()) : entry;
  if (!found) return "gone";
  const ignored = (news: PropertyMap) => (ignore ? ignoreChanges(found.inputs, news, createOnly) : news);
  const { inputs, failures } = await handler.check(ignored(declared), found.inputs);
  if (failures.length > 0) return `error: ${failures.map((failure) => failure.path).join(" ")}`;
  const { changes } = await handler.diff(id, found, ignored(inputs));
  const names = (entries: [string, object][]) =>
    [...new Set(entries.map(([path]) => path.split(/[.[]/)[0]))].sort().join(" ");
  const replaces = Object.entries(changes).filter(([, change]) => change.replace);
  if (replaces.length > 0) return `replace: ${names(replaces)}`;
  return Object.keys(changes).length > 0 ? `update: ${names(Object.entries(changes))}` : "same";
}

const simulators: Simulator[] = [];
const addresses: FixedAddress[] = [];
const machines: Partial<Record<StandinName, Machine>> = {};

beforeAll(async () => {
  const linode = await startLinode({ provisionMs: 20, rateScale: 0 });
  const digitalocean = await startDigitalOcean({ provisionMs: 20, rateScale: 0 });
  simulators.push(linode, digitalocean);

  const linodeTypes = await connect("linode", { LINODE_URL: linode.url, LINODE_TOKEN });
  const instance = linodeTypes.get("linode:index/instance:Instance")!;
  const declaredInstance: PropertyMap = {
    label: "node-1",
    region: "us-east",
    type: "g6-nanode-1",
    image: "linode/ubuntu24.04",
    booted: true,
    tags: ["web", "fleet"],
    authorizedKeys: [KEY],
    metadatas: [{ userData: "I2Nsb3VkLWNvbmZpZwo=" }],
  };
  machines.linode = {
    handler: instance,
    id: await make(instance, declaredInstance),
    declared: declaredInstance,
    createOnly: ["image", "authorizedKeys", "metadatas"],
  };

  const types = await connect("digitalocean", { DIGITALOCEAN_API_URL: digitalocean.url, DIGITALOCEAN_TOKEN });
  const key = await make(types.get("digitalocean:index/sshKey:SshKey")!, { name: "k1", publicKey: KEY });
  const droplet = types.get("digitalocean:index/droplet:Droplet")!;
  const declaredDroplet: PropertyMap = {
    name: "node-1",
    region: "nyc3",
    size: "s-1vcpu-1gb",
    image: "ubuntu-24-04-x64",
    ipv6: true,
    monitoring: true,
    sshKeys: [key],
    tags: ["web", "fleet"],
    userData: "#cloud-config\n",
  };
  machines.digitalocean = {
    handler: droplet,
    id: await make(droplet, declaredDroplet),
    declared: declaredDroplet,
    createOnly: ["image", "sshKeys", "userData"],
  };

  const equinix = await startEquinix({ provisionMs: 20, rateScale: 0 });
  const address = await fixedAddress("api.equinix.com", equinix.url);
  simulators.push(equinix);
  addresses.push(address);
  const metalTypes = await connect("equinix-metal", { ...address.environment, METAL_AUTH_TOKEN: EQUINIX_TOKEN });
  const metalKey = await make(metalTypes.get("equinix-metal:index/projectSshKey:ProjectSshKey")!, {
    name: "k1",
    projectId: EQUINIX_PROJECT,
    publicKey: KEY,
  });
  const device = metalTypes.get("equinix-metal:index/device:Device")!;
  const declaredDevice: PropertyMap = {
    hostname: "node-1",
    plan: "c3.small.x86",
    metro: "da",
    operatingSystem: "ubuntu_22_04",
    billingCycle: "hourly",
    projectId: EQUINIX_PROJECT,
    projectSshKeyIds: [metalKey],
    tags: ["web", "fleet"],
    userData: "#cloud-config\n",
  };
  machines["equinix-metal"] = {
    handler: device,
    id: await make(device, declaredDevice),
    declared: declaredDevice,
    createOnly: ["operatingSystem", "projectSshKeyIds", "userData"],
  };

  const vultr = await startVultr({ provisionMs: 20, rateScale: 0 });
  const vultrAddress = await fixedAddress("api.vultr.com", vultr.url);
  simulators.push(vultr);
  addresses.push(vultrAddress);
  const vultrTypes = await connect("vultr", { ...vultrAddress.environment, VULTR_API_KEY });
  const vultrKey = await make(vultrTypes.get("vultr:index/sSHKey:SSHKey")!, { name: "k1", sshKey: KEY });
  const vultrInstance = vultrTypes.get("vultr:index/instance:Instance")!;
  const declaredVultr: PropertyMap = {
    region: "ewr",
    plan: "vc2-1c-1gb",
    label: "node-1",
    osId: 2284,
    enableIpv6: true,
    backups: "disabled",
    sshKeyIds: [vultrKey],
    tags: ["web", "fleet"],
    userData: "#cloud-config\n",
  };
  machines.vultr = {
    handler: vultrInstance,
    id: await make(vultrInstance, declaredVultr),
    declared: declaredVultr,
    createOnly: ["osId", "sshKeyIds", "userData"],
  };
}, 30_000);

afterAll(async () => {
  for (const address of addresses) await address.close();
  for (const simulator of simulators) await simulator.close();
});

/** The rows that the real plugins were seen to give. */
const ROWS = {
  linode: {
    recipe: "same",
    "declared inputs only": "update: migrationType resizeDisk",
    "declared inputs only, ignoring": "update: migrationType resizeDisk",
    "outputs only id": "replace: authorizedKeys image metadatas",
    "outputs only id, ignoring": "update: migrationType resizeDisk",
    empty: "replace: authorizedKeys image metadatas",
    "empty, ignoring": "update: migrationType resizeDisk",
    "inputs empty": "same",
    // "inputs empty, ignoring" is "same" with the real plugin, which ignores the paths itself; an entry without inputs is not what we write.
    "least outputs": "same",
    "least outputs, ignoring": "same",
    "recipe, no refresh": "replace: ipv4s",
  },
  digitalocean: {
    recipe: "same",
    "declared inputs only": "update: gracefulShutdown resizeDisk",
    "declared inputs only, ignoring": "update: gracefulShutdown resizeDisk",
    "outputs only id": "replace: image sshKeys userData",
    "outputs only id, ignoring": "error: image",
    empty: "replace: sshKeys userData",
    "empty, ignoring": "same",
    "inputs empty": "same",
    "inputs empty, ignoring": "error: image",
    "least outputs": "same",
    "least outputs, ignoring": "same",
    "recipe, no refresh": "update: backups gracefulShutdown volumeIds",
  },
  "equinix-metal": {
    recipe: "same",
    "declared inputs only": "same",
    "declared inputs only, ignoring": "same",
    "outputs only id": "replace: projectSshKeyIds userData",
    "outputs only id, ignoring": "same",
    empty: "replace: projectSshKeyIds userData",
    "empty, ignoring": "same",
    "inputs empty": "same",
    "inputs empty, ignoring": "error: operatingSystem",
    "least outputs": "same",
    "least outputs, ignoring": "same",
    "recipe, no refresh": "same",
  },
  vultr: {
    recipe: "same",
    "declared inputs only": "same",
    "declared inputs only, ignoring": "same",
    "outputs only id": "replace: sshKeyIds userData",
    "outputs only id, ignoring": "update: enableIpv6 label",
    empty: "replace: sshKeyIds userData",
    "empty, ignoring": "update: enableIpv6 label",
    "inputs empty": "same",
    "least outputs": "same",
    "least outputs, ignoring": "same",
    "recipe, no refresh": "same",
  },
} satisfies Partial<Record<StandinName, Record<string, string>>>;
const LEAST = {
  linode: {
    always: ["image", "authorizedKeys", "metadatas", "migrationType", "resizeDisk"],
    ignoring: ["migrationType", "resizeDisk"],
  },
  digitalocean: { always: ["image", "sshKeys", "userData", "resizeDisk"], ignoring: ["image", "resizeDisk"] },
  "equinix-metal": { always: ["projectSshKeyIds", "userData"], ignoring: [] },
  vultr: { always: ["sshKeyIds", "userData", "label", "enableIpv6"], ignoring: ["label", "enableIpv6"] },
} satisfies Record<keyof typeof ROWS, { always: string[]; ignoring: string[] }>;
/** An id that no machine has. */
const UNKNOWN_ID = {
  linode: "999999",
  digitalocean: "999999",
  "equinix-metal": "00000000-0000-4000-8000-000000000000",
  vultr: "00000000-0000-4000-8000-000000000000",
};

describe.each(Object.keys(ROWS) as (keyof typeof ROWS)[])(
  "adopting a machine by a written entry, as the real %s plugin was seen to",
  (cloud) => {
    it.each(Object.entries(ROWS[cloud]))("%s: %s", async (row, verdict) => {
      const machine = machines[cloud]!;
      const { inputs, outputs } = await recipe(machine);
      const { id, declared } = machine;
      const pick = (names: string[]) => ({ id, ...Object.fromEntries(names.map((name) => [name, outputs[name]!])) });
      const ignore = row.endsWith(", ignoring");
      const entries: Record<string, { inputs: PropertyMap; outputs: PropertyMap }> = {
        recipe: { inputs, outputs },
        "declared inputs only": { inputs: declared, outputs: { ...declared, id } },
        "outputs only id": { inputs, outputs: { id } },
        empty: { inputs: {}, outputs: {} },
        "inputs empty": { inputs: {}, outputs },
        "least outputs": { inputs, outputs: pick(ignore ? LEAST[cloud].ignoring : LEAST[cloud].always) },
        "recipe, no refresh": { inputs, outputs },
      };

      const shown = await preview(machine, entries[row.replace(", ignoring", "")]!, {
        ignore,
        refresh: !row.endsWith("no refresh"),
      });

      expect(shown).toBe(verdict);
    });

    it("reads by the id that it goes by, and tells gone from a 404 alone", async () => {
      const machine = machines[cloud]!;
      const { inputs, outputs } = await recipe(machine);
      const unknown = UNKNOWN_ID[cloud];
      const read = async (id: string, stated: PropertyMap) =>
        (await machine.handler.read(id, { inputs, outputs: stated }, context()))?.id;

      const other = { ...outputs, id: unknown };
      if (cloud === "equinix-metal" || cloud === "vultr") expect(await read(machine.id, other)).toBe(machine.id);
      else expect(await read(unknown, outputs)).toBe(machine.id);
      expect(await read(unknown, {})).toBeUndefined();
    });
  },
);
