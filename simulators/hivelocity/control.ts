import type { ServerPatch } from "../control.ts";
import { markIn } from "../mark.ts";
import type { SimulatedServer } from "../simulator.ts";
import type { Machines } from "./machines.ts";
import { FACILITIES, SYSTEMS } from "./products.ts";
import { powerStatusOf, statusOf } from "./stages.ts";
import type { Device, HivelocityWorld } from "./world.ts";

/** Out-of-band access: no validation of names, no orders, no time taken. Ids are `DEVICE/ORDER`, or `DEVICE`. */
export class HivelocityControl {
  #world: HivelocityWorld;
  #machines: Machines;

  constructor(world: HivelocityWorld, machines: Machines) {
    this.#world = world;
    this.#machines = machines;
  }

  servers(): SimulatedServer[] {
    return this.#world.devices.values().map((device) => this.#view(device));
  }

  addForeign(patch: ServerPatch): SimulatedServer {
    const { size = "504", region = "TPA2", image = "Debian 12" } = patch;
    this.#check({ size, region, image });
    const wanted = {
      hostname: patch.name ?? `foreign-${this.#world.ids.hex(6)}.example.net`,
      productId: Number(size),
      location: region,
      osName: image,
      tags: patch.tags ?? [],
      period: "hourly",
      publicSshKeyId: undefined,
      vlanId: undefined,
      script: "",
    };
    return this.#view(this.#machines.add(wanted, patch.power === "stopped" ? "OFF" : "ON", 0));
  }

  /** Also makes it ready; `power: "suspended"`, which there is not here, stands for a provisioning that has failed. */
  change(id: string, patch: ServerPatch): SimulatedServer | undefined {
    const device = this.#of(id);
    if (!device) return undefined;
    this.#check(patch);
    device.readyMs = Math.min(device.readyMs, this.#world.clock.now());
    if (patch.name !== undefined) device.hostname = patch.name;
    if (patch.size !== undefined) device.productId = Number(patch.size);
    if (patch.region !== undefined) device.location = patch.region;
    if (patch.image !== undefined) device.osName = patch.image;
    if (patch.tags !== undefined) device.tags = patch.tags;
    if (patch.power === "suspended") device.failed = true;
    else if (patch.power !== undefined) device.power = patch.power === "stopped" ? "OFF" : "ON";
    this.#world.devices.changed(device);
    return this.#view(device);
  }

  /** Of a device that is being made, the order is cancelled. */
  remove(id: string): boolean {
    const device = this.#of(id);
    if (!device) return false;
    const order = this.#world.orders.get(device.orderId);
    if (order && device.readyMs > this.#world.clock.now()) order.cancelled = true;
    this.#machines.remove(device);
    return true;
  }

  #of(id: string): Device | undefined {
    return this.#world.devices.get(id.split("/")[0] ?? "");
  }

  #check({ size, region, image }: ServerPatch): void {
    if (size !== undefined && !this.#world.products.has(Number(size))) throw new Error(`no product ${size}`);
    if (region !== undefined && !FACILITIES.some(({ code }) => code === region))
      throw new Error(`no facility ${region}`);
    if (image !== undefined && !SYSTEMS.some(({ name }) => name === image)) throw new Error(`no system ${image}`);
  }

  #view(device: Device): SimulatedServer {
    const mark = markIn(device.tags);
    return {
      id: `${device.id}/${device.orderId}`,
      name: device.hostname,
      tags: device.tags,
      size: String(device.productId),
      region: device.location,
      image: device.osName,
      power: powerStatusOf(this.#world, device) === "OFF" ? "stopped" : "running",
      status: statusOf(this.#world, device),
      ...(mark === undefined ? {} : { mark }),
    };
  }
}
