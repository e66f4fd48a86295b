import type { Device, HivelocityWorld, Order } from "./world.ts";

/** So much of its time an order is verified, and its device is not to be seen. */
const VERIFIED_AT = 0.3;

/** What a device goes through once it is to be seen, and from which part of its time on. */
const STAGES: readonly (readonly [from: number, status: string])[] = [
  [0, "RESERVED"],
  [0.4, "WAIT_FOR_PXE"],
  [0.5, "PROVISION_STARTED"],
  [0.8, "PROVISION_FINISHED"],
  [0.9, "WAIT_TO_ASSIGN_SERVICE"],
  [1, "IN_USE"],
];

/** Time decides how far an order is; nothing has to happen for it. */
function progress(world: HivelocityWorld, { orderedMs, readyMs }: Device): number {
  if (readyMs <= orderedMs) return 1;
  return Math.min(1, (world.clock.now() - orderedMs) / (readyMs - orderedMs));
}

/** Only a device whose order is verified answers to requests. */
export function isShown(world: HivelocityWorld, device: Device): boolean {
  return progress(world, device) >= VERIFIED_AT;
}

export function statusOf(world: HivelocityWorld, device: Device): string {
  if (device.failed) return "FAILED";
  if (world.clock.now() < device.reloadedMs) return "RELOADING";
  const now = progress(world, device);
  return STAGES.findLast(([from]) => now >= from)?.[1] ?? "IN_USE";
}

/** While it is installed the machine runs, as installers do; before that it is off. */
export function powerStatusOf(world: HivelocityWorld, device: Device): Device["power"] {
  const status = statusOf(world, device);
  if (status === "RESERVED") return "OFF";
  return status === "IN_USE" || status === "FAILED" ? device.power : "ON";
}

export function orderStatusOf(world: HivelocityWorld, order: Order): string {
  if (order.cancelled) return "cancelled";
  const device = world.devices.get(order.deviceId);
  if (!device) return "complete";
  if (!isShown(world, device)) return "verification";
  return progress(world, device) < 1 ? "provisioning" : "complete";
}
