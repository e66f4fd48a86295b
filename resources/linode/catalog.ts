import type { Catalog, CatalogImage, CatalogSize, MarketplaceItem } from "../catalog.ts";
import type { Call } from "../cloud.ts";
import {
  type Availability,
  type Image,
  isAvailability,
  isImage,
  isRegion,
  isStackScript,
  isType,
  type LinodeType,
  type Region,
  type StackScript,
} from "./answers.ts";
import { linodeList, linodeListBy } from "./http.ts";

export async function readCatalog(call: Call): Promise<Catalog> {
  const [types, regions, images, soldOut] = await Promise.all([
    linodeList<LinodeType>(call, "/v4/linode/types", isType),
    linodeList<Region>(call, "/v4/regions", isRegion),
    linodeList<Image>(call, "/v4/images", isImage),
    readScarcity(call),
  ]);
  return {
    sizes: types.map((type) => sizeOf(type, regions, soldOut.get(type.id) ?? [])),
    regions: regions.map((region) => ({
      name: region.id,
      title: region.label,
      available: isOpen(region),
      ...(region.country ? { country: region.country } : {}),
    })),
    images: images.filter((image) => !image.deprecated && (image.status ?? "available") === "available").map(imageOf),
    readAt: new Date().toISOString(),
  };
}

/** Takes new machines now. */
export const isOpen = ({ status, capabilities }: Region): boolean =>
  status === "ok" && (capabilities?.includes("Linodes") ?? true);

/** Where plans are sold out, by plan. */
export async function readScarcity(call: Call): Promise<ReadonlyMap<string, Availability[]>> {
  const path = "/v4/regions/availability";
  const idOf = ({ plan, region }: Availability) => `${plan} ${region}`;
  const all = await linodeListBy<Availability>(call, path, isAvailability, idOf);
  return Map.groupBy(
    all.filter(({ available }) => !available),
    ({ plan }) => plan,
  );
}

/** A plan that the list of availability does not mention is sold everywhere: the list is of those that are scarce. */
function sizeOf(type: LinodeType, regions: Region[], missing: Availability[]): CatalogSize {
  const away = new Set(missing.map(({ region }) => region));
  const micro = ({ hourly, monthly }: { hourly: number; monthly: number }) => ({
    perHourMicro: Math.round(hourly * 1e6),
    perMonthMicro: Math.round(monthly * 1e6),
  });
  const { perHourMicro, perMonthMicro } = micro(type.price);
  const dearer = (type.region_prices ?? []).map((price) => [price.id, micro(price)] as const);
  const gpuType = type.gpus ? gpuTypeOf(type.label) : undefined;
  return {
    name: type.id,
    title: type.label,
    kind: type.gpus ? "gpu" : /^g\d-(nanode|standard)/.test(type.id) ? "shared" : "dedicated",
    vcpus: type.vcpus,
    memoryMiB: type.memory,
    diskGiB: Math.round(type.disk / 1024),
    transferGiB: type.transfer,
    ...(type.gpus ? { gpus: type.gpus } : {}),
    ...(gpuType ? { gpuType } : {}),
    pricePerHourMicro: perHourMicro,
    pricePerMonthMicro: perMonthMicro,
    currency: "USD",
    ...(dearer.length > 0 ? { regionPrices: Object.fromEntries(dearer) } : {}),
    ...(away.size > 0 ? { regions: regions.flatMap(({ id }) => (away.has(id) ? [] : [id])) } : {}),
  };
}

/** "Dedicated 32GB + RTX6000 GPU x1", "RTX4000 Ada x1 Small": the type stands in the label only. */
function gpuTypeOf(label: string): string | undefined {
  return /\b((?:RTX|A|H|L)\s?\d+(?: Ada)?)\b/.exec(label)?.[1];
}

function imageOf({ id, label, size, is_public: isPublic = true, regions = [] }: Image): CatalogImage {
  const there = regions.filter(({ status }) => status === "available").map(({ region }) => region);
  return {
    name: id,
    title: label,
    ...(size > 0 ? { minDiskGiB: Math.ceil(size / 1024) } : {}),
    ...(isPublic ? {} : { visibility: "private" }),
    // Public images are everywhere; an own one that has not been replicated is still served from where it is.
    ...(isPublic || there.length === 0 ? {} : { regions: there }),
  };
}

/** The account's own StackScripts: the public ones are thousands, anybody's, and change by the hour. */
export async function readMarketplace(call: Call): Promise<MarketplaceItem[]> {
  const scripts = await linodeList<StackScript>(call, "/v4/linode/stackscripts", isStackScript, { mine: true });
  return scripts.map(({ id, label, description }) => ({
    name: String(id),
    title: label,
    kind: "script",
    ...(description ? { description } : {}),
  }));
}
