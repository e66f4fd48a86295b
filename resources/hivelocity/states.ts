import type { ActualServer } from "../actual.ts";
import { markIn } from "../mark.ts";
import type { ComputeDevice, DeviceState, Order } from "./answers.ts";
import { idOf } from "./ids.ts";

/** The way of a device from stock to its customer, in the words of `spsStatus`. How far along it stands is all that the cloud tells. */
const STEPS = [
  "RESERVED",
  "WAIT_FOR_PXE",
  "PROVISION_STARTED",
  "PROVISION_WAIT_FOR_ADDONS",
  "PROVISION_FINISHED",
  "WAIT_TO_COMPLETE_ORDER",
  "WAIT_TO_ASSIGN_SERVICE",
];
/** Also being made ready, at no place of that way. */
const OTHER_STEPS = ["BUILDING", "IPMI_READY", "PROVISIONABLE", "WAIT_FOR_HARDWARE_SCAN", "RELOADING"];
const FAILED = ["FAILED", "CLEANUP_MOVE_TO_FAILED", "IN_REVIEW"];
/** Orders that have come to an end. */
const ENDED = ["complete", "completed", "cancelled", "canceled"];

/** `InUse` of the metadata and `IN_USE` are one word. */
const plain = (word: string): string => word.replaceAll("_", "").toLowerCase();
const among = (words: readonly string[], word: string): string | undefined =>
  words.find((known) => plain(known) === plain(word));

export const isOpen = ({ status }: Order): boolean => !ENDED.includes(status.toLowerCase());

/** Where a device stands while it is being made ready; undefined for one that is in use. */
export function provisioningOf(state: DeviceState | undefined): ActualServer["provisioning"] {
  const said = state?.spsStatus ?? state?.metadata?.sps_status;
  const word = typeof said === "string" ? said : "";
  const step = among(STEPS, word);
  if (step !== undefined) {
    return { percent: Math.round(((STEPS.indexOf(step) + 1) / (STEPS.length + 1)) * 100), step };
  }
  const other = among(OTHER_STEPS, word);
  if (other !== undefined) return { step: other };
  const failed = among(FAILED, word);
  if (failed !== undefined) return { step: failed, failed: true };
  return state?.isReload === true ? { step: "RELOADING" } : undefined;
}

export function powerOf(powerStatus: string | null | undefined): "running" | "stopped" | "changing" {
  // After an action it is PENDING for a while.
  if (powerStatus === "ON") return "running";
  return powerStatus === "OFF" ? "stopped" : "changing";
}

/** Both halves of a device; the second may be missing for one that was ordered a moment ago. */
export function actualOf(device: ComputeDevice, state: DeviceState | undefined): ActualServer {
  const tags = [...(device.tags ?? state?.tags ?? [])].sort();
  const mark = markIn(tags);
  const provisioning = provisioningOf(state);
  const ip = device.primaryIp ?? state?.primaryIp;
  const { osName, productId, period, vlanId } = device;
  const options = { ...(period ? { period } : {}), ...(vlanId ? { vlanId } : {}) };
  const power = device.powerStatus ?? "PENDING";
  return {
    id: idOf(device),
    // `/compute/` keeps the name that was ordered, whatever it was changed to since.
    name: state?.hostname || device.hostname || state?.name || `device ${device.deviceId}`,
    ...(mark ? { mark } : {}),
    power: provisioning === undefined ? powerOf(power) : "changing",
    status: provisioning?.step ?? power,
    ...(productId ? { size: String(productId) } : {}),
    region: device.locationName ?? "",
    ...(osName ? { image: osName } : {}),
    ipv4: ip && !ip.includes(":") ? [ip] : [],
    ipv6: ip?.includes(":") ? [ip] : [],
    tags,
    ...(provisioning ? { provisioning } : {}),
    ...(state?.hasCancellation ? { leaving: leavingOn(state.billingCancelDate) } : {}),
    ...(Object.keys(options).length > 0 ? { options } : {}),
  };
}

/** A device that no request shows yet: its order is all there is to be seen, and neither name nor mark is. */
export function orderedOf(deviceId: number, order: Order): ActualServer {
  return {
    id: idOf({ deviceId, orderId: order.orderId }),
    name: `device ${deviceId}`,
    power: "changing",
    status: `order ${order.orderId}: ${order.status}`,
    region: "",
    ipv4: [],
    ipv6: [],
    tags: [],
    provisioning: { step: `order ${order.orderId}: ${order.status}` },
  };
}

function leavingOn(seconds: number | null | undefined): NonNullable<ActualServer["leaving"]> {
  return seconds ? { on: new Date(seconds * 1000).toISOString() } : {};
}
