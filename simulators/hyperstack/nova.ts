import { PROJECT, plainServer } from "../openstack/seed.ts";
import type { Host, SimServer, VmState, World } from "../openstack/world.ts";
import type { Flavor } from "./catalog.ts";
import type { Instance } from "./world.ts";

/** Hosts that the simulated Hyperstack is given stand in aggregates of such names. */
const GIVEN = /-runpod$/;

const STATES: Readonly<Record<string, Pick<SimServer, "vm" | "task">>> = {
  CREATING: { vm: "building", task: "scheduling" },
  BUILD: { vm: "building", task: "spawning" },
  ACTIVE: { vm: "active", task: null },
  STARTING: { vm: "stopped", task: "powering-on" },
  STOPPING: { vm: "active", task: "powering-off" },
  SHUTOFF: { vm: "stopped", task: null },
  REBOOTING: { vm: "active", task: "rebooting_hard" },
  HIBERNATED: { vm: "shelved_offloaded", task: null },
  DELETING: { vm: "active", task: "deleting" },
  ERROR: { vm: "error", task: null },
};

/**
 * The OpenStack below a Hyperstack: each machine is a server of nova there, of the same name and state, on a host that Hyperstack was given and that has
 * no other.
 */
export class Nova {
  readonly #world: World;
  readonly #servers = new Map<number, string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Makes the machine's server; false when no host is free. */
  place(instance: Instance): boolean {
    const world = this.#world;
    const host = this.#freeHost(instance.flavor);
    if (host === undefined) return false;
    const server = plainServer(
      world,
      {
        name: instance.name,
        flavor: this.#flavor(instance.flavor),
        host: host.name,
        ...stateOf(instance),
        launchedAt: null,
      },
      world.clock.now(),
    );
    const [network] = world.usableNetworks(PROJECT.id);
    const deviceOwner = `compute:${world.zoneOf(host.name)}`;
    if (network) world.addPort(network, PROJECT.id, { device: server.id, deviceOwner, ofServer: true });
    world.servers.add(server);
    this.#servers.set(instance.id, server.id);
    return true;
  }

  follow(instance: Instance): void {
    const server = this.#serverOf(instance);
    if (server === undefined) return;
    const now = this.#world.clock.now();
    Object.assign(server, stateOf(instance), { flavor: this.#flavor(instance.flavor), updatedAt: now });
    if (server.vm === "active") server.launchedAt ??= now;
    this.#world.servers.changed(server);
  }

  remove(instance: Instance): void {
    const server = this.#serverOf(instance);
    if (server !== undefined) this.#world.removeServer(server);
    this.#servers.delete(instance.id);
  }

  #serverOf({ id }: Instance): SimServer | undefined {
    return this.#world.servers.get(this.#servers.get(id) ?? "");
  }

  /** The first by name of those that are up, have such processors and no server. */
  #freeHost({ gpu, gpuCount }: Flavor): Host | undefined {
    const { hosts, aggregates, servers } = this.#world;
    const taken = new Set(servers.values().map(({ host }) => host));
    const given = new Set([...aggregates.values()].flatMap((one) => (GIVEN.test(one.name) ? one.hosts : [])));
    const has = ({ gpus }: Host) =>
      Object.entries(gpus).some(([name, count]) => gpu.startsWith(name) && count >= gpuCount);
    return [...hosts.values()]
      .filter((host) => given.has(host.name) && host.up && !host.disabled && !taken.has(host.name) && has(host))
      .sort((a, b) => (a.name < b.name ? -1 : 1))[0];
  }

  #flavor({ name, gpu, gpuCount, cpu, ram, disk }: Flavor): SimServer["flavor"] {
    const { flavors, ids } = this.#world;
    const found = [...flavors.values()].find((flavor) => flavor.name === name);
    if (found) return found;
    const extraSpecs: Record<string, string> = gpuCount > 0 ? { "pci_passthrough:alias": `${gpu}:${gpuCount}` } : {};
    const flavor = { id: ids.uuid(), name, vcpus: cpu, ram: ram * 1024, disk, extraSpecs };
    flavors.set(flavor.id, flavor);
    return flavor;
  }
}

function stateOf({ status }: Instance): { vm: VmState; task: string | null } {
  return STATES[status] ?? { vm: "active", task: null };
}
