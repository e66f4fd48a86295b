import { FleetError } from "../errors.ts";

/** A device and the order that it came by. */
export interface DeviceId {
  deviceId: number;
  orderId?: number | null;
}

/** Ids are `DEVICE/ORDER`: as long as an order is at work, its device answers to no request, and only the order tells of it. */
export function idOf({ deviceId, orderId }: DeviceId): string {
  return orderId ? `${deviceId}/${orderId}` : String(deviceId);
}

/** A person may leave the order out. @throws {FleetError} FLEET_INVALID */
export function parseId(id: string): DeviceId {
  const match = /^([1-9]\d{0,14})(?:\/([1-9]\d{0,14}))?$/.exec(id);
  if (!match) {
    const message = `"${id}" is no id of a Hivelocity device: these are DEVICE or DEVICE/ORDER, as 25043 or 25043/114233`;
    throw new FleetError("FLEET_INVALID", message, { cloud: "hivelocity", server: id });
  }
  return { deviceId: Number(match[1]), ...(match[2] ? { orderId: Number(match[2]) } : {}) };
}

export const devicePath = ({ deviceId }: DeviceId): string => `/device/${deviceId}`;
