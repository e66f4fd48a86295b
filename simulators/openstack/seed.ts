import type { Variety } from "../fill.ts";
import type { Identity } from "./identity.ts";
import { type Aggregate, DEFAULT_ZONE, type Flavor, type SimServer, type World } from "./world.ts";

const OTHER_ZONE = "zone-b";
const DEFAULT_DOMAIN = { id: "default", name: "Default" };

export const PROJECT = { id: "3f7a2c1e9b6d4f508a1c2e3d4f5a6b7c", name: "fleet", domain: DEFAULT_DOMAIN };
export const OTHER_PROJECT = { id: "a8d4b1c05e2f4d7690c3b2a1f0e9d8c7", name: "tenant-a", domain: DEFAULT_DOMAIN };
const USER = "0b6c8d7e5f4a43219c8b7a6f5e4d3c2b";
const MEMBER = "1c7d9e8f6a5b54320d9c8b7a6f5e4d3c";

/** Who may log in: an administrator of the fleet's project, by password and by application credential, and a plain member of it. */
export function identityParts(secrets: {
  password: string;
  applicationCredentialId: string;
  applicationCredentialSecret: string;
}): Pick<Identity, "projects" | "users" | "applicationCredentials"> {
  const { password, applicationCredentialId: id, applicationCredentialSecret: secret } = secrets;
  const roles = { [PROJECT.id]: ["admin", "member", "reader"], [OTHER_PROJECT.id]: ["admin", "member", "reader"] };
  const shared = { domain: DEFAULT_DOMAIN, password, defaultProject: PROJECT.id };
  return {
    projects: [PROJECT, OTHER_PROJECT],
    users: [
      { id: USER, name: "fleetwright", roles, ...shared },
      { id: MEMBER, name: "member", roles: { [PROJECT.id]: ["member", "reader"] }, ...shared },
    ],
    applicationCredentials: [{ id, name: "fleetwright", secret, user: USER, project: PROJECT.id }],
  };
}

const FLAVORS: Omit<Flavor, "id">[] = [
  { name: "m1.tiny", vcpus: 1, ram: 512, disk: 1, extraSpecs: {} },
  { name: "m1.small", vcpus: 1, ram: 2048, disk: 20, extraSpecs: {} },
  { name: "m1.medium", vcpus: 2, ram: 4096, disk: 40, extraSpecs: {} },
  { name: "m1.large", vcpus: 4, ram: 8192, disk: 80, extraSpecs: {} },
  { name: "c1.large", vcpus: 4, ram: 8192, disk: 80, extraSpecs: { "hw:cpu_policy": "dedicated" } },
  { name: "v1.medium", vcpus: 2, ram: 4096, disk: 0, extraSpecs: {} },
  { name: "g1.a100", vcpus: 16, ram: 131_072, disk: 200, extraSpecs: { "pci_passthrough:alias": "A100:1" } },
  {
    name: "g1.vgpu",
    vcpus: 4,
    ram: 16_384,
    disk: 80,
    extraSpecs: { "resources:VGPU": "1", "trait:CUSTOM_NVIDIA_A40": "required" },
  },
];

const IMAGES = [
  { name: "debian-12", minDisk: 2 },
  { name: "ubuntu-24.04", minDisk: 4 },
  { name: "cirros", minDisk: 0 },
  { name: "rolling", minDisk: 2 },
  // A name may be used twice; then only the id tells which one is meant.
  { name: "rolling", minDisk: 2 },
];

/** In the zones of hosts without GPUs. */
export const VARIETY: Variety = {
  sizes: FLAVORS.filter(({ name }) => name.startsWith("m1.")).map(({ name }) => ({
    size: name,
    regions: [DEFAULT_ZONE, OTHER_ZONE],
  })),
  images: ["debian-12", "ubuntu-24.04", "cirros"],
};

const GIB = 1024 ** 3;

export function seed(world: World): void {
  const { ids } = world;
  FLAVORS.forEach((flavor, index) => {
    const id = index < 4 ? String(index + 1) : ids.uuid();
    world.flavors.set(id, { id, ...flavor });
  });
  for (const { name, minDisk } of IMAGES) {
    const id = ids.uuid();
    world.images.set(id, {
      id,
      name,
      minDisk,
      sizeBytes: minDisk * GIB,
      visibility: "public",
      owner: OTHER_PROJECT.id,
    });
  }
  const old = ids.uuid();
  world.images.set(old, {
    id: old,
    name: "debian-11",
    minDisk: 2,
    sizeBytes: 2 * GIB,
    visibility: "public",
    owner: OTHER_PROJECT.id,
    hidden: true,
  });

  const hosts = [
    ...["compute-1", "compute-2", "compute-3"].map((name) => ({ name, gpus: {} })),
    ...["gpu-host-1", "gpu-host-2", "gpu-host-3"].map((name) => ({ name, gpus: { A100: 8 } })),
    { name: "gpu-host-4", gpus: { VGPU: 16 } },
  ];
  for (const { name, gpus } of hosts) {
    const graphic = Object.keys(gpus).length > 0;
    const size = { vcpus: graphic ? 128 : 64, memoryMiB: (graphic ? 2048 : 8192) * 1024, diskGiB: 50_000 };
    world.hosts.set(name, { id: ids.uuid(), name, ...size, gpus, up: true });
  }
  addAggregate(world, OTHER_ZONE, { zone: OTHER_ZONE, hosts: ["compute-3"] });
  addAggregate(world, "A100-n3", { hosts: ["gpu-host-1", "gpu-host-2"], metadata: { gpu: "A100" } });
  addAggregate(world, "A100-n3-spot", { hosts: ["gpu-host-3"], metadata: { gpu: "A100" } });
  addAggregate(world, "A100-n3-runpod", { metadata: { gpu: "A100" } });

  const network = (name: string, project: string, external: boolean, cidrs: [4 | 6, string, string][]) => {
    const id = ids.uuid();
    const subnets = cidrs.map(([version, cidr, gateway]) => {
      const subnet = { id: ids.uuid(), name: `${name}-v${version}`, network: id, project, version, cidr, gateway };
      world.subnets.set(subnet.id, subnet);
      return subnet.id;
    });
    world.networks.set(id, { id, name, project, shared: false, external, subnets });
  };
  network("private", PROJECT.id, false, [
    [4, "10.20.0.0/16", "10.20.0.1"],
    [6, "2001:db8:20::/64", "2001:db8:20::1"],
  ]);
  network("public", OTHER_PROJECT.id, true, [[4, "203.0.113.0/24", "203.0.113.1"]]);
  world.defaultGroup(PROJECT.id);
}

/** A server of the seeded user that has run for a while, on a host and of a flavor; the rest as somebody who asks for nothing more gets it. */
export function plainServer(
  world: World,
  given: Pick<SimServer, "name" | "flavor" | "host"> & Partial<SimServer>,
  at: number,
): SimServer {
  return {
    id: world.ids.uuid(),
    hostname: given.name,
    project: PROJECT.id,
    user: USER,
    image: undefined,
    zone: DEFAULT_ZONE,
    metadata: {},
    tags: [],
    keyName: null,
    userData: null,
    configDrive: false,
    volumes: [],
    description: null,
    vm: "active",
    task: null,
    locked: false,
    createdAt: at,
    updatedAt: at,
    launchedAt: at,
    reservation: `r-${world.ids.hex(8)}`,
    ...given,
  };
}

export function addAggregate(
  world: World,
  name: string,
  {
    zone = null,
    hosts = [],
    metadata = {},
  }: { zone?: string | null; hosts?: string[]; metadata?: Record<string, string> },
): Aggregate {
  const id = ++world.lastAggregate;
  const aggregate: Aggregate = {
    id,
    uuid: world.ids.uuid(),
    name,
    zone,
    hosts: [...hosts],
    metadata: { ...metadata, ...(zone ? { availability_zone: zone } : {}) },
    createdAt: world.clock.now(),
    updatedAt: null,
  };
  world.aggregates.set(id, aggregate);
  return aggregate;
}
