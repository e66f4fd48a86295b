import type { SaleChange } from "../control.ts";
import type { Variety } from "../fill.ts";

/** What the simulated Linode sells: real names and prices, a part of the real catalogue. */

export interface LinodeType {
  id: string;
  label: string;
  class: "nanode" | "standard" | "dedicated" | "premium" | "gpu" | "highmem";
  /** MB, as the API counts. */
  disk: number;
  memory: number;
  vcpus: number;
  gpus: number;
  /** GB a month. */
  transfer: number;
  networkOut: number;
  hourly: number;
  monthly: number;
  backupsHourly: number;
  backupsMonthly: number;
}

type Row = [
  id: string,
  label: string,
  kind: LinodeType["class"],
  memoryGb: number,
  vcpus: number,
  diskGb: number,
  ...rest: Rest,
];
type Rest = [
  transferGb: number,
  networkOut: number,
  hourly: number,
  monthly: number,
  backupsMonthly: number,
  gpus?: number,
];

const ROWS: Row[] = [
  ["g6-nanode-1", "Nanode 1GB", "nanode", 1, 1, 25, 1000, 1000, 0.0075, 5, 2],
  ["g6-standard-1", "Linode 2GB", "standard", 2, 1, 50, 2000, 2000, 0.018, 12, 2.5],
  ["g6-standard-2", "Linode 4GB", "standard", 4, 2, 80, 4000, 4000, 0.036, 24, 5],
  ["g6-standard-4", "Linode 8GB", "standard", 8, 4, 160, 5000, 5000, 0.072, 48, 10],
  ["g6-standard-6", "Linode 16GB", "standard", 16, 6, 320, 8000, 6000, 0.144, 96, 20],
  ["g6-standard-8", "Linode 32GB", "standard", 32, 8, 640, 16000, 7000, 0.288, 192, 40],
  ["g7-highmem-1", "Linode 24GB", "highmem", 24, 2, 20, 5000, 5000, 0.09, 60, 5],
  ["g7-highmem-2", "Linode 48GB", "highmem", 48, 2, 40, 6000, 6000, 0.18, 120, 10],
  ["g6-dedicated-2", "Dedicated 4GB", "dedicated", 4, 2, 80, 4000, 4000, 0.054, 36, 5],
  ["g6-dedicated-4", "Dedicated 8GB", "dedicated", 8, 4, 160, 5000, 5000, 0.108, 72, 10],
  ["g6-dedicated-8", "Dedicated 16GB", "dedicated", 16, 8, 320, 6000, 6000, 0.216, 144, 20],
  ["g6-dedicated-16", "Dedicated 32GB", "dedicated", 32, 16, 640, 7000, 7000, 0.432, 288, 40],
  ["g7-premium-2", "Premium 4GB", "premium", 4, 2, 80, 4000, 4000, 0.0645, 43, 5],
  ["g7-premium-4", "Premium 8GB", "premium", 8, 4, 160, 5000, 5000, 0.129, 86, 10],
  ["g1-gpu-rtx6000-1", "Dedicated 32GB + RTX6000 GPU x1", "gpu", 32, 8, 640, 16000, 10000, 1.5, 1000, 0, 1],
  ["g2-gpu-rtx4000a1-s", "RTX4000 Ada x1 Small", "gpu", 16, 4, 512, 0, 10000, 0.52, 350, 0, 1],
];

export const TYPES: ReadonlyMap<string, LinodeType> = new Map(
  ROWS.map(([id, label, kind, memoryGb, vcpus, diskGb, transfer, networkOut, hourly, monthly, backups, gpus = 0]) => [
    id,
    {
      id,
      label,
      class: kind,
      disk: diskGb * 1024,
      memory: memoryGb * 1024,
      vcpus,
      gpus,
      transfer,
      networkOut,
      hourly,
      monthly,
      backupsHourly: Math.round((backups / 730) * 10_000) / 10_000,
      backupsMonthly: backups,
    },
  ]),
);

export interface LinodeRegion {
  id: string;
  label: string;
  country: string;
  capabilities: string[];
}

const BASE = ["Linodes", "Backups", "NodeBalancers", "Block Storage", "Cloud Firewall", "Vlans", "VPCs", "Metadata"];

export const REGIONS: ReadonlyMap<string, LinodeRegion> = new Map(
  (
    [
      ["us-east", "Newark, NJ", "us", ["GPU Linodes"]],
      ["us-ord", "Chicago, IL", "us", ["GPU Linodes", "Premium Plans"]],
      ["us-central", "Dallas, TX", "us", []],
      ["us-west", "Fremont, CA", "us", []],
      ["us-sea", "Seattle, WA", "us", ["GPU Linodes", "Premium Plans"]],
      ["eu-central", "Frankfurt, DE", "de", ["GPU Linodes"]],
      ["eu-west", "London, UK", "gb", []],
      ["fr-par", "Paris, FR", "fr", ["GPU Linodes", "Premium Plans"]],
      ["ap-south", "Singapore, SG", "sg", ["GPU Linodes"]],
      ["ap-northeast", "Tokyo, JP", "jp", []],
      ["in-maa", "Chennai, IN", "in", ["GPU Linodes", "Premium Plans"]],
      ["id-cgk", "Jakarta, ID", "id", ["Premium Plans"]],
    ] as const
  ).map(([id, label, country, more]) => [id, { id, label, country, capabilities: [...BASE, ...more] }]),
);

export interface LinodeImage {
  id: string;
  label: string;
  vendor: string;
  /** MB. */
  size: number;
  eol: string;
  created: string;
}

export const IMAGES: ReadonlyMap<string, LinodeImage> = new Map(
  (
    [
      ["linode/ubuntu26.04", "Ubuntu 26.04 LTS", "Ubuntu", 3500, "2031-04-23"],
      ["linode/ubuntu24.04", "Ubuntu 24.04 LTS", "Ubuntu", 3500, "2029-04-25"],
      ["linode/ubuntu22.04", "Ubuntu 22.04 LTS", "Ubuntu", 3500, "2027-04-01"],
      ["linode/debian13", "Debian 13", "Debian", 1800, "2030-06-30"],
      ["linode/debian12", "Debian 12", "Debian", 1800, "2028-06-10"],
      ["linode/debian11", "Debian 11", "Debian", 1800, "2026-08-31"],
      ["linode/almalinux9", "AlmaLinux 9", "AlmaLinux", 1700, "2032-05-31"],
      ["linode/rocky9", "Rocky Linux 9", "Rocky", 1700, "2032-05-31"],
      ["linode/alpine3.21", "Alpine 3.21", "Alpine", 300, "2026-11-01"],
      ["linode/arch", "Arch Linux", "Arch", 2400, "2036-01-01"],
    ] as const
  ).map(([id, label, vendor, size, eol]) => [
    id,
    { id, label, vendor, size, eol: `${eol}T04:00:00`, created: "2024-01-01T00:00:00" },
  ]),
);

/** Regions where everything costs more. */
export const DEARER: Readonly<Record<string, number>> = { "id-cgk": 1.2 };

/** Whether a region has what the type needs. */
function isMade(type: LinodeType, region: LinodeRegion): boolean {
  if (type.class === "gpu") return region.capabilities.includes("GPU Linodes");
  if (type.class === "premium") return region.capabilities.includes("Premium Plans");
  return true;
}

/** GPUs are rare in an account. */
export const VARIETY: Variety = {
  sizes: [...TYPES.values()]
    .filter(({ gpus }) => gpus === 0)
    .map((type) => ({
      size: type.id,
      regions: [...REGIONS.values()].filter((region) => isMade(type, region)).map(({ id }) => id),
    })),
  images: [...IMAGES.keys()],
};

/** What one simulator sells: the catalogue, with what control has changed of it. */
export class Sale {
  readonly #changes = new Map<string, SaleChange>();

  change(id: string, change: SaleChange): boolean {
    if (!TYPES.has(id)) return false;
    this.#changes.set(id, { ...this.#changes.get(id), ...change });
    return true;
  }

  types(): LinodeType[] {
    return [...TYPES.keys()].map((id) => this.type(id)!);
  }

  type(id: string): LinodeType | undefined {
    const type = TYPES.get(id);
    const { hourly = type?.hourly, monthly = type?.monthly } = this.#changes.get(id) ?? {};
    return type && { ...type, hourly: hourly!, monthly: monthly! };
  }

  isSold(type: LinodeType, region: LinodeRegion): boolean {
    const { regions } = this.#changes.get(type.id) ?? {};
    return isMade(type, region) && (regions?.includes(region.id) ?? true);
  }
}
