import type { ActualServer } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import type { PowerState } from "../spec.ts";
import { type Firewall, type Instance, isFirewall, isInstance } from "./answers.ts";
import { environmentOf } from "./environments.ts";
import { hyperstackList, hyperstackObject } from "./http.ts";
import { markOf } from "./names.ts";

export const MACHINES = "/core/virtual-machines";
export const FIREWALLS = "/core/firewalls";

/** Hyperstack's words for a machine that stays as it is; every other word but ERROR means that it is at work on it. */
const STEADY: Readonly<Record<string, PowerState>> = {
  ACTIVE: "running",
  SHUTOFF: "stopped",
  HIBERNATED: "suspended",
};

/** A machine in error is in none of these; whether it runs is then told by its power state alone. */
export function powerOf({ status, power_state: power }: Instance): PowerState | "changing" {
  if (status === "ERROR") return power === "RUNNING" ? "running" : "stopped";
  return STEADY[status] ?? "changing";
}

export function listInstances(call: Call): Promise<Instance[]> {
  return hyperstackList<Instance>(call, MACHINES, "instances", isInstance);
}

/** @throws {FleetError} FLEET_INVALID for what is no id of Hyperstack's */
export async function readInstance(id: string, call: Call): Promise<Instance | undefined> {
  if (!/^\d{1,15}$/.test(id)) {
    const message = `"${id}" is no id of a machine on Hyperstack: these are numbers`;
    throw new FleetError("FLEET_INVALID", message, { cloud: "hyperstack", server: id });
  }
  return hyperstackObject<Instance>(call, `${MACHINES}/${id}`, "instance", isInstance);
}

/** The machine once Hyperstack is not at work on it. @throws {FleetError} NOT_FOUND, DEADLINE */
export async function settled(id: string, call: Call): Promise<Instance> {
  return poll(call, `Hyperstack to be done with machine ${id}`, async () => {
    const instance = await existing(id, call);
    return powerOf(instance) === "changing" ? undefined : instance;
  });
}

/** @throws {FleetError} NOT_FOUND */
export async function existing(id: string, call: Call): Promise<Instance> {
  const instance = await readInstance(id, call);
  if (instance) return instance;
  throw new FleetError("NOT_FOUND", `machine ${id} is gone`, { cloud: "hyperstack", server: id });
}

/** Ids of the firewalls that are attached to a machine, which only the firewalls tell. */
export async function firewallsOf(instance: Instance, call: Call): Promise<string[]> {
  const query = { environment: instance.environment.name };
  const all = await hyperstackList<Firewall>(call, FIREWALLS, "firewalls", isFirewall, query);
  return all
    .filter(({ attachments }) => attachments.some(({ vm }) => vm.id === instance.id))
    .map(({ id }) => String(id))
    .sort();
}

export function actualServer(instance: Instance, call: Call): ActualServer {
  const { environment, flavor, labels } = instance;
  const mark = markOf(labels);
  const createdAt = instantOf(instance.created_at);
  const image = instance.image?.name;
  return {
    id: String(instance.id),
    name: instance.name,
    ...(mark === undefined ? {} : { mark }),
    power: powerOf(instance),
    status: instance.status,
    size: flavor.name,
    region: environment.region,
    ...(image ? { image } : {}),
    ipv4: [instance.floating_ip, instance.fixed_ip].filter((address): address is string => !!address),
    ipv6: [],
    vcpus: flavor.cpu,
    memoryMiB: Math.round(flavor.ram * 1024),
    diskGiB: flavor.disk,
    tags: [...labels].sort(),
    ...(createdAt === undefined ? {} : { createdAt }),
    options: optionsOf(instance, call),
  };
}

function optionsOf(instance: Instance, call: Call): Record<string, unknown> {
  const { name, region } = instance.environment;
  const key = instance.keypair?.name;
  const elsewhere = name !== environmentOf(call.account.spec.options, region);
  return {
    publicIp: hasPublicIp(instance),
    ...(instance.port_randomization === true ? { portRandomization: true } : {}),
    // The fleet's own pairs are others: its file names the one that the machine has.
    ...(key ? { keyName: key } : {}),
    ...(elsewhere ? { environment: name } : {}),
  };
}

export function hasPublicIp({ floating_ip: address }: Instance): boolean {
  return typeof address === "string" && address !== "";
}

/** Times are UTC without saying so. */
function instantOf(time: string | null | undefined): string | undefined {
  if (!time) return undefined;
  const instant = new Date(/Z|[+-]\d\d:?\d\d$/.test(time) ? time : `${time}Z`);
  return Number.isNaN(instant.getTime()) ? undefined : instant.toISOString();
}
