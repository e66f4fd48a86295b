import type { ActualServer } from "../actual.ts";
import { markIn } from "../mark.ts";
import type { PowerState } from "../spec.ts";
import type { Device } from "./answers.ts";
import type { EquinixOptions } from "./schemas.ts";
import { hardwareOf } from "./units.ts";

/** Metal's words for a device that stays as it is. One that could not be made ready does not run. */
const STEADY: Readonly<Record<string, PowerState>> = { active: "running", inactive: "stopped", failed: "stopped" };
const MAKING_READY = new Set(["queued", "provisioning", "reinstalling"]);
/** Nothing comes back from these. */
const LEAVING = new Set(["deprovisioning", "deleted"]);

export const isLeaving = ({ state }: Device): boolean => LEAVING.has(state);

export function powerOf(state: string): PowerState | "changing" {
  return STEADY[state] ?? "changing";
}

export function actualServer(device: Device): ActualServer {
  const mark = markIn(device.tags);
  const { vcpus, memoryMiB, diskGiB } = hardwareOf(device.plan);
  return {
    id: device.id,
    name: device.hostname,
    ...(mark ? { mark } : {}),
    power: powerOf(device.state),
    status: device.state,
    size: device.plan.slug,
    region: device.metro?.code ?? device.facility?.metro?.code ?? device.facility?.code ?? "",
    ...(device.operating_system?.slug ? { image: device.operating_system.slug } : {}),
    ipv4: addresses(device, 4),
    ipv6: addresses(device, 6),
    ...(vcpus ? { vcpus } : {}),
    ...(memoryMiB ? { memoryMiB } : {}),
    ...(diskGiB ? { diskGiB } : {}),
    tags: [...device.tags].sort(),
    ...(device.created_at ? { createdAt: new Date(device.created_at).toISOString() } : {}),
    ...(MAKING_READY.has(device.state) ? { provisioning: progressOf(device) } : {}),
    options: { ...optionsOf(device) },
  };
}

/** Public ones first. */
function addresses({ ip_addresses = [] }: Device, family: number): string[] {
  const ofFamily = ip_addresses.filter((each) => each.address_family === family);
  return [...ofFamily.filter((each) => each.public), ...ofFamily.filter((each) => !each.public)].map(
    ({ address }) => address,
  );
}

/** The step is the newest event that has happened, or the state before there is one. */
function progressOf(device: Device): NonNullable<ActualServer["provisioning"]> {
  const percent = device.provisioning_percentage;
  const reached = (device.provisioning_events ?? [])
    .filter(({ created_at, body }) => created_at && body)
    .sort((one, other) => (one.created_at! < other.created_at! ? -1 : 1));
  return {
    ...(typeof percent === "number" ? { percent: Math.round(percent) } : {}),
    step: reached.at(-1)?.body ?? device.state,
  };
}

function optionsOf(device: Device): EquinixOptions {
  const { description, billing_cycle: cycle, always_pxe: alwaysPxe, ipxe_script_url: ipxeScriptUrl } = device;
  const reservation = device.hardware_reservation;
  const hardwareReservation = reservation?.id ?? reservation?.href?.split("/").at(-1);
  return {
    ...(description ? { description } : {}),
    ...(isCycle(cycle) && cycle !== "hourly" ? { billingCycle: cycle } : {}),
    ...(hardwareReservation ? { hardwareReservation } : {}),
    ...(alwaysPxe ? { alwaysPxe } : {}),
    ...(ipxeScriptUrl ? { ipxeScriptUrl } : {}),
  };
}

function isCycle(text: string | undefined): text is NonNullable<EquinixOptions["billingCycle"]> {
  return text === "hourly" || text === "daily" || text === "monthly" || text === "yearly";
}
