import { simulatedAws } from "./aws/index.ts";
import { simulatedDigitalOcean } from "./digitalocean/index.ts";
import { simulatedEquinix } from "./equinix/index.ts";
import { gpuCloud, type SimulatedSite, simulatedNetbox } from "./gpu-cloud.ts";
import { simulatedHivelocity } from "./hivelocity/index.ts";
import { simulatedHyperstack } from "./hyperstack/index.ts";
import { simulatedLinode } from "./linode/index.ts";
import { simulatedOpenStack } from "./openstack/index.ts";
import { simulatedProxmox } from "./proxmox/index.ts";
import type { SimulatedEntry } from "./simulator.ts";
import { simulatedVultr } from "./vultr/index.ts";

/** The simulated clouds by their name in the registry. That of AWS is moto, and throws `PackageMissing` where it cannot be had. */
export const simulators: Record<string, SimulatedEntry> = {
  linode: simulatedLinode,
  digitalocean: simulatedDigitalOcean,
  equinix: simulatedEquinix,
  openstack: simulatedOpenStack,
  proxmox: simulatedProxmox,
  hyperstack: simulatedHyperstack,
  hivelocity: simulatedHivelocity,
  vultr: simulatedVultr,
  aws: simulatedAws,
};

/** What else is simulated: services beside the clouds, and several together. */
export const sites: Record<string, SimulatedSite> = {
  netbox: { parts: { netbox: simulatedNetbox }, start: async (options) => [await simulatedNetbox.start(options)] },
  "gpu-cloud": gpuCloud,
};
