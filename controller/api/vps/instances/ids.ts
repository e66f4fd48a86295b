import type { ServerSpec } from "../../../../resources/spec.ts";
import { objectUuid } from "../uuid.ts";

/** The name of an instance that is made here: of the first twelve digits of its id, so that each is found by the other. */
export const nameOf = (id: string): string => `vps-${id.replaceAll("-", "").slice(0, 12)}`;

/** A UUID of version 4 from 32 hexadecimal digits. */
export function idOf(seed: string): string {
  const variant = ((Number.parseInt(seed[16]!, 16) & 3) | 8).toString(16);
  const digits = `${seed.slice(0, 12)}4${seed.slice(13, 16)}${variant}${seed.slice(17, 32)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The id of a server: its own, or made of what it is known by for good. */
export const instanceId = (
  fleetId: string,
  { uuid, name }: Pick<ServerSpec, "uuid" | "name">,
  identity = name,
): string => uuid ?? objectUuid(fleetId, "Server", identity);
