import type { ServerPatch } from "../control.ts";
import { markIn } from "../mark.ts";
import type { SimulatedServer } from "../simulator.ts";
import { APPLICATION_OS, APPLICATIONS, METAL_PLANS, PLANS, REGIONS, SYSTEMS } from "./catalog.ts";
import type { Machines } from "./machines.ts";
import type { BareMetal, Instance, Source, VultrWorld } from "./world.ts";

const METAL = "bare-metal/";

/** Out-of-band access: no validation of names, no time taken. Bare metal has `bare-metal/` before its id. */
export class VultrControl {
  readonly #world: VultrWorld;
  readonly #machines: Machines;

  constructor(world: VultrWorld, machines: Machines) {
    this.#world = world;
    this.#machines = machines;
  }

  servers(): SimulatedServer[] {
    return [...this.#world.instances.values().map(instanceServer), ...this.#world.metals.values().map(metalServer)];
  }

  addForeign(patch: ServerPatch): SimulatedServer {
    const { size = "vc2-1c-1gb", region = "ewr", image = "os:2136" } = patch;
    check({ size, region });
    const name = patch.name ?? `foreign-${this.#world.ids.hex(6)}`;
    const wanted = {
      ...sourceOf(image),
      region,
      plan: size,
      label: name,
      hostname: name,
      tags: patch.tags ?? [],
      ipv6: false,
      userData: "",
    };
    if (METAL_PLANS.has(size)) return metalServer(this.#machines.addMetal(wanted));
    const extras = { backups: false, ddos: false, publicV4: true, groupId: "" };
    const instance = this.#machines.addInstance(wanted, extras);
    switchTo(instance, patch.power);
    this.#world.instances.changed(instance);
    return instanceServer(instance);
  }

  change(id: string, patch: ServerPatch): SimulatedServer | undefined {
    check(patch);
    const source = patch.image === undefined ? {} : sourceOf(patch.image);
    const common = {
      ...source,
      ...(patch.name === undefined ? {} : { label: patch.name }),
      ...(patch.size === undefined ? {} : { plan: patch.size }),
      ...(patch.region === undefined ? {} : { region: patch.region }),
      ...(patch.tags === undefined ? {} : { tags: patch.tags }),
    };
    const metal = this.#world.metals.get(id.slice(METAL.length));
    if (id.startsWith(METAL) && metal) {
      Object.assign(metal, common);
      if (patch.power === "suspended") metal.status = "suspended";
      else if (patch.power !== undefined) Object.assign(metal, { status: "active", isOn: patch.power === "running" });
      this.#world.metals.changed(metal);
      return metalServer(metal);
    }
    const instance = this.#world.instances.get(id);
    if (!instance) return undefined;
    this.#machines.halt(id);
    Object.assign(instance, common);
    switchTo(instance, patch.power);
    this.#world.instances.changed(instance);
    return instanceServer(instance);
  }

  remove(id: string): boolean {
    const world = this.#world;
    const machine = id.startsWith(METAL) ? world.metals.get(id.slice(METAL.length)) : world.instances.get(id);
    if (machine) this.#machines.remove(machine);
    return machine !== undefined;
  }
}

function switchTo(instance: Instance, power: SimulatedServer["power"] | undefined): void {
  if (power === undefined) return;
  Object.assign(instance, { status: power === "suspended" ? "suspended" : "active", server: "ok" });
  if (power !== "suspended") instance.power = power;
}

function check({ size, region }: ServerPatch): void {
  if (size !== undefined && !PLANS.has(size) && !METAL_PLANS.has(size))
    throw new Error(`no plan ${size}; there are ${[...PLANS.keys(), ...METAL_PLANS.keys()].join(", ")}`);
  if (region !== undefined && !REGIONS.has(region))
    throw new Error(`no region ${region}; there are ${[...REGIONS.keys()].join(", ")}`);
}

/** `os:2136`, `app:17`, `marketplace:NAME`. */
function sourceOf(image: string): Source {
  const [scheme, name = ""] = image.split(":");
  if (scheme === "os" && SYSTEMS.has(Number(name))) return { osId: Number(name), appId: 0, imageId: "" };
  const application = APPLICATIONS.find(
    ({ id, imageId }) => `app:${id}` === image || `marketplace:${imageId}` === image,
  );
  if (!application) throw new Error(`no image ${image}`);
  return { osId: APPLICATION_OS, appId: application.id, imageId: application.imageId };
}

function imageOf({ osId, appId, imageId, snapshotId }: Source): string {
  if (snapshotId !== undefined) return `snapshot:${snapshotId}`;
  return imageId ? `marketplace:${imageId}` : appId ? `app:${appId}` : `os:${osId}`;
}

function common(machine: Instance | BareMetal) {
  const mark = markIn(machine.tags);
  return {
    name: machine.label,
    tags: machine.tags,
    size: machine.plan,
    region: machine.region,
    image: imageOf(machine),
    status: machine.status,
    ...(mark === undefined ? {} : { mark }),
  };
}

function instanceServer(instance: Instance): SimulatedServer {
  return {
    id: instance.id,
    ...common(instance),
    power: instance.status === "suspended" ? "suspended" : instance.power,
  };
}

function metalServer(metal: BareMetal): SimulatedServer {
  const power = metal.status === "suspended" ? "suspended" : metal.isOn ? "running" : "stopped";
  return { id: METAL + metal.id, ...common(metal), power };
}
