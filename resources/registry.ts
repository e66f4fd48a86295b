import { aws } from "./aws/index.ts";
import type { Cloud } from "./cloud.ts";
import { digitalocean } from "./digitalocean/index.ts";
import { equinix } from "./equinix/index.ts";
import { FleetError } from "./errors.ts";
import { hivelocity } from "./hivelocity/index.ts";
import { hyperstack } from "./hyperstack/index.ts";
import { linode } from "./linode/index.ts";
import { openstack } from "./openstack/index.ts";
import { proxmox } from "./proxmox/index.ts";
import { vultr } from "./vultr/index.ts";

/** Every cloud there is, by the name that an Account's `provider` has. */
export const clouds = {
  aws,
  digitalocean,
  equinix,
  hivelocity,
  hyperstack,
  linode,
  openstack,
  proxmox,
  vultr,
} satisfies Record<string, Cloud>;

export type CloudName = keyof typeof clouds;

/** @throws {FleetError} FLEET_INVALID for a name that no cloud has. */
export function cloudNamed(name: string): Cloud {
  if (Object.hasOwn(clouds, name)) return clouds[name as CloudName];
  throw new FleetError("FLEET_INVALID", `"${name}" is no cloud; there are ${Object.keys(clouds).sort().join(", ")}`, {
    provider: name,
  });
}
