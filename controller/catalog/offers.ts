import type { Catalog, CatalogImage, CatalogSize } from "../../resources/catalog.ts";
import type { Cloud } from "../../resources/cloud.ts";
import type { AccountSpec } from "../../resources/spec.ts";
import type { Cost } from "../store/types.ts";
import { endedAccount, endedRegion, endedSize } from "./ended.ts";

/** What a server must have at least. */
export interface Needs {
  vcpus?: number;
  memoryMiB?: number;
  diskGiB?: number;
  gpus?: number;
  /** Part of the cloud's own word, in any case: `h100`. */
  gpuType?: string;
  kind?: CatalogSize["kind"];
  /** In the order that they are liked. */
  regions?: string[];
}

/** An account with what its cloud sells. */
export interface Shop {
  account: AccountSpec;
  cloud: Pick<Cloud, "name" | "title" | "ended">;
  catalog: Catalog;
  /** The image that is to be installed, in this cloud's own word; only what can have it is for sale. */
  image?: string;
}

/** One size at one price, with the regions that sell it for that now. */
export interface Offer {
  account: string;
  provider: string;
  size: CatalogSize;
  /** Liked ones first. Never empty. */
  regions: string[];
  cost: Cost;
}

export interface Offers {
  /** The cheapest first: by the month, then by the hour, then by name, so that the same question has the same answer. */
  offers: Offer[];
  /** Sizes that would do and have no price: they never win. */
  unpriced: { account: string; size: string }[];
}

/** Everything that is for sale on `day` and meets the needs. Pure. */
export function findOffers(shops: readonly Shop[], needs: Needs, day: string): Offers {
  const offers: Offer[] = [];
  const unpriced: Offers["unpriced"] = [];
  for (const shop of shops) {
    const { account, cloud, catalog } = shop;
    if (endedAccount(cloud, account, day).length > 0) continue;
    const image = imageFor(catalog, shop.image);
    if (image === "none") continue;
    const open = openRegions(shop, needs.regions, day).filter((region) => image?.regions?.includes(region) ?? true);
    for (const size of catalog.sizes) {
      if (!fits(size, needs) || size.diskGiB < (image?.minDiskGiB ?? 0) || endedSize(size, day).length > 0) continue;
      const regions = open.filter((region) => size.regions?.includes(region) ?? true);
      const priced = Map.groupBy(regions, (region) => JSON.stringify(priceIn(size, region)));
      for (const [text, members] of priced) {
        const cost = text === undefined ? undefined : (JSON.parse(text) as Cost);
        if (cost === undefined) unpriced.push({ account: account.name, size: size.name });
        else offers.push({ account: account.name, provider: account.provider, size, regions: members, cost });
      }
    }
  }
  return { offers: offers.sort(byPrice), unpriced };
}

/** What a size costs in a region; undefined where the cloud tells no price. */
export function priceIn(size: CatalogSize, region: string): Cost | undefined {
  const { perMonthMicro: monthlyMicro = size.pricePerMonthMicro, perHourMicro: hourlyMicro = size.pricePerHourMicro } =
    size.regionPrices?.[region] ?? {};
  if (monthlyMicro === undefined || hourlyMicro === undefined) return undefined;
  return { monthlyMicro, hourlyMicro, currency: size.currency };
}

/** Prices in several currencies cannot be compared: the asked one's, else US dollars', else the first. Tells those left out. */
export function inOneCurrency(
  offers: Offer[],
  wanted?: string,
): { currency?: string; offers: Offer[]; others: string[] } {
  const currencies = [...new Set(offers.map(({ cost }) => cost.currency))].sort();
  const currency = wanted ?? (currencies.includes("USD") ? "USD" : currencies[0]);
  return {
    ...(currency !== undefined && { currency }),
    offers: offers.filter(({ cost }) => cost.currency === currency),
    others: currencies.filter((one) => one !== currency),
  };
}

function byPrice(a: Offer, b: Offer): number {
  return (
    a.cost.monthlyMicro - b.cost.monthlyMicro ||
    a.cost.hourlyMicro - b.cost.hourlyMicro ||
    compareText(a.account, b.account) ||
    compareText(a.size.name, b.size.name)
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function fits(size: CatalogSize, needs: Needs): boolean {
  const gpus = needs.gpus ?? (needs.gpuType === undefined ? 0 : 1);
  return (
    size.vcpus >= (needs.vcpus ?? 0) &&
    size.memoryMiB >= (needs.memoryMiB ?? 0) &&
    size.diskGiB >= (needs.diskGiB ?? 0) &&
    (size.gpus ?? 0) >= gpus &&
    (needs.kind === undefined || size.kind === needs.kind) &&
    (needs.gpuType === undefined || isGpu(size, needs.gpuType))
  );
}

/** `RTX 6000` is `rtx6000` is `RTX6000`. */
function isGpu({ gpuType = "" }: CatalogSize, wanted: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  return plain(gpuType).includes(plain(wanted));
}

function imageFor({ images }: Catalog, wanted: string | undefined): CatalogImage | "none" | undefined {
  if (wanted === undefined) return undefined;
  return images.find(({ name }) => name === wanted) ?? "none";
}

/** Regions that take new servers now: those asked for, in that order, or the account's own, or all. */
function openRegions({ account, catalog }: Shop, liked: readonly string[] | undefined, day: string): string[] {
  const known = new Map(catalog.regions.map((region) => [region.name, region]));
  const allowed = account.regions.length > 0 ? account.regions : [...known.keys()];
  const wanted = liked === undefined || liked.length === 0 ? allowed : liked.filter((name) => allowed.includes(name));
  return wanted.filter((name) => {
    const region = known.get(name);
    return region?.available === true && endedRegion(account, region, day).length === 0;
  });
}
