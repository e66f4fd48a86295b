import type { Wanted } from "./create.ts";
import { invalid } from "./errors.ts";
import type { BareMetal, Instance, VultrWorld } from "./world.ts";

/** Share of the provisioning time until an instance has its addresses and is installed on. */
const NETWORK_SHARE = 0.5;
const NO_SCHEDULE = { type: "daily", hour: 0, dow: 1, dom: 1 };

export type InstanceExtras = Pick<Instance, "backups" | "ddos" | "publicV4" | "groupId">;

/** The life of machines: what takes time, and what is refused meanwhile. */
export class Machines {
  readonly #world: VultrWorld;
  readonly #work = new Map<string, () => void>();

  constructor(world: VultrWorld) {
    this.#world = world;
  }

  createInstance(wanted: Wanted, extras: InstanceExtras): Instance {
    const world = this.#world;
    const instance = this.addInstance(wanted, extras);
    Object.assign(instance, { status: "pending", server: "none" });
    world.instances.changed(instance);
    this.#after(instance.id, world.provisionMs * NETWORK_SHARE, () => {
      instance.status = "active";
      this.#install(instance, world.provisionMs * (1 - NETWORK_SHARE));
    });
    return instance;
  }

  /** Puts an instance there, running. */
  addInstance(wanted: Wanted, extras: InstanceExtras): Instance {
    const world = this.#world;
    return world.instances.add({
      ...wanted,
      ...extras,
      id: world.ids.uuid(),
      createdMs: world.clock.now(),
      status: "active",
      power: "running",
      server: "ok",
      schedule: { ...NO_SCHEDULE },
      addresses: world.address(),
    });
  }

  createMetal(wanted: Wanted): BareMetal {
    const metal = this.addMetal(wanted);
    metal.status = "pending";
    this.#world.metals.changed(metal);
    this.#after(metal.id, this.#world.metalProvisionMs, () => {
      metal.status = "active";
      this.#world.metals.changed(metal);
    });
    return metal;
  }

  addMetal(wanted: Wanted): BareMetal {
    const world = this.#world;
    return world.metals.add({
      ...wanted,
      id: world.ids.uuid(),
      createdMs: world.clock.now(),
      status: "active",
      isOn: true,
      addresses: world.address(),
      mac: 0x020000000000 + world.ids.below(2 ** 32),
    });
  }

  /** Off, on, or off and on again; starting what runs restarts it. @throws {VultrError} 400 while it is being made */
  switchInstance(instance: Instance, command: "start" | "halt" | "reboot"): void {
    const world = this.#world;
    this.#mustBeReady(instance.status);
    const stop = command === "halt" || instance.power === "running";
    if (command !== "halt" && stop) {
      instance.power = "stopped";
      world.instances.changed(instance);
    }
    this.#after(instance.id, world.actionMs, () => {
      instance.power = command === "halt" ? "stopped" : "running";
      instance.server = "ok";
      world.instances.changed(instance);
    });
  }

  /** As `switchInstance`; nothing shows it. */
  switchMetal(metal: BareMetal, command: "start" | "halt" | "reboot"): void {
    this.#mustBeReady(metal.status);
    metal.isOn = command !== "halt";
  }

  /** Restarts the instance with more of everything. */
  resize(instance: Instance, plan: string): void {
    const world = this.#world;
    this.#mustBeReady(instance.status);
    Object.assign(instance, { status: "resizing", server: "locked" });
    world.instances.changed(instance);
    this.#after(instance.id, world.actionMs, () => {
      Object.assign(instance, { plan, status: "active", server: "ok" });
      world.instances.changed(instance);
    });
  }

  reinstall(instance: Instance): void {
    this.#mustBeReady(instance.status);
    instance.power = "running";
    this.#install(instance, this.#world.actionMs);
  }

  /** Ends whatever is going on with a machine, as if it had not begun. */
  halt(id: string): void {
    this.#work.get(id)?.();
    this.#work.delete(id);
  }

  remove(machine: Instance | BareMetal): void {
    this.halt(machine.id);
    this.#world.instances.delete(machine.id);
    this.#world.metals.delete(machine.id);
  }

  #install(instance: Instance, ms: number): void {
    instance.server = "installingbooting";
    this.#world.instances.changed(instance);
    this.#after(instance.id, ms, () => {
      instance.server = "ok";
      this.#world.instances.changed(instance);
    });
  }

  #mustBeReady(status: string): void {
    if (status !== "active") throw invalid("The server is not ready for this yet.");
  }

  /** One piece of work at a time: a new one takes the place of what was going on. */
  #after(id: string, ms: number, finish: () => void): void {
    this.halt(id);
    const cancel = this.#world.clock.after(ms, () => {
      this.#work.delete(id);
      finish();
    });
    this.#work.set(id, cancel);
  }
}
