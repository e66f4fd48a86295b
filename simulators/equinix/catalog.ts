import type { Variety } from "../fill.ts";

/** What the simulated Equinix Metal sells: a small, made-up selection in the words of the real one. */
export interface Plan {
  id: string;
  slug: string;
  name: string;
  cpus: { count: number; type: string };
  /** As the API writes it: "32GB". */
  memory: string;
  drives: { count: number; type: "HDD" | "SSD" | "NVME"; size: string; category: "boot" | "storage" }[];
  nics: { count: number; type: string };
  arch: "x86" | "arm64";
  /** Dollars. */
  pricePerHour: number;
  /** Machines by metro before anybody took one. */
  stock: Readonly<Record<string, number>>;
}

export interface Metro {
  id: string;
  code: string;
  name: string;
  country: string;
  facility: { id: string; code: string; name: string };
  /** Factor on the price of a plan, where a metro is dearer. */
  priceFactor?: number;
}

export interface OperatingSystem {
  id: string;
  slug: string;
  name: string;
  distro: string;
  version: string;
  arch: readonly Plan["arch"][];
}

const id = (kind: number, n: number): string => `00000000-0000-4000-8${kind}00-${String(n).padStart(12, "0")}`;

const metro = (n: number, code: string, name: string, country: string, site: string, priceFactor?: number): Metro => ({
  id: id(1, n),
  code,
  name,
  country,
  facility: { id: id(2, n), code: site, name: `${name} ${site.toUpperCase()}` },
  ...(priceFactor === undefined ? {} : { priceFactor }),
});

export const METROS: ReadonlyMap<string, Metro> = new Map(
  [
    metro(1, "da", "Dallas", "US", "da11"),
    metro(2, "sv", "Silicon Valley", "US", "sv15"),
    metro(3, "ny", "New York", "US", "ny7"),
    metro(4, "fr", "Frankfurt", "DE", "fr8"),
    metro(5, "am", "Amsterdam", "NL", "am6"),
    metro(6, "sp", "São Paulo", "BR", "sp4", 1.4),
  ].map((each) => [each.code, each]),
);

const boot = (size: string): Plan["drives"][number] => ({ count: 2, type: "SSD", size, category: "boot" });
const plenty = { da: 25_000, sv: 500, ny: 500, fr: 500, am: 500, sp: 40 };

const plan = (n: number, slug: string, parts: Omit<Plan, "id" | "slug" | "name">): [string, Plan] => [
  slug,
  { id: id(3, n), slug, name: slug, ...parts },
];

export const PLANS: ReadonlyMap<string, Plan> = new Map([
  plan(1, "c3.small.x86", {
    cpus: { count: 1, type: "Intel Xeon E-2278G 8-Core Processor @ 3.40GHz" },
    memory: "32GB",
    drives: [boot("480GB")],
    nics: { count: 2, type: "10Gbps" },
    arch: "x86",
    pricePerHour: 0.75,
    stock: plenty,
  }),
  plan(2, "c3.medium.x86", {
    cpus: { count: 1, type: "AMD EPYC 7402P 24-Core Processor @ 2.80GHz" },
    memory: "64GB",
    drives: [boot("240GB"), { count: 2, type: "SSD", size: "480GB", category: "storage" }],
    nics: { count: 2, type: "25Gbps" },
    arch: "x86",
    pricePerHour: 1.5,
    stock: { da: 200, sv: 60, ny: 9, fr: 40, am: 40, sp: 4 },
  }),
  plan(3, "c3.large.arm64", {
    cpus: { count: 1, type: "Ampere Altra Q80-30 80-Core Processor @ 3.00GHz" },
    memory: "256GB",
    drives: [{ count: 2, type: "NVME", size: "960GB", category: "boot" }],
    nics: { count: 2, type: "25Gbps" },
    arch: "arm64",
    pricePerHour: 2.5,
    stock: { da: 12, sv: 2, ny: 0, fr: 5 },
  }),
  plan(4, "m3.large.x86", {
    cpus: { count: 1, type: "AMD EPYC 7502P 32-Core Processor @ 2.50GHz" },
    memory: "256GB",
    drives: [boot("240GB"), { count: 2, type: "NVME", size: "3.8TB", category: "storage" }],
    nics: { count: 2, type: "25Gbps" },
    arch: "x86",
    pricePerHour: 3.1,
    stock: { da: 30, sv: 1, ny: 0, fr: 12, am: 20 },
  }),
  plan(5, "s3.xlarge.x86", {
    cpus: { count: 2, type: "Intel Xeon Silver 4214 12-Core Processor @ 2.20GHz" },
    memory: "192GB",
    drives: [boot("960GB"), { count: 12, type: "HDD", size: "8TB", category: "storage" }],
    nics: { count: 2, type: "10Gbps" },
    arch: "x86",
    pricePerHour: 2.95,
    stock: { da: 3, am: 0 },
  }),
]);

const system = (
  n: number,
  slug: string,
  name: string,
  distro: string,
  version: string,
  arch: OperatingSystem["arch"] = ["x86", "arm64"],
): [string, OperatingSystem] => [slug, { id: id(4, n), slug, name, distro, version, arch }];

export const SYSTEMS: ReadonlyMap<string, OperatingSystem> = new Map([
  system(1, "debian_12", "Debian 12", "debian", "12"),
  system(2, "ubuntu_22_04", "Ubuntu 22.04 LTS", "ubuntu", "22.04"),
  system(3, "ubuntu_24_04", "Ubuntu 24.04 LTS", "ubuntu", "24.04"),
  system(4, "rocky_9", "Rocky 9", "rocky", "9"),
  system(5, "windows_2022", "Windows 2022 Standard", "windows", "2022", ["x86"]),
  system(6, "custom_ipxe", "Custom iPXE", "custom_ipxe", "1"),
]);

/** Without what only some plans take: Windows, and an iPXE script that nobody named. */
export const VARIETY: Variety = {
  sizes: [...PLANS.values()].map(({ slug, stock }) => ({
    size: slug,
    regions: Object.keys(stock).filter((code) => stock[code]! > 0),
  })),
  images: [...SYSTEMS.values()]
    .filter(({ arch, distro }) => arch.length > 1 && distro !== "custom_ipxe")
    .map(({ slug }) => slug),
};

export function findPlan(key: string): Plan | undefined {
  return PLANS.get(key) ?? [...PLANS.values()].find((each) => each.id === key);
}

export function findMetro(key: string): Metro | undefined {
  return METROS.get(key) ?? [...METROS.values()].find((each) => each.id === key);
}

export function metroOfFacility(key: string): Metro | undefined {
  return [...METROS.values()].find(({ facility }) => facility.code === key || facility.id === key);
}

export function findSystem(key: string): OperatingSystem | undefined {
  return SYSTEMS.get(key) ?? [...SYSTEMS.values()].find((each) => each.id === key);
}
