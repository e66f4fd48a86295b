import { startDigitalOcean } from "./digitalocean/index.ts";
import { startLinode } from "./linode/index.ts";
import { startProxmox } from "./proxmox/index.ts";
import type { Simulator, SimulatorOptions } from "./simulator.ts";

/** The simulated clouds by their name in the registry. */
export const simulators: Record<string, (options?: SimulatorOptions) => Promise<Simulator>> = {
  linode: startLinode,
  digitalocean: startDigitalOcean,
  proxmox: startProxmox,
};
