import { createHash } from "node:crypto";
import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import { pluginError } from "../wire.ts";

export interface Droplet {
  id: number;
  name: string;
  status: string;
  locked: boolean;
  disk: number;
  memory: number;
  vcpus: number;
  created_at: string;
  features?: string[];
  image?: { id: number; slug: string | null };
  region?: { slug: string };
  size?: { slug: string; price_hourly: number; price_monthly: number };
  size_slug?: string;
  networks?: { v4?: Network[]; v6?: Network[] };
  tags?: string[];
  volume_ids?: string[];
  vpc_uuid?: string;
}

interface Network {
  ip_address: string;
  type: string;
}

/** User data stands in state as a digest only. */
export function digestOf(userData: string): string {
  return createHash("sha1").update(userData).digest("hex");
}

/** Outputs that only the inputs know; the plugin keeps them from its state. */
const KEPT = [
  "backupPolicy",
  "dropletAgent",
  "gracefulShutdown",
  "image",
  "resizeDisk",
  "sshKeys",
  "userData",
] as const;

const FEATURES = {
  backups: "backups",
  ipv6: "ipv6",
  monitoring: "monitoring",
  privateNetworking: "private_networking",
} as const;

/** The outputs of a droplet; `known` is the state or the declared inputs. */
export function dropletOutputs(droplet: Droplet, known: PropertyMap): PropertyMap {
  const { size, region, networks } = droplet;
  if (!size || !region || !networks)
    throw pluginError("the official digitalocean plugin crashes on a droplet without size, region or networks");
  const address = (list: Network[] | undefined, type: string) =>
    list?.find((network) => network.type === type)?.ip_address ?? "";
  const features: PropertyMap = {};
  for (const [name, feature] of Object.entries(FEATURES)) {
    // Without the list the plugin keeps what it knew.
    features[name] = droplet.features ? droplet.features.includes(feature) : (known[name] ?? false);
  }
  return {
    ...Object.fromEntries(KEPT.map((name) => [name, known[name] ?? null])),
    ...features,
    createdAt: droplet.created_at,
    disk: droplet.disk,
    dropletUrn: `do:droplet:${droplet.id}`,
    ipv4Address: address(networks.v4, "public"),
    ipv4AddressPrivate: address(networks.v4, "private"),
    ipv6Address: address(networks.v6, "public").toLowerCase(),
    locked: droplet.locked,
    memory: droplet.memory,
    name: droplet.name,
    priceHourly: size.price_hourly,
    priceMonthly: size.price_monthly,
    publicNetworking: address(networks.v4, "public") !== "",
    region: region.slug,
    size: size.slug,
    status: droplet.status,
    tags: [...(droplet.tags ?? [])].sort(),
    vcpus: droplet.vcpus,
    volumeIds: droplet.volume_ids ?? [],
    vpcUuid: droplet.vpc_uuid ?? "",
  };
}
