import { FLAVORS, type Flavor } from "./catalog.ts";
import { HyperstackError, missing, refuse } from "./errors.ts";
import type { Nova } from "./nova.ts";
import type { HyperstackWorld, Instance, SteadyStatus } from "./world.ts";

export type NewInstance = Pick<
  Instance,
  "name" | "environment" | "flavor" | "image" | "keyName" | "wantsPublicIp" | "portRandomization" | "labels" | "rules"
>;

/** Share of the provisioning time until a machine is being built. */
const ACCEPTED_SHARE = 0.3;

/** From which states an action is taken, what the machine says meanwhile, and what it comes to. */
const ACTIONS = {
  start: { from: ["SHUTOFF"], status: "STARTING", to: "ACTIVE" },
  stop: { from: ["ACTIVE", "ERROR"], status: "STOPPING", to: "SHUTOFF" },
  "hard-reboot": { from: ["ACTIVE", "ERROR"], status: "REBOOTING", to: "ACTIVE" },
  hibernate: { from: ["ACTIVE"], status: "HIBERNATING", to: "HIBERNATED" },
  "hibernate-restore": { from: ["HIBERNATED"], status: "RESTORING", to: "ACTIVE" },
} as const satisfies Record<string, { from: SteadyStatus[]; status: string; to: SteadyStatus }>;

export type Action = keyof typeof ACTIONS;
export const ACTION_NAMES = Object.keys(ACTIONS) as Action[];

/** The life of machines: each piece of work takes its time, in a state of its own. */
export class Machines {
  #world: HyperstackWorld;
  #work = new Map<number, () => void>();

  readonly #nova: Nova | undefined;

  /** With a nova each machine is a server there too. */
  constructor(world: HyperstackWorld, nova?: Nova) {
    this.#world = world;
    this.#nova = nova;
  }

  create(wanted: NewInstance): Instance {
    const world = this.#world;
    const instance = this.add(wanted, "ACTIVE");
    instance.status = "CREATING";
    instance.floatingIp = undefined;
    world.note(instance, "CREATE", "Creating", "The virtual machine is being created");
    if (this.#nova?.place(instance) === false) instance.steady = "ERROR";
    world.clock.after(world.provisionMs * ACCEPTED_SHARE, () => {
      if (instance.status !== "CREATING") return;
      instance.status = "BUILD";
      this.#changed(instance);
    });
    this.#run(instance, "CREATING", world.provisionMs, () => {
      if (instance.steady === "ERROR") {
        world.note(instance, "CREATE", "Error", "No valid host was found. There are not enough hosts available.");
        return;
      }
      if (instance.wantsPublicIp) this.#giveAddress(instance);
    });
    return instance;
  }

  /** Puts a machine there in a state that lasts. */
  add(wanted: NewInstance, steady: SteadyStatus): Instance {
    const world = this.#world;
    const instance: Instance = {
      ...wanted,
      id: world.ids.integer(),
      status: steady,
      steady,
      fixedIp: world.privateAddress(),
      floatingIp: undefined,
      floatingIpStatus: undefined,
      createdMs: world.clock.now(),
    };
    if (wanted.wantsPublicIp) this.#giveAddress(instance);
    return world.instances.add(instance);
  }

  act(instance: Instance, action: Action, retainIp: boolean): void {
    const { from, status, to } = ACTIONS[action];
    this.#mustBe(instance, from, action);
    if (action === "hibernate" && !instance.flavor.hibernates) {
      throw refuse(`Flavor ${instance.flavor.name} does not support hibernation.`);
    }
    this.#run(instance, status, this.#world.actionMs, () => {
      instance.steady = to;
      if (action === "hibernate" && !retainIp) this.#takeAddress(instance);
      if (action === "hibernate-restore" && instance.wantsPublicIp && !instance.floatingIp) this.#giveAddress(instance);
    });
  }

  resize(instance: Instance, name: string): void {
    const flavor = this.flavor(name, instance.environment.region);
    this.#mustBe(instance, ["ACTIVE", "SHUTOFF"], "resize");
    if (flavor === instance.flavor) throw refuse(`The virtual machine has the flavor ${name} already.`);
    this.#run(instance, "RESIZING", this.#world.actionMs, () => {
      instance.flavor = flavor;
    });
  }

  /** @throws {HyperstackError} 404 for a flavor that the region has not, 400 for one that has run out */
  flavor(name: string, region: string): Flavor {
    const flavor = FLAVORS.get(name);
    const stock = flavor?.stock.get(region);
    if (!flavor || stock === undefined) throw missing(`Flavor ${name} in ${region}`);
    if (!stock) throw refuse(`Flavor ${name} is out of stock in ${region}.`);
    return flavor;
  }

  attachAddress(instance: Instance): void {
    this.#mustBe(instance, ["ACTIVE", "SHUTOFF"], "attach a public IP to");
    if (instance.floatingIpStatus) throw refuse("The virtual machine has a public IP already.");
    instance.wantsPublicIp = true;
    instance.floatingIpStatus = "ATTACHING";
    this.#changed(instance);
    this.#world.clock.after(this.#world.actionMs, () => {
      this.#giveAddress(instance);
      this.#changed(instance);
    });
  }

  detachAddress(instance: Instance): void {
    if (instance.floatingIpStatus !== "ATTACHED") throw refuse("The virtual machine has no public IP.");
    instance.wantsPublicIp = false;
    instance.floatingIpStatus = "DETACHING";
    this.#changed(instance);
    this.#world.clock.after(this.#world.actionMs, () => {
      this.#takeAddress(instance);
      this.#changed(instance);
    });
  }

  /** The whole list of a machine: what is not in it is detached. */
  attachFirewalls(instance: Instance, ids: readonly number[]): void {
    const world = this.#world;
    this.#mustBe(instance, ["ACTIVE", "SHUTOFF"], "attach firewalls to");
    for (const id of ids) {
      const firewall = world.firewalls.get(id);
      if (!firewall) throw missing(`Firewall ${id}`);
      if (firewall.environment !== instance.environment) throw refuse(`Firewall ${id} is of another environment.`);
    }
    for (const firewall of world.firewalls.values()) {
      const attached = firewall.attachments.some(({ instanceId }) => instanceId === instance.id);
      const wanted = ids.includes(firewall.id);
      if (attached === wanted) continue;
      firewall.attachments = wanted
        ? [...firewall.attachments, { id: world.ids.integer(), instanceId: instance.id, createdMs: world.clock.now() }]
        : firewall.attachments.filter(({ instanceId }) => instanceId !== instance.id);
      world.firewalls.changed(firewall);
    }
  }

  destroy(instance: Instance): void {
    if (instance.status === "DELETING") throw new HyperstackError("conflict", "The virtual machine is being deleted.");
    this.#mustBe(instance, ["ACTIVE", "SHUTOFF", "HIBERNATED", "ERROR"], "delete");
    this.#run(instance, "DELETING", this.#world.actionMs, () => this.remove(instance));
  }

  /** Calls off the work on a machine. */
  halt(instance: Instance): void {
    this.#work.get(instance.id)?.();
    this.#work.delete(instance.id);
    instance.status = instance.steady;
  }

  /** Takes the machine away at once, also from the firewalls that name it. */
  remove(instance: Instance): void {
    this.halt(instance);
    const { firewalls, instances } = this.#world;
    instances.delete(instance.id);
    this.#nova?.remove(instance);
    for (const firewall of firewalls.values()) {
      if (!firewall.attachments.some(({ instanceId }) => instanceId === instance.id)) continue;
      firewall.attachments = firewall.attachments.filter(({ instanceId }) => instanceId !== instance.id);
      firewalls.changed(firewall);
    }
  }

  #mustBe(instance: Instance, states: readonly SteadyStatus[], what: string): void {
    if (states.some((state) => state === instance.status)) return;
    throw refuse(`Cannot ${what} the virtual machine while it is in ${instance.status} state.`);
  }

  #run(instance: Instance, status: string, ms: number, finish: () => void): void {
    instance.status = status;
    this.#changed(instance);
    const cancel = this.#world.clock.after(ms, () => {
      this.#work.delete(instance.id);
      finish();
      if (!this.#world.instances.get(instance.id)) return;
      this.#world.note(instance, status, "Done", `${status} of the virtual machine has finished`);
      instance.status = instance.steady;
      this.#changed(instance);
    });
    this.#work.set(instance.id, cancel);
  }

  #changed(instance: Instance): void {
    if (!this.#world.instances.get(instance.id)) return;
    this.#world.instances.changed(instance);
    this.#nova?.follow(instance);
  }

  #giveAddress(instance: Instance): void {
    instance.floatingIp = this.#world.publicAddress();
    instance.floatingIpStatus = "ATTACHED";
  }

  #takeAddress(instance: Instance): void {
    instance.floatingIp = undefined;
    instance.floatingIpStatus = undefined;
  }
}
