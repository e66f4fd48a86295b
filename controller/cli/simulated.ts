import { ENDPOINTS_VARIABLE, SIMULATORS_ALLOWED } from "../../resources/endpoints.ts";
import type { SimulatedEntry } from "../../simulators/simulator.ts";

/** The environment variable that the examples read a credential of a simulated cloud from: `FLEETWRIGHT_LINODE_TOKEN`. */
export const variableOf = (cloud: string, field: string): string =>
  `FLEETWRIGHT_${cloud}_${field.replace(/[A-Z]/g, "_$&")}`.toUpperCase();

/** What a controller needs in its environment to reach a simulated cloud; `token` takes the place of the last credential. */
export function environmentOf(
  cloud: string,
  { credentials }: Pick<SimulatedEntry, "credentials">,
  token?: string,
): Record<string, string> {
  const fields = Object.keys(credentials);
  return {
    ...Object.fromEntries(
      fields.map((field, index) => [
        variableOf(cloud, field),
        index === fields.length - 1 ? (token ?? credentials[field]!) : credentials[field]!,
      ]),
    ),
    [ENDPOINTS_VARIABLE]: SIMULATORS_ALLOWED,
  };
}

/** `NAME='value'` for a shell; a Proxmox VE token holds a `!`. */
export const assignment = (name: string, value: string): string => `${name}='${value.replaceAll("'", "'\\''")}'`;
