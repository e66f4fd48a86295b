import type { FleetFields } from "../../schemas/types.ts";
import { prefixFaults, urlFaults } from "./notifications.ts";
import type { FieldFault } from "./validate.ts";

/** What the schema cannot say of a NetBox. */
export function netboxFaults(netbox: FleetFields["netbox"], envPrefixes: readonly string[]): FieldFault[] {
  if (netbox === undefined) return [];
  return [
    ...urlFaults(netbox.url, ["netbox", "url"]),
    ...prefixFaults(netbox.token.env, ["netbox", "token", "env"], envPrefixes),
  ];
}
