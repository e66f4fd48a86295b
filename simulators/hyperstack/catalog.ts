import type { Variety } from "../fill.ts";

/** What the simulated Hyperstack sells: names as they are, a part of the catalogue. */
export interface Region {
  id: number;
  name: string;
  description: string;
  country: string;
}

export interface Flavor {
  id: number;
  name: string;
  /** Empty for flavors without GPU. */
  gpu: string;
  gpuCount: number;
  cpu: number;
  /** GB. */
  ram: number;
  disk: number;
  ephemeral: number;
  hibernates: boolean;
  /** Regions that have it, and whether it is in stock there. */
  stock: ReadonlyMap<string, boolean>;
}

export const REGIONS: readonly Region[] = [
  { id: 1, name: "NORWAY-1", description: "Norway 1", country: "NO" },
  { id: 2, name: "CANADA-1", description: "Canada 1", country: "CA" },
  { id: 3, name: "US-1", description: "United States 1", country: "US" },
];

type Row = [
  name: string,
  gpu: string,
  gpuCount: number,
  cpu: number,
  ram: number,
  disk: number,
  ephemeral: number,
  stock: Record<string, boolean>,
];

const ROWS: Row[] = [
  ["n1-cpu-small", "", 0, 4, 4, 100, 0, { "NORWAY-1": true, "CANADA-1": true, "US-1": true }],
  ["n1-cpu-medium", "", 0, 8, 8, 100, 0, { "NORWAY-1": true, "CANADA-1": true, "US-1": true }],
  ["n3-A4000x1", "RTX-A4000", 1, 6, 24, 100, 0, { "NORWAY-1": true, "CANADA-1": true }],
  ["n3-L40x1", "L40", 1, 28, 58, 100, 725, { "CANADA-1": true, "US-1": true }],
  ["n3-L40x2", "L40", 2, 60, 120, 100, 1450, { "CANADA-1": true, "US-1": false }],
  ["n3-L40x8", "L40", 8, 252, 464, 100, 5800, { "CANADA-1": true }],
  ["n3-A100x1", "A100-80G-PCIe", 1, 28, 120, 100, 750, { "NORWAY-1": true, "CANADA-1": true }],
  ["n3-H100x1", "H100-80G-PCIe", 1, 28, 180, 100, 750, { "CANADA-1": true, "US-1": true }],
  ["n3-H100x8", "H100-80G-PCIe", 8, 252, 1440, 100, 6000, { "CANADA-1": false }],
];

export const FLAVORS: ReadonlyMap<string, Flavor> = new Map(
  ROWS.map(([name, gpu, gpuCount, cpu, ram, disk, ephemeral, stock], index) => [
    name,
    {
      id: index + 1,
      name,
      gpu,
      gpuCount,
      cpu,
      ram,
      disk,
      ephemeral,
      hibernates: gpuCount > 0,
      stock: new Map(Object.entries(stock)),
    },
  ]),
);

export interface Image {
  id: number;
  name: string;
  type: string;
  version: string;
  region: string;
}

const SYSTEMS = [
  ["Ubuntu Server 24.04 LTS R570 CUDA 12.8", "Ubuntu", "Server 24.04 LTS R570 CUDA 12.8"],
  ["Ubuntu Server 24.04 LTS (Noble Numbat)", "Ubuntu", "Server 24.04 LTS (Noble Numbat)"],
  ["Ubuntu Server 22.04 LTS (Jammy Jellyfish)", "Ubuntu", "Server 22.04 LTS (Jammy Jellyfish)"],
  ["Debian 12", "Debian", "12"],
  ["RunPod Ubuntu 22.04", "runpod", "Ubuntu 22.04"],
] as const;

/** Each image once in each region. */
export const IMAGES: readonly Image[] = REGIONS.flatMap((region, at) =>
  SYSTEMS.map(([name, type, version], index) => ({
    id: 100 + at * SYSTEMS.length + index,
    name,
    type,
    version,
    region: region.name,
  })),
);

export const VARIETY: Variety = {
  sizes: [...FLAVORS.values()].map(({ name, stock }) => ({ size: name, regions: [...stock.keys()] })),
  images: SYSTEMS.filter(([, type]) => type !== "runpod").map(([name]) => name),
};

/** USD an hour. With GPUs processors, memory and disk are free. */
export const PRICEBOOK: readonly (readonly [name: string, value: number])[] = [
  ["vCPU", 0],
  ["RAM", 0],
  ["hypervisor-local-storage", 0],
  ["vCPU (cpu-only-flavors)", 0.006],
  ["RAM (cpu-only-flavors)", 0.0015],
  ["hypervisor-local-storage (cpu-only-flavors)", 0.0001],
  ["RTX-A4000", 0.15],
  ["L40", 1],
  ["A100-80G-PCIe", 1.35],
  ["H100-80G-PCIe", 1.9],
  ["Cloud-SSD", 0.000096774],
  ["Public IP", 0.00672],
];

export const PROTOCOLS = [
  "any",
  "ah",
  "dccp",
  "egp",
  "esp",
  "gre",
  "hopopt",
  "icmp",
  "igmp",
  "ip",
  "ipip",
  "ipv6-encap",
  "ipv6-frag",
  "ipv6-icmp",
  "icmpv6",
  "ipv6-nonxt",
  "ipv6-opts",
  "ipv6-route",
  "ospf",
  "pgm",
  "rsvp",
  "sctp",
  "tcp",
  "udp",
  "udplite",
  "vrrp",
];
