import { HivelocityError, invalid } from "./errors.ts";
import { isShown, statusOf } from "./stages.ts";
import type { Cancellation, Device, HivelocityWorld } from "./world.ts";

export type NewDevice = Pick<
  Device,
  "hostname" | "productId" | "location" | "osName" | "tags" | "period" | "publicSshKeyId" | "vlanId" | "script"
>;

const MONTH_MS = 30 * 24 * 3_600_000;

/** What happens to devices: by requests, and in time. */
export class Machines {
  #world: HivelocityWorld;

  constructor(world: HivelocityWorld) {
    this.#world = world;
  }

  /** Takes one from stock and orders it. @throws {HivelocityError} 400 when there is none left. */
  order(wanted: NewDevice): Device {
    const product = this.#world.products.get(wanted.productId);
    const left = product?.stock[wanted.location] ?? 0;
    if (!product || left < 1) throw invalid(`Product ${wanted.productId} is out of stock in ${wanted.location}.`);
    product.stock[wanted.location] = left - 1;
    return this.add(wanted, "ON", this.#world.provisionMs);
  }

  /** A device that is ready after `provisionMs`; 0 makes it ready at once. */
  add(wanted: NewDevice, power: "ON" | "OFF", provisionMs: number): Device {
    const { clock, ids, devices, orders, products } = this.#world;
    const now = clock.now();
    const device: Device = {
      ...wanted,
      id: ids.integer(),
      orderId: ids.integer(),
      serviceId: ids.integer(),
      orderedHostname: wanted.hostname,
      power,
      ip: this.#world.address(),
      orderedMs: now,
      readyMs: now + provisionMs,
      reloadedMs: 0,
      failed: false,
      events: [{ time: Math.floor(now / 1000), action: "provision" }],
    };
    const total = products.get(wanted.productId)?.monthly ?? 0;
    orders.add({ id: device.orderId, deviceId: device.id, total, cancelled: false });
    return devices.add(device);
  }

  /** @throws {HivelocityError} 400 on an unknown action, or while somebody else is at work on the device. */
  power(device: Device, action: string): void {
    if (!["boot", "reboot", "shutdown"].includes(action)) throw invalid("action must be boot, reboot or shutdown.");
    if (statusOf(this.#world, device) !== "IN_USE") throw invalid("The device is being provisioned.");
    device.power = "PENDING";
    device.events.push({ time: Math.floor(this.#world.clock.now() / 1000), action });
    this.#world.devices.changed(device);
    this.#world.clock.after(this.#world.actionMs, () => {
      device.power = action === "shutdown" ? "OFF" : "ON";
      this.#world.devices.changed(device);
    });
  }

  /** Installs it anew. @throws {HivelocityError} 400 while it runs. */
  reload(device: Device, skipPowerCheck: boolean): void {
    if (device.power !== "OFF" && !skipPowerCheck) throw invalid("Please power off device before reloading it.");
    device.reloadedMs = this.#world.clock.now() + this.#world.provisionMs / 2;
    device.power = "ON";
    this.#world.devices.changed(device);
  }

  /** An hourly device goes at once, others at the end of what is paid. @throws {HivelocityError} 409 */
  cancel(device: Device, reason: string): Cancellation {
    const { cancellations, clock, ids, actionMs } = this.#world;
    if (this.cancellationOf(device)) throw new HivelocityError(409, "Device Already Being Cancelled.");
    const startMs = clock.now();
    const lastsMs = device.period === "hourly" ? actionMs * 2 : MONTH_MS;
    const { serviceId } = device;
    const id = ids.integer();
    const cancellation = { id, deviceId: device.id, serviceId, startMs, endMs: startMs + lastsMs, reason, done: false };
    cancellations.set(id, cancellation);
    // A month is no time for a simulator: such a device stays.
    if (device.period === "hourly") clock.after(lastsMs, () => this.#end(cancellation, device));
    this.#world.devices.changed(device);
    return cancellation;
  }

  cancellationOf(device: Device): Cancellation | undefined {
    return [...this.#world.cancellations.values()].find(({ deviceId, done }) => deviceId === device.id && !done);
  }

  remove(device: Device): void {
    const product = this.#world.products.get(device.productId);
    if (product) product.stock[device.location] = (product.stock[device.location] ?? 0) + 1;
    this.#world.devices.delete(device.id);
  }

  /** Devices as lists and requests show them. */
  shown(devices: Device[]): Device[] {
    return devices.filter((device) => isShown(this.#world, device));
  }

  #end(cancellation: Cancellation, device: Device): void {
    // It may have been taken back.
    if (!this.#world.cancellations.has(cancellation.id)) return;
    cancellation.done = true;
    this.remove(device);
  }
}
