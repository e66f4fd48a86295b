import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import { type Instance, isInstance, isKeyPair, type KeyPair, type VmEvent } from "./answers.ts";
import { findEnvironment } from "./environments.ts";
import { fieldOf, hyperstack, hyperstackList, invalidAnswer } from "./http.ts";
import { relabel, sameSet } from "./labels.ts";
import { existing, firewallsOf, hasPublicIp, MACHINES, powerOf, settled } from "./machines.ts";

/** Checked inputs of a VirtualMachine. */
export interface Machine {
  mark: string;
  name: string;
  region: string;
  environment: string;
  flavor: string;
  image: string;
  key?: string;
  keyName?: string;
  userData?: string;
  publicIp: boolean;
  portRandomization: boolean;
  bootableVolume: boolean;
  labels: string[];
  firewalls: string[];
}

/** Asks for one machine, once. Its mark is among the labels. */
export async function requestMachine(machine: Machine, call: Call): Promise<Instance> {
  const environment = await findEnvironment(call, machine.environment, machine.region);
  const { body } = await hyperstack(call, {
    method: "POST",
    path: MACHINES,
    json: {
      name: machine.name,
      environment_name: environment.name,
      flavor_name: machine.flavor,
      image_name: machine.image,
      key_name: machine.keyName ?? (await keyNameOf(machine, call)),
      count: 1,
      assign_floating_ip: machine.publicIp,
      enable_port_randomization: machine.portRandomization,
      create_bootable_volume: machine.bootableVolume,
      labels: machine.labels,
      ...(machine.userData === undefined ? {} : { user_data: machine.userData }),
    },
  });
  const instances = fieldOf(body, "instances");
  const made = Array.isArray(instances) && instances.length === 1 ? instances[0] : undefined;
  if (!Number.isInteger(fieldOf(made, "id"))) throw invalidAnswer(call, "POST", MACHINES, "it is not one machine");
  // The answer may lack what is not settled yet; a reading has it.
  return isInstance(made) ? made : existing(String(fieldOf(made, "id")), call);
}

/** A machine is made with the name of its key, and a key pair can only be told by a list. */
async function keyNameOf({ key, name }: Machine, call: Call): Promise<string> {
  if (key === undefined) throw new FleetError("FLEET_INVALID", `${name}: a machine on Hyperstack needs a key`, {});
  const pairs = await hyperstackList<KeyPair>(call, "/core/keypairs", "keypairs", isKeyPair);
  const found = pairs.find(({ id }) => String(id) === key);
  if (found) return found.name;
  throw new FleetError("FLEET_INVALID", `${name}: there is no key pair ${key} any more`, { cloud: "hyperstack", key });
}

/** Why a machine is of no use, in the words of its last event; undefined when it is not in error. */
export async function machineProblem(instance: Instance, call: Call): Promise<FleetError | undefined> {
  if (instance.status !== "ERROR") return undefined;
  const { body } = await hyperstack(call, { method: "GET", path: `${MACHINES}/${instance.id}/events` });
  const events = fieldOf(body, "instance_events");
  const told = (Array.isArray(events) ? (events as VmEvent[]) : [])
    .sort((a, b) => ((a.time ?? "") < (b.time ?? "") ? 1 : -1))
    .map(({ message, reason }) => [reason, message].filter(Boolean).join(": "))[0];
  const message = `machine ${instance.id} is in error${told ? ` (${told})` : ""}: raise \`rebuild\` to make it anew`;
  return new FleetError("CLOUD_REFUSED", message, { cloud: "hyperstack", server: String(instance.id) });
}

/** Brings a machine that stands still to what is declared, and only where it differs. */
export async function converge(instance: Instance, machine: Machine, call: Call): Promise<Instance> {
  const id = String(instance.id);
  const path = `${MACHINES}/${id}`;
  await relabel(instance, machine.labels, call);
  if (instance.flavor.name !== machine.flavor) await resize(instance, machine.flavor, call);
  const attached = await firewallsOf(instance, call);
  if (!sameSet(attached, machine.firewalls)) {
    // The whole list of the machine: what is not in it is detached.
    const json = { firewalls: machine.firewalls.map(Number) };
    await hyperstack(call, { method: "POST", path: `${path}/attach-firewalls`, json, idempotent: true });
    await poll(call, `the firewalls of machine ${id}`, async () =>
      sameSet(await firewallsOf(instance, call), machine.firewalls) ? true : undefined,
    );
  }
  if (hasPublicIp(instance) !== machine.publicIp) await setPublicIp(instance, machine.publicIp, call);
  return settled(id, call);
}

/** Waits until it is done, because a resize that is under way refuses everything else. */
async function resize(instance: Instance, flavor: string, call: Call): Promise<void> {
  const id = String(instance.id);
  if (powerOf(instance) === "suspended") {
    const message = `machine ${id} is hibernated, and Hyperstack resizes none that is: resume it first`;
    throw new FleetError("CLOUD_REFUSED", message, { cloud: "hyperstack", server: id });
  }
  try {
    const path = `${MACHINES}/${id}/resize`;
    await hyperstack(call, { method: "POST", path, json: { flavor_name: flavor }, idempotent: false });
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== "CLOUD_REFUSED") throw error;
    const message = `${error.message}; raising \`rebuild\` makes the machine anew with ${flavor}`;
    throw new FleetError(error.code, message, error.at, { cause: error });
  }
  let begun = false;
  await poll(call, `the resize of machine ${id}`, async () => {
    const now = await existing(id, call);
    const changing = powerOf(now) === "changing";
    begun ||= changing;
    if (!changing && now.flavor.name === flavor) return true;
    if (changing || !begun) return undefined;
    throw (
      (await machineProblem(now, call)) ??
      new FleetError("CLOUD_REFUSED", `Hyperstack gave up the resize of machine ${id} to ${flavor}`, { server: id })
    );
  });
}

async function setPublicIp(instance: Instance, wanted: boolean, call: Call): Promise<void> {
  const id = String(instance.id);
  const action = wanted ? "attach-floatingip" : "detach-floatingip";
  await hyperstack(call, { method: "POST", path: `${MACHINES}/${id}/${action}`, idempotent: false });
  await poll(call, `the public address of machine ${id}`, async () =>
    hasPublicIp(await existing(id, call)) === wanted ? true : undefined,
  );
}
