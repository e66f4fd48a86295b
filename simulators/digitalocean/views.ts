import { type DropletSize, type Image, REGIONS, type Region, SIZES } from "./catalog.ts";
import type { AccountKey, Action, DigitalOceanWorld, Droplet, Firewall, Rule, Snapshot } from "./world.ts";

const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

const gpuView = (gpu: NonNullable<DropletSize["gpu"]>) => ({
  count: gpu.count,
  model: gpu.model,
  vram: { amount: gpu.vramGb, unit: "gib" },
});

export const sizeView = (size: DropletSize) => ({
  slug: size.slug,
  memory: size.memory,
  vcpus: size.vcpus,
  disk: size.disk,
  transfer: size.transfer,
  price_monthly: size.priceMonthly,
  price_hourly: size.priceHourly,
  regions: size.regions,
  available: true,
  description: size.description,
  ...(size.gpu ? { gpu_info: gpuView(size.gpu) } : {}),
});

export const regionView = (region: Region) => ({
  name: region.name,
  slug: region.slug,
  sizes: [...SIZES.values()].filter((size) => size.regions.includes(region.slug)).map((size) => size.slug),
  features: ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"],
  available: true,
});

export const imageView = (image: Image) => ({
  id: image.id,
  name: image.name,
  distribution: image.distribution,
  slug: image.slug === "" ? null : image.slug,
  public: image.kind !== "custom" && image.kind !== "snapshot",
  regions: [...REGIONS.keys()],
  created_at: "2026-01-01T00:00:00Z",
  min_disk_size: image.minDiskGb,
  type: image.kind === "custom" || image.kind === "snapshot" ? image.kind : "base",
  size_gigabytes: 2.5,
  description: image.description,
  tags: [],
  status: "available",
});

// A droplet names its region and size in full: rendered once, as a page holds 200 of them.
const REGION_VIEWS = new Map([...REGIONS].map(([slug, region]) => [slug, regionView(region)]));
const SIZE_VIEWS = new Map([...SIZES].map(([slug, size]) => [slug, sizeView(size)]));

export function dropletView(droplet: Droplet) {
  const size = SIZES.get(droplet.size);
  return {
    id: droplet.id,
    name: droplet.name,
    memory: size?.memory ?? 0,
    vcpus: size?.vcpus ?? 0,
    disk: droplet.disk,
    locked: droplet.locked,
    status: droplet.status,
    kernel: null,
    created_at: time(droplet.createdMs),
    features: [
      ...(droplet.backups ? ["backups"] : []),
      ...(droplet.ipv6 ? ["ipv6"] : []),
      ...(droplet.monitoring ? ["monitoring"] : []),
      ...(droplet.privateNetworking ? ["private_networking"] : []),
      ...(droplet.agent ? ["droplet_agent"] : []),
    ],
    backup_ids: [],
    next_backup_window: null,
    snapshot_ids: droplet.snapshotIds,
    image: imageView(droplet.image),
    volume_ids: [],
    size: SIZE_VIEWS.get(droplet.size),
    size_slug: droplet.size,
    networks: networksView(droplet),
    region: REGION_VIEWS.get(droplet.region),
    tags: droplet.tags,
    vpc_uuid: droplet.vpcUuid,
    ...(size?.gpu ? { gpu_info: gpuView(size.gpu) } : {}),
  };
}

function networksView({ addresses, ipv6 }: Droplet) {
  if (!addresses) return { v4: [], v6: [] };
  const v4 = (address: string, netmask: string, type: "public" | "private") => ({
    ip_address: address,
    netmask,
    gateway: address.replace(/\d+$/, "1"),
    type,
  });
  return {
    v4: [v4(addresses.publicV4, "255.255.240.0", "public"), v4(addresses.privateV4, "255.255.240.0", "private")],
    v6: ipv6
      ? [{ ip_address: addresses.v6, netmask: 64, gateway: "2001:db8:a880:800::1", type: "public" as const }]
      : [],
  };
}

export const actionView = (action: Action) => ({
  id: action.id,
  status: action.status,
  type: action.type,
  started_at: time(action.startedMs),
  completed_at: action.completedMs === undefined ? null : time(action.completedMs),
  resource_id: action.dropletId,
  resource_type: "droplet",
  region: REGION_VIEWS.get(action.region),
  region_slug: action.region,
});

const SNAPSHOT_GB = 2.34;

/** Below `/snapshots`. */
export const snapshotView = (snapshot: Snapshot) => ({
  id: String(snapshot.id),
  name: snapshot.name,
  created_at: time(snapshot.createdMs),
  regions: [snapshot.region],
  min_disk_size: snapshot.minDiskGb,
  size_gigabytes: SNAPSHOT_GB,
  resource_id: String(snapshot.dropletId),
  resource_type: "droplet",
  tags: [],
});

/** In the list of its droplet. */
export const listedSnapshotView = (snapshot: Snapshot) => ({
  id: snapshot.id,
  name: snapshot.name,
  created_at: time(snapshot.createdMs),
  regions: [snapshot.region],
  min_disk_size: snapshot.minDiskGb,
  size_gigabytes: SNAPSHOT_GB,
  type: "snapshot",
});

export function firewallView(firewall: Firewall) {
  const rule = (side: "sources" | "destinations") => (entry: Rule) => ({
    protocol: entry.protocol,
    ports: entry.ports,
    [side]: entry.targets,
  });
  return {
    id: firewall.id,
    name: firewall.name,
    status: firewall.status,
    created_at: time(firewall.createdMs),
    pending_changes: firewall.pending,
    droplet_ids: firewall.dropletIds,
    tags: firewall.tags,
    inbound_rules: firewall.inbound.map(rule("sources")),
    outbound_rules: firewall.outbound.map(rule("destinations")),
  };
}

export const keyView = (key: AccountKey) => ({
  id: key.id,
  name: key.name,
  public_key: key.publicKey,
  fingerprint: key.fingerprint,
});

export function vpcView(vpc: { id: string; region: string; createdMs: number }) {
  return {
    id: vpc.id,
    urn: `do:vpc:${vpc.id}`,
    name: `default-${vpc.region}`,
    description: "",
    region: vpc.region,
    ip_range: "10.108.0.0/20",
    default: true,
    created_at: time(vpc.createdMs),
  };
}

export function tagView(name: string, world: DigitalOceanWorld, origin: string) {
  const droplets = world.droplets.withKey(`tag:${name.toLowerCase()}`);
  const last = droplets.at(-1);
  const counted = {
    count: droplets.length,
    ...(last ? { last_tagged_uri: `${origin}/v2/droplets/${last.id}` } : {}),
  };
  const none = { count: 0 };
  return {
    name,
    resources: { ...counted, droplets: counted, images: none, volumes: none, volume_snapshots: none, databases: none },
  };
}
