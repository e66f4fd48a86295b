import type { ServerPatch } from "../control.ts";
import { markIn } from "../mark.ts";
import type { SimulatedServer } from "../simulator.ts";
import { FLAVORS, type Flavor, REGIONS } from "./catalog.ts";
import type { Machines } from "./machines.ts";
import { findImage } from "./views.ts";
import type { Environment, HyperstackWorld, Instance, SteadyStatus } from "./world.ts";

const STATUS_OF: Record<SimulatedServer["power"], SteadyStatus> = {
  running: "ACTIVE",
  stopped: "SHUTOFF",
  suspended: "HIBERNATED",
};

/** Out-of-band access: no uniqueness of names, no time taken. */
export class HyperstackControl {
  #world: HyperstackWorld;
  #machines: Machines;

  constructor(world: HyperstackWorld, machines: Machines) {
    this.#world = world;
    this.#machines = machines;
  }

  servers(): SimulatedServer[] {
    return this.#world.instances.values().map(serverView);
  }

  addForeign(patch: ServerPatch): SimulatedServer {
    const { size = "n3-L40x1", region = "CANADA-1", image = "Debian 12" } = patch;
    const environment = this.#environmentIn(region);
    if (!findImage(image, region)) throw new Error(`no image ${image} in ${region}`);
    const wanted = {
      name: patch.name ?? `foreign-${this.#world.ids.hex(6)}`,
      environment,
      flavor: flavorOf(size),
      image,
      keyName: "by-hand",
      wantsPublicIp: true,
      portRandomization: false,
      labels: patch.tags ?? [],
      rules: [],
    };
    return serverView(this.#machines.add(wanted, STATUS_OF[patch.power ?? "running"]));
  }

  change(id: string, patch: ServerPatch): SimulatedServer | undefined {
    const instance = this.#world.instances.get(id);
    if (!instance) return undefined;
    this.#machines.halt(instance);
    if (patch.name !== undefined) instance.name = patch.name;
    if (patch.size !== undefined) instance.flavor = flavorOf(patch.size);
    if (patch.region !== undefined) instance.environment = this.#environmentIn(patch.region);
    if (patch.image !== undefined) instance.image = patch.image;
    if (patch.tags !== undefined) instance.labels = patch.tags;
    if (patch.power !== undefined) instance.status = instance.steady = STATUS_OF[patch.power];
    this.#world.instances.changed(instance);
    return serverView(instance);
  }

  remove(id: string): boolean {
    const instance = this.#world.instances.get(id);
    if (instance) this.#machines.remove(instance);
    return instance !== undefined;
  }

  #environmentIn(region: string): Environment {
    const found = this.#world.environments.values().find((environment) => environment.region === region);
    if (!found) throw new Error(`no region ${region}; there are ${REGIONS.map(({ name }) => name).join(", ")}`);
    return found;
  }
}

function flavorOf(name: string): Flavor {
  const flavor = FLAVORS.get(name);
  if (!flavor) throw new Error(`no size ${name}; there are ${[...FLAVORS.keys()].join(", ")}`);
  return flavor;
}

function serverView(instance: Instance): SimulatedServer {
  const mark = markIn(instance.labels);
  const { steady } = instance;
  return {
    id: String(instance.id),
    name: instance.name,
    tags: instance.labels,
    size: instance.flavor.name,
    region: instance.environment.region,
    image: instance.image,
    power: steady === "ACTIVE" ? "running" : steady === "HIBERNATED" ? "suspended" : "stopped",
    status: instance.status,
    ...(mark === undefined ? {} : { mark }),
  };
}
