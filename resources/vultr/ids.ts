import { FleetError } from "../errors.ts";

/** Cloud compute and bare metal are two collections of the API, and of the plugin. */
export type Kind = "instances" | "bare-metals";

const METAL_PREFIX = "bare-metal/";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Every plan of `/plans-metal` begins so, and none of `/plans`. */
export function isMetal(size: string): boolean {
  return size.startsWith("vbm-");
}

/** The id of `ActualServer`: a bare metal machine says what it is, because the API has it under another path. */
export function serverId(kind: Kind, uuid: string): string {
  return kind === "bare-metals" ? `${METAL_PREFIX}${uuid}` : uuid;
}

/** @throws {FleetError} FLEET_INVALID for what is no such id. */
export function placeOf(id: string): { kind: Kind; uuid: string; path: string } {
  const kind: Kind = id.startsWith(METAL_PREFIX) ? "bare-metals" : "instances";
  const uuid = kind === "bare-metals" ? id.slice(METAL_PREFIX.length) : id;
  if (!UUID.test(uuid)) {
    const message = `"${id}" is no id of a machine at Vultr: these are UUIDs, with ${METAL_PREFIX} before that of a bare metal machine`;
    throw new FleetError("FLEET_INVALID", message, { cloud: "vultr", server: id });
  }
  return { kind, uuid, path: `/v2/${kind}/${uuid}` };
}

/** Whether an id given in a file belongs to a machine of this size; false for what is no id. */
export function fitsSize(id: string, size: string): boolean {
  return UUID.test(id.replace(METAL_PREFIX, "")) && id.startsWith(METAL_PREFIX) === isMetal(size);
}
