import { DIGITALOCEAN_TOKEN } from "../../simulators/digitalocean/index.ts";
import { LINODE_TOKEN } from "../../simulators/linode/index.ts";
import { PROXMOX_TOKEN } from "../../simulators/proxmox/index.ts";

/** How the controller comes by the credential of a simulated cloud. */
export interface SimulatedCredential {
  /** The environment variable that the example fleets read it from. */
  variable: string;
  /** What the simulator takes unless told otherwise. It opens nothing else. */
  token: string;
}

/** The simulated clouds, by their name in the registry. */
export const SIMULATED: Readonly<Record<string, SimulatedCredential>> = {
  linode: { variable: "FLEETWRIGHT_LINODE_TOKEN", token: LINODE_TOKEN },
  digitalocean: { variable: "FLEETWRIGHT_DIGITALOCEAN_TOKEN", token: DIGITALOCEAN_TOKEN },
  proxmox: { variable: "FLEETWRIGHT_PROXMOX_TOKEN", token: PROXMOX_TOKEN },
};

/** `NAME='value'` for a shell; a Proxmox VE token holds a `!`. */
export const assignment = (name: string, value: string): string => `${name}='${value.replaceAll("'", "'\\''")}'`;
