import type { Variety } from "../fill.ts";

/** What the simulated Vultr sells: real ids, a part of the real catalogue. Prices are whole dollars a month. */

export interface Region {
  id: string;
  city: string;
  country: string;
  continent: string;
}

export const REGIONS: ReadonlyMap<string, Region> = new Map(
  (
    [
      ["ewr", "New Jersey", "US", "North America"],
      ["ord", "Chicago", "US", "North America"],
      ["dfw", "Dallas", "US", "North America"],
      ["lax", "Los Angeles", "US", "North America"],
      ["atl", "Atlanta", "US", "North America"],
      ["sea", "Seattle", "US", "North America"],
      ["ams", "Amsterdam", "NL", "Europe"],
      ["fra", "Frankfurt", "DE", "Europe"],
      ["cdg", "Paris", "FR", "Europe"],
      ["lhr", "London", "GB", "Europe"],
      ["nrt", "Tokyo", "JP", "Asia"],
      ["sgp", "Singapore", "SG", "Asia"],
      ["syd", "Sydney", "AU", "Australia"],
    ] as const
  ).map(([id, city, country, continent]) => [id, { id, city, country, continent }]),
);

export interface Plan {
  id: string;
  type: string;
  vcpus: number;
  /** MB. */
  ram: number;
  /** GB. */
  disk: number;
  /** GB a month. */
  bandwidth: number;
  monthly: number;
  locations: readonly string[];
  gpu?: { type: string; vramGb: number };
}

const EVERYWHERE = [...REGIONS.keys()];
const MOST = EVERYWHERE.filter((region) => !["atl", "sea"].includes(region));
const GPU = ["ewr", "ord", "lax", "fra"];

type Row = [id: string, vcpus: number, ramGb: number, disk: number, bandwidth: number, monthly: number];

const plans = (type: string, locations: readonly string[], rows: Row[], gpu?: Plan["gpu"]): Plan[] =>
  rows.map(([id, vcpus, ramGb, disk, bandwidth, monthly]) => ({
    id,
    type,
    vcpus,
    ram: ramGb * 1024,
    disk,
    bandwidth,
    monthly,
    locations,
    ...(gpu ? { gpu } : {}),
  }));

const ALL_PLANS: Plan[] = [
  ...plans("vc2", EVERYWHERE, [
    ["vc2-1c-1gb", 1, 1, 25, 1024, 5],
    ["vc2-1c-2gb", 1, 2, 55, 2048, 10],
    ["vc2-2c-4gb", 2, 4, 80, 3072, 20],
    ["vc2-4c-8gb", 4, 8, 160, 4096, 40],
    ["vc2-6c-16gb", 6, 16, 320, 5120, 80],
  ]),
  ...plans("vhf", MOST, [
    ["vhf-1c-1gb", 1, 1, 32, 1024, 6],
    ["vhf-1c-2gb", 1, 2, 64, 2048, 12],
    ["vhf-2c-4gb", 2, 4, 128, 3072, 24],
  ]),
  ...plans("vhp", MOST, [
    ["vhp-1c-1gb-amd", 1, 1, 25, 2048, 6],
    ["vhp-2c-4gb-amd", 2, 4, 100, 5120, 24],
  ]),
  ...plans("voc", MOST, [["voc-g-2c-8gb-50s-amd", 2, 8, 50, 5120, 60]]),
  ...plans("vcg", GPU, [["vcg-a16-2c-8g-2vram", 2, 8, 50, 1024, 43]], { type: "NVIDIA_A16", vramGb: 2 }),
  ...plans("vcg", GPU, [["vcg-a100-12c-120g-80vram", 12, 120, 1400, 10240, 1750]], { type: "NVIDIA_A100", vramGb: 80 }),
];
export const PLANS: ReadonlyMap<string, Plan> = new Map(ALL_PLANS.map((plan) => [plan.id, plan]));

export interface MetalPlan {
  id: string;
  cores: number;
  threads: number;
  model: string;
  /** MB. */
  ram: number;
  /** GB of each of its disks. */
  disk: number;
  disks: number;
  kind: string;
  bandwidth: number;
  monthly: number;
  locations: readonly string[];
}

export const METAL_PLANS: ReadonlyMap<string, MetalPlan> = new Map(
  (
    [
      ["vbm-4c-32gb", 4, 8, "E3-1270v6", 32, 240, 2, "SSD", 5120, 120],
      ["vbm-6c-32gb", 6, 12, "E-2286G", 32, 960, 2, "SSD", 10240, 185],
      ["vbm-24c-256gb-amd", 24, 48, "EPYC 7443P", 256, 480, 2, "SSD", 10240, 725],
    ] as const
  ).map(([id, cores, threads, model, ramGb, disk, disks, kind, bandwidth, monthly]) => [
    id,
    { id, cores, threads, model, ram: ramGb * 1024, disk, disks, kind, bandwidth, monthly, locations: MOST },
  ]),
);

export interface OperatingSystem {
  id: number;
  name: string;
  family: string;
}

export const SYSTEMS: ReadonlyMap<number, OperatingSystem> = new Map(
  (
    [
      [2284, "Ubuntu 24.04 LTS x64", "ubuntu"],
      [1743, "Ubuntu 22.04 LTS x64", "ubuntu"],
      [2136, "Debian 12 x64 (bookworm)", "debian"],
      [477, "Debian 11 x64 (bullseye)", "debian"],
      [1868, "AlmaLinux 9 x64", "almalinux"],
      [1869, "Rocky Linux 9 x64", "rockylinux"],
      [159, "Custom", "iso"],
      [164, "Snapshot", "snapshot"],
      [180, "Backup", "backup"],
      [186, "Application", "application"],
    ] as const
  ).map(([id, name, family]) => [id, { id, name, family }]),
);

/** What a machine that was made from an application has as its operating system. */
export const APPLICATION_OS = 186;
/** The same of what is made from a snapshot. */
export const SNAPSHOT_OS = 164;

export interface Application {
  id: number;
  name: string;
  shortName: string;
  deployName: string;
  type: "one-click" | "marketplace";
  vendor: string;
  imageId: string;
}

export const APPLICATIONS: readonly Application[] = [
  {
    id: 17,
    name: "Docker",
    shortName: "docker",
    deployName: "Docker on Ubuntu 22.04 x64",
    type: "one-click",
    vendor: "vultr",
    imageId: "",
  },
  {
    id: 1028,
    name: "OpenLiteSpeed WordPress",
    shortName: "openlitespeedwordpress",
    deployName: "OpenLiteSpeed WordPress on Ubuntu 22.04 x64",
    type: "marketplace",
    vendor: "LiteSpeed_Technologies",
    imageId: "openlitespeed-wordpress",
  },
];

/** Start scripts of the account. */
export const SCRIPTS = [{ id: "5a5a0000-0000-4000-8000-000000000001", name: "first-boot", type: "boot" }] as const;

/** GPUs are rare in an account, and so is bare metal. */
export const VARIETY: Variety = {
  sizes: [
    ...ALL_PLANS.filter(({ gpu }) => gpu === undefined).map(({ id, locations }) => ({ size: id, regions: locations })),
    ...[...METAL_PLANS.values()].map(({ id, locations }) => ({ size: id, regions: locations })),
  ],
  // The others stand for what a machine was made from instead of a system.
  images: [...SYSTEMS.values()].filter(({ name }) => / x64\b/.test(name)).map(({ id }) => `os:${id}`),
};

/** Plans that an instance may be changed to: more of everything within its type. */
export function upgradesOf(plan: Plan): Plan[] {
  return [...PLANS.values()].filter(
    (other) =>
      other.type === plan.type &&
      other.id !== plan.id &&
      other.vcpus >= plan.vcpus &&
      other.ram >= plan.ram &&
      other.disk >= plan.disk &&
      other.gpu?.type === plan.gpu?.type,
  );
}
