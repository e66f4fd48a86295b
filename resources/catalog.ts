import type { EndOfLife } from "./spec.ts";

export interface Catalog {
  sizes: CatalogSize[];
  regions: CatalogRegion[];
  images: CatalogImage[];
  /** ISO instant of the reading. */
  readAt: string;
}

export interface CatalogRegion {
  /** What a server's `region` is. */
  name: string;
  title: string;
  /** Takes new servers now. */
  available: boolean;
  /** ISO 3166 country code, lower case, where the cloud tells. */
  country?: string;
  ended?: EndOfLife;
}

export interface CatalogImage {
  /** What a server's `image` is. */
  name: string;
  title: string;
  minDiskGiB?: number;
  /** `private` is the account's own: snapshots and uploads. Default `public`. */
  visibility?: "public" | "private";
  /** Regions that have it; absent means all. */
  regions?: string[];
}

export interface MarketplaceItem {
  /** What the cloud calls it when a machine is made from it. */
  name: string;
  title: string;
  kind: "application" | "script";
  description?: string;
  minDiskGiB?: number;
}

export interface Price {
  /** Whole micro-units of the size's currency. */
  perHourMicro: number;
  perMonthMicro: number;
}

export interface CatalogSize {
  name: string;
  title: string;
  kind: "shared" | "dedicated" | "gpu" | "metal";
  vcpus: number;
  memoryMiB: number;
  diskGiB: number;
  transferGiB?: number;
  gpus?: number;
  /** As the cloud writes it: "H100", "RTX6000". */
  gpuType?: string;
  /** Whole micro-units of `currency`; absent where the cloud tells no price. */
  pricePerHourMicro?: number;
  pricePerMonthMicro?: number;
  currency: string;
  /** Regions where it costs something else. */
  regionPrices?: Readonly<Record<string, Price>>;
  /** Regions that sell it now: one that has run out is not among them. Absent means all; empty means sold out everywhere. */
  regions?: string[];
  ended?: EndOfLife;
}
