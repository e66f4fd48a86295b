import type { Metro, OperatingSystem, Plan } from "./catalog.ts";
import { unprocessable } from "./errors.ts";
import type { Device, DeviceState, EquinixWorld, Reservation } from "./world.ts";

/** A device as somebody asked for it. */
export interface NewDevice {
  hostname: string;
  description: string;
  plan: Plan;
  metro: Metro;
  system: OperatingSystem;
  billingCycle: string;
  tags: string[];
  userdata: string;
  keyIds: string[];
  alwaysPxe: boolean;
  ipxeScriptUrl: string;
  locked: boolean;
  addresses: { family: 4 | 6; public: boolean }[];
  reservation?: Reservation;
}

/** Share of the provisioning time that a device waits before somebody begins with it. */
const QUEUED_SHARE = 0.1;

/** What is done on the way, and the share of the time after which it has been. */
const STEPS = [
  { after: 0.15, type: "provisioning.101", body: "Network configured with addresses" },
  { after: 0.45, type: "provisioning.104", body: "Connected to magic install system" },
  { after: 0.6, type: "provisioning.106", body: "Server partitions created" },
  { after: 0.75, type: "provisioning.107", body: "Operating system packages installed" },
  { after: 0.9, type: "provisioning.108", body: "Server networking interfaces configured" },
  { after: 1, type: "provisioning.109", body: "Device provisioned" },
] as const;

/** Actions: the state they need, the one that shows meanwhile and the one they leave. */
const ACTIONS: Record<string, { needs: DeviceState; meanwhile: DeviceState; leaves: DeviceState; done: string }> = {
  power_on: { needs: "inactive", meanwhile: "powering_on", leaves: "active", done: "instance.powered_on" },
  power_off: { needs: "active", meanwhile: "powering_off", leaves: "inactive", done: "instance.powered_off" },
  reboot: { needs: "active", meanwhile: "powering_on", leaves: "active", done: "instance.rebooted" },
  rescue: { needs: "active", meanwhile: "powering_on", leaves: "active", done: "instance.rescued" },
  reinstall: { needs: "active", meanwhile: "reinstalling", leaves: "active", done: "instance.reinstalled" },
};

/** The life of devices. */
export class Machines {
  #world: EquinixWorld;
  #work = new Map<string, (() => void)[]>();

  constructor(world: EquinixWorld) {
    this.#world = world;
  }

  create(wanted: NewDevice): Device {
    const world = this.#world;
    const device = this.add(wanted, "queued");
    const ms = world.provisionMs;
    device.provisioning = { fromMs: device.createdMs, ms };
    device.events = STEPS.map(({ type, body }) => ({ id: world.ids.uuid(), type, body, atMs: undefined }));
    this.#later(device, ms * QUEUED_SHARE, () => this.#enter(device, "provisioning"));
    STEPS.forEach(({ after }, index) => {
      this.#later(device, ms * after, () => {
        device.events[index]!.atMs = world.clock.now();
        if (after === 1) this.#finish(device, "active");
        else world.devices.changed(device);
      });
    });
    world.devices.changed(device);
    return device;
  }

  /** Puts a device there in a state, whatever the stock is. */
  add(wanted: NewDevice, state: DeviceState): Device {
    const world = this.#world;
    const now = world.clock.now();
    const { addresses, reservation, ...fields } = wanted;
    const device: Device = {
      ...fields,
      id: world.ids.uuid(),
      state,
      reservation: reservation?.id,
      addresses: addresses.map((address) => world.address(address.family, address.public)),
      ports: {
        bond: world.ids.uuid(),
        members: [0, 1].map(() => ({ id: world.ids.uuid(), mac: macOf(world.ids.hex(6)) })),
      },
      createdMs: now,
      updatedMs: now,
      provisioning: undefined,
      events: [],
    };
    if (reservation) reservation.device = device.id;
    else world.take(device.plan, device.metro, 1);
    return world.devices.add(device);
  }

  /** @throws {EquinixError} 422 when the device is not in a state for this action */
  act(device: Device, type: string): void {
    const action = ACTIONS[type];
    if (!action) throw unprocessable(`${type} is not a valid action`);
    if (device.state !== action.needs)
      throw unprocessable(`Cannot ${type} a device that is ${device.state}: it has to be ${action.needs}`);
    this.#enter(device, action.meanwhile);
    this.#later(device, this.#world.actionMs, () => {
      const { ids, clock } = this.#world;
      device.events.push({ id: ids.uuid(), type: action.done, body: `Device ${type}`, atMs: clock.now() });
      this.#finish(device, action.leaves);
    });
  }

  /** It shows as `deprovisioning` for a moment. @throws {EquinixError} 422 while it is made ready, unless by force, and when it is locked */
  destroy(device: Device, force: boolean): void {
    if (device.state === "deprovisioning") return;
    if (device.locked) throw unprocessable("Cannot delete a device that is locked");
    if (device.provisioning && !force) throw unprocessable("Cannot delete a device while it is provisioning");
    this.halt(device);
    this.#enter(device, "deprovisioning");
    this.#later(device, this.#world.actionMs, () => this.remove(device));
  }

  /** Calls off whatever is done to a device. */
  halt(device: Device): void {
    for (const cancel of this.#work.get(device.id) ?? []) cancel();
    this.#work.delete(device.id);
    device.provisioning = undefined;
  }

  /** Takes the device away at once; what it stood on can be had again. */
  remove(device: Device): void {
    const world = this.#world;
    this.halt(device);
    if (!world.devices.delete(device.id)) return;
    const reservation = world.reservations.find(({ id }) => id === device.reservation);
    if (reservation) reservation.device = undefined;
    else world.take(device.plan, device.metro, -1);
  }

  #enter(device: Device, state: DeviceState): void {
    device.state = state;
    device.updatedMs = this.#world.clock.now();
    this.#world.devices.changed(device);
  }

  #finish(device: Device, state: DeviceState): void {
    this.#work.delete(device.id);
    device.provisioning = undefined;
    this.#enter(device, state);
  }

  #later(device: Device, ms: number, task: () => void): void {
    const cancel = this.#world.clock.after(ms, task);
    const all = this.#work.get(device.id);
    if (all) all.push(cancel);
    else this.#work.set(device.id, [cancel]);
  }
}

function macOf(hex: string): string {
  return `0c:42:a1:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}
