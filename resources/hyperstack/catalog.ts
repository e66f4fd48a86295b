import type { Catalog, CatalogImage, CatalogSize } from "../catalog.ts";
import type { Call } from "../cloud.ts";
import {
  type Flavor,
  type Image,
  isFlavor,
  isImage,
  isPricebookEntry,
  isRegion,
  type PricebookEntry,
  type Region,
} from "./answers.ts";
import { fieldOf, hyperstack, invalidAnswer } from "./http.ts";

const HOURS_A_MONTH = 730;

/** Flavors with their stock by region, and prices put together from the pricebook. */
export async function readCatalog(call: Call, now: () => Date = () => new Date()): Promise<Catalog> {
  const [flavors, images, regions, pricebook] = await Promise.all([
    readGroups<Flavor>(call, "/core/flavors", "data", "flavors", isFlavor),
    readGroups<Image>(call, "/core/images", "images", "images", isImage),
    readAll<Region>(call, "/core/regions", isRegion, (body) => fieldOf(body, "regions")),
    readAll<PricebookEntry>(call, "/pricebook", isPricebookEntry, (body) => body),
  ]);
  const prices = new Map(pricebook.map(({ name, value }) => [name, Number(value)]));
  const stocked = new Set(flavors.filter(inStock).map((flavor) => flavor.region_name));
  return {
    sizes: grouped(flavors).map((same) => sizeOf(same, prices)),
    regions: regions.map(({ name, description, country }) => ({
      name,
      title: description || name,
      available: stocked.has(name),
      ...(country && /^[a-z]{2}$/i.test(country) ? { country: country.toLowerCase() } : {}),
    })),
    images: grouped(images).map(imageOf),
    readAt: now().toISOString(),
  };
}

/** Images as they are, one for each region that has it. */
export const listImages = (call: Call, region?: string): Promise<Image[]> =>
  readGroups<Image>(call, "/core/images", "images", "images", isImage, region === undefined ? {} : { region });

const inStock = (flavor: Flavor): boolean => flavor.stock_available !== false;

/** A flavor of one name is sold in several regions. */
function sizeOf(same: readonly [Flavor, ...Flavor[]], prices: ReadonlyMap<string, number>): CatalogSize {
  const [flavor] = same;
  const gpus = flavor.gpu_count ?? 0;
  const perHour = hourly(flavor, prices);
  const perHourMicro = perHour === undefined ? undefined : Math.round(perHour * 1e6);
  return {
    name: flavor.name,
    title: flavor.display_name || flavor.name,
    // Whether processors of the others are one's own is nowhere said.
    kind: gpus > 0 ? "gpu" : "shared",
    vcpus: flavor.cpu,
    memoryMiB: Math.round(flavor.ram * 1024),
    diskGiB: flavor.disk,
    ...(gpus > 0 ? { gpus, ...(flavor.gpu ? { gpuType: flavor.gpu } : {}) } : {}),
    ...(perHourMicro === undefined
      ? {}
      : { pricePerHourMicro: perHourMicro, pricePerMonthMicro: perHourMicro * HOURS_A_MONTH }),
    currency: "USD",
    regions: same
      .filter(inStock)
      .map((one) => one.region_name)
      .sort(),
  };
}

/**
 * The pricebook has one GPU, one virtual processor, one GB of memory and one GB of local disk; with GPUs only these cost something, as a rule.
 * Undefined where a part that must have a price has none: not told is not free.
 */
function hourly(flavor: Flavor, prices: ReadonlyMap<string, number>): number | undefined {
  const gpus = flavor.gpu_count ?? 0;
  const suffix = gpus > 0 ? "" : " (cpu-only-flavors)";
  const part = (name: string, amount: number) => (prices.get(`${name}${suffix}`) ?? 0) * amount;
  const leading = gpus > 0 ? prices.get(flavor.gpu ?? "") : prices.get(`vCPU${suffix}`);
  if (leading === undefined) return undefined;
  const disk = flavor.disk + (flavor.ephemeral ?? 0);
  return (
    (gpus > 0 ? leading * gpus : 0) +
    part("vCPU", flavor.cpu) +
    part("RAM", flavor.ram) +
    part("hypervisor-local-storage", disk)
  );
}

function imageOf(same: readonly [Image, ...Image[]]): CatalogImage {
  const [{ name, description, is_public: isPublic }] = same;
  return {
    name,
    title: description || name,
    visibility: isPublic === false ? "private" : "public",
    regions: [...new Set(same.map((image) => image.region_name))].sort(),
  };
}

function grouped<T extends { name: string }>(items: readonly T[]): [T, ...T[]][] {
  const byName = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const same = byName.get(item.name);
    if (same) same.push(item);
    else byName.set(item.name, [item]);
  }
  return [...byName.values()].sort(([a], [b]) => (a.name < b.name ? -1 : 1));
}

/** A list of groups, each with a list of its own. */
async function readGroups<T>(
  call: Call,
  path: string,
  groups: string,
  name: string,
  isItem: (item: unknown) => item is T,
  query: Record<string, string> = {},
): Promise<T[]> {
  const itemsOf = (body: unknown) => {
    const found = fieldOf(body, groups);
    return Array.isArray(found) ? found.flatMap((group) => fieldOf(group, name)) : undefined;
  };
  return readAll<T>(call, path, isItem, itemsOf, query);
}

async function readAll<T>(
  call: Call,
  path: string,
  isItem: (item: unknown) => item is T,
  itemsOf: (body: unknown) => unknown,
  query: Record<string, string> = {},
): Promise<T[]> {
  const { body } = await hyperstack(call, { method: "GET", path, query });
  const items = itemsOf(body);
  if (Array.isArray(items) && items.every(isItem)) return items;
  throw invalidAnswer(call, "GET", path, "it is no such list");
}
