import type { ServerPatch } from "../control.ts";
import { markIn } from "../mark.ts";
import type { SimulatedServer } from "../simulator.ts";
import { METROS, PLANS, SYSTEMS } from "./catalog.ts";
import type { Machines } from "./machines.ts";
import type { Device, DeviceState, EquinixWorld } from "./world.ts";

/** Out-of-band access: nothing is checked against the stock, and nothing takes time. */
export class EquinixControl {
  #world: EquinixWorld;
  #machines: Machines;

  constructor(world: EquinixWorld, machines: Machines) {
    this.#world = world;
    this.#machines = machines;
  }

  servers(): SimulatedServer[] {
    return this.#world.devices.values().map(serverView);
  }

  addForeign(patch: ServerPatch): SimulatedServer {
    const { size = "c3.small.x86", region = "da", image = "debian_12" } = patch;
    const device = this.#machines.add(
      {
        hostname: patch.name ?? `foreign-${this.#world.ids.hex(6)}`,
        description: "",
        plan: find(PLANS, size, "plan"),
        metro: find(METROS, region, "metro"),
        system: find(SYSTEMS, image, "operating system"),
        billingCycle: "hourly",
        tags: patch.tags ?? [],
        userdata: "",
        keyIds: [],
        alwaysPxe: false,
        ipxeScriptUrl: "",
        locked: false,
        addresses: [
          { family: 4, public: true },
          { family: 6, public: true },
          { family: 4, public: false },
        ],
      },
      stateOf(patch.power ?? "running"),
    );
    return serverView(device);
  }

  change(id: string, patch: ServerPatch): SimulatedServer | undefined {
    const device = this.#world.devices.get(id);
    if (!device) return undefined;
    const plan = patch.size === undefined ? device.plan : find(PLANS, patch.size, "plan");
    const metro = patch.region === undefined ? device.metro : find(METROS, patch.region, "metro");
    const system = patch.image === undefined ? device.system : find(SYSTEMS, patch.image, "operating system");
    const state = patch.power === undefined ? device.state : stateOf(patch.power);
    this.#machines.halt(device);
    Object.assign(device, { plan, metro, system, state });
    if (patch.name !== undefined) device.hostname = patch.name;
    if (patch.tags !== undefined) device.tags = patch.tags;
    this.#world.devices.changed(device);
    return serverView(device);
  }

  remove(id: string): boolean {
    const device = this.#world.devices.get(id);
    if (device) this.#machines.remove(device);
    return device !== undefined;
  }
}

function find<T>(all: ReadonlyMap<string, T>, name: string, what: string): T {
  const found = all.get(name);
  if (!found) throw new Error(`no ${what} ${name}; there are ${[...all.keys()].join(", ")}`);
  return found;
}

function stateOf(power: SimulatedServer["power"]): DeviceState {
  if (power === "suspended") throw new Error("a device cannot be suspended");
  return power === "running" ? "active" : "inactive";
}

function serverView(device: Device): SimulatedServer {
  const mark = markIn(device.tags);
  return {
    id: device.id,
    name: device.hostname,
    tags: device.tags,
    size: device.plan.slug,
    region: device.metro.code,
    image: device.system.slug,
    power: device.state === "active" ? "running" : "stopped",
    status: device.state,
    ...(mark === undefined ? {} : { mark }),
  };
}
