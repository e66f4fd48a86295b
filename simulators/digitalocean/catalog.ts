import type { SaleChange } from "../control.ts";
import type { Variety } from "../fill.ts";

/** What the simulated DigitalOcean sells: real slugs and prices, a part of the real catalogue. */

export interface DropletSize {
  slug: string;
  description: string;
  /** MB. */
  memory: number;
  vcpus: number;
  /** GB. */
  disk: number;
  /** TB a month. */
  transfer: number;
  priceMonthly: number;
  priceHourly: number;
  regions: readonly string[];
  gpu?: { count: number; model: string; vramGb: number };
}

export interface Region {
  slug: string;
  name: string;
}

export const REGIONS: ReadonlyMap<string, Region> = new Map(
  (
    [
      ["nyc1", "New York 1"],
      ["nyc2", "New York 2"],
      ["nyc3", "New York 3"],
      ["sfo2", "San Francisco 2"],
      ["sfo3", "San Francisco 3"],
      ["ams3", "Amsterdam 3"],
      ["fra1", "Frankfurt 1"],
      ["lon1", "London 1"],
      ["sgp1", "Singapore 1"],
      ["tor1", "Toronto 1"],
      ["blr1", "Bangalore 1"],
      ["syd1", "Sydney 1"],
    ] as const
  ).map(([slug, name]) => [slug, { slug, name }]),
);

const EVERYWHERE = [...REGIONS.keys()];
const NEWER = ["nyc1", "nyc3", "sfo3", "ams3", "fra1", "lon1", "sgp1", "tor1", "blr1", "syd1"];
const GPU_REGIONS = ["nyc2", "tor1", "ams3"];

type Row = [
  slug: string,
  description: string,
  memoryGb: number,
  vcpus: number,
  diskGb: number,
  transferTb: number,
  monthly: number,
  hourly: number,
  regions: readonly string[],
  gpu?: DropletSize["gpu"],
];

const ROWS: Row[] = [
  [
    "s-1vcpu-512mb-10gb",
    "Basic",
    0.5,
    1,
    10,
    0.5,
    4,
    0.00595,
    ["nyc1", "nyc3", "sfo3", "ams3", "fra1", "sgp1", "syd1"],
  ],
  ["s-1vcpu-1gb", "Basic", 1, 1, 25, 1, 6, 0.00893, EVERYWHERE],
  ["s-1vcpu-2gb", "Basic", 2, 1, 50, 2, 12, 0.01786, EVERYWHERE],
  ["s-2vcpu-2gb", "Basic", 2, 2, 60, 3, 18, 0.02679, EVERYWHERE],
  ["s-2vcpu-4gb", "Basic", 4, 2, 80, 4, 24, 0.03571, EVERYWHERE],
  ["s-4vcpu-8gb", "Basic", 8, 4, 160, 5, 48, 0.07143, EVERYWHERE],
  ["s-8vcpu-16gb", "Basic", 16, 8, 320, 6, 96, 0.14286, EVERYWHERE],
  ["s-2vcpu-4gb-intel", "Premium Intel", 4, 2, 80, 4, 28, 0.04167, NEWER],
  ["c-2", "CPU-Optimized", 4, 2, 25, 4, 42, 0.0625, NEWER],
  ["c-4", "CPU-Optimized", 8, 4, 50, 5, 84, 0.125, NEWER],
  ["g-2vcpu-8gb", "General Purpose", 8, 2, 25, 4, 63, 0.09375, NEWER],
  ["g-4vcpu-16gb", "General Purpose", 16, 4, 50, 5, 126, 0.1875, NEWER],
  ["m-2vcpu-16gb", "Memory-Optimized", 16, 2, 50, 4, 84, 0.125, NEWER],
  ["so-2vcpu-16gb", "Storage-Optimized", 16, 2, 300, 4, 131, 0.19494, NEWER],
  [
    "gpu-h100x1-80gb",
    "H100 GPU - 1X",
    240,
    20,
    720,
    15,
    2522.16,
    3.39,
    GPU_REGIONS,
    { count: 1, model: "nvidia_h100", vramGb: 80 },
  ],
];

export const SIZES: ReadonlyMap<string, DropletSize> = new Map(
  ROWS.map(([slug, description, memoryGb, vcpus, disk, transfer, priceMonthly, priceHourly, regions, gpu]) => [
    slug,
    {
      slug,
      description,
      memory: memoryGb * 1024,
      vcpus,
      disk,
      transfer,
      priceMonthly,
      priceHourly,
      regions,
      ...(gpu ? { gpu } : {}),
    },
  ]),
);

/** What one simulator sells: the catalogue, with what control has changed of it. */
export class Sale {
  readonly #changes = new Map<string, SaleChange>();

  change(slug: string, change: SaleChange): boolean {
    if (!SIZES.has(slug)) return false;
    this.#changes.set(slug, { ...this.#changes.get(slug), ...change });
    return true;
  }

  sizes(): DropletSize[] {
    return [...SIZES.keys()].map((slug) => this.size(slug)!);
  }

  size(slug: string): DropletSize | undefined {
    const size = SIZES.get(slug);
    if (size === undefined) return undefined;
    const {
      hourly = size.priceHourly,
      monthly = size.priceMonthly,
      regions = size.regions,
    } = this.#changes.get(slug) ?? {};
    return { ...size, priceHourly: hourly, priceMonthly: monthly, regions };
  }
}

/** One-click applications, the last of them for clusters. */
export const ONE_CLICKS = [
  ...["wordpress-20-04", "docker-20-04", "lamp-22-04", "mongodb-22-04"].map((slug) => ({ slug, type: "droplet" })),
  { slug: "monitoring", type: "kubernetes" },
];

export interface Image {
  id: number;
  slug: string;
  name: string;
  distribution: string;
  kind: "distribution" | "application" | "custom" | "snapshot";
  minDiskGb: number;
  description: string;
}

/** What the account has uploaded itself: it has no slug, and is on no list of what is public. */
export const CUSTOM: Image = {
  id: 195933001,
  slug: "",
  name: "appliance",
  distribution: "Unknown",
  kind: "custom",
  minDiskGb: 10,
  description: "",
};

export const IMAGES: readonly Image[] = (
  [
    [195932981, "ubuntu-26-04-x64", "26.04 (LTS) x64", "Ubuntu", "distribution"],
    [195932982, "ubuntu-24-04-x64", "24.04 (LTS) x64", "Ubuntu", "distribution"],
    [195932983, "ubuntu-22-04-x64", "22.04 (LTS) x64", "Ubuntu", "distribution"],
    [195932984, "debian-13-x64", "13 x64", "Debian", "distribution"],
    [195932985, "debian-12-x64", "12 x64", "Debian", "distribution"],
    [195932986, "fedora-42-x64", "42 x64", "Fedora", "distribution"],
    [195932987, "centos-stream-9-x64", "9 Stream x64", "CentOS", "distribution"],
    [195932988, "rockylinux-9-x64", "9 x64", "Rocky Linux", "distribution"],
    [195932989, "docker-20-04", "Docker on Ubuntu 22.04", "Ubuntu", "application"],
    [195932990, "wordpress-20-04", "WordPress on Ubuntu 22.04", "Ubuntu", "application"],
  ] as const
).map(([id, slug, name, distribution, kind]) => ({
  id,
  slug,
  name,
  distribution,
  kind,
  minDiskGb: kind === "application" ? 25 : 7,
  description: `${distribution} ${name}`,
}));

/** GPUs are rare in an account. */
export const VARIETY: Variety = {
  sizes: [...SIZES.values()]
    .filter(({ gpu }) => gpu === undefined)
    .map(({ slug, regions }) => ({ size: slug, regions })),
  images: IMAGES.filter(({ kind }) => kind === "distribution").map(({ slug }) => slug),
};

/** By id or slug. */
export function findImage(key: string | number): Image | undefined {
  return [...IMAGES, CUSTOM].find(({ id, slug }) => String(id) === String(key) || (slug !== "" && slug === key));
}
