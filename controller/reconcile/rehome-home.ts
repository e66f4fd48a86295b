import type { CatalogImage } from "../../resources/catalog.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import { endedPlan } from "../catalog/ended.ts";
import { sameSystem } from "../catalog/images.ts";
import { findOffers, inOneCurrency, type Needs, type Offer, type Shop } from "../catalog/offers.ts";
import { needWords } from "../catalog/words.ts";
import type { Desired } from "./desired.ts";

/** Where a server is bought, and as what. */
export interface Home {
  account: string;
  /** The account's cloud. */
  provider: string;
  region: string;
  size: string;
  plan?: string;
  image: string;
}

export interface HomeOptions {
  desired: Pick<Desired, "catalogs" | "plans" | "accounts">;
  shops: readonly Shop[];
  day: string;
  /** Not on the account that it has. */
  leavesAccount: boolean;
  /** On the account that it has, where that still sells something that does. */
  stays: boolean;
  region?: string;
  exceptRegion?: string;
  exceptPlan?: string;
  image?: string;
}

/** The cheapest home that has what a server has now, with its plan where that is sold there; the reason where there is none. Pure. */
export function findHome(spec: ServerSpec, options: HomeOptions): { from: Home; to: Home } | { reason: string } {
  const { desired, shops, stays, leavesAccount } = options;
  const needs = needsOf(spec, desired);
  if (needs === undefined) return { reason: `what its size ${spec.size} has is not known, so nothing can be compared` };
  const others = shops.filter(({ account }) => !leavesAccount || account.name !== spec.account);
  const own = others.filter(({ account }) => account.name === spec.account);
  const imaged = (some: readonly Shop[]) => some.flatMap((shop) => withImage(spec, shop, options) ?? []);
  const tries = stays ? [imaged(own), imaged(others)] : [imaged(others)];
  for (const some of tries) {
    const found = cheapest(spec, some, needs, options);
    if (found !== undefined) return { from: homeOf(spec), to: found };
  }
  if (others.length > 0 && imaged(others).length === 0) {
    const where = others.map(({ account }) => account.name).join(", ");
    return { reason: `there is no image like ${spec.createOnly.image} on ${where}: --image says which` };
  }
  const where = others.map(({ account }) => account.name).join(", ") || "any other account";
  return {
    reason: `nothing in stock on ${where} has ${needWords(needs)}${options.region ? ` in ${options.region}` : ""}`,
  };
}

const homeOf = ({ account, provider, region, size, plan, createOnly }: ServerSpec): Home => ({
  account,
  provider,
  region,
  size,
  ...(plan !== undefined && { plan }),
  image: createOnly.image,
});

/** What it has now, by its cloud's catalogue, else by its plan, else by its file. */
function needsOf(spec: ServerSpec, { catalogs, plans }: HomeOptions["desired"]): Needs | undefined {
  const size = catalogs[spec.account]?.sizes.find(({ name }) => name === spec.size);
  const plan = plans.find(({ name }) => name === spec.plan);
  const has = size ?? plan ?? (spec.resources.vcpus === undefined ? undefined : spec.resources);
  if (has === undefined) return undefined;
  const { vcpus, memoryMiB, diskGiB } = has;
  const { gpus, gpuType } = size ?? {};
  const known = { vcpus, memoryMiB, diskGiB, gpus, gpuType };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

function withImage(spec: ServerSpec, shop: Shop, { image, desired }: HomeOptions): Shop | undefined {
  const { images } = shop.catalog;
  if (image !== undefined) return images.some(({ name }) => name === image) ? { ...shop, image } : undefined;
  const now = spec.createOnly.image;
  // On its own account it may have an image that is on no list.
  if (shop.account.name === spec.account) return shop;
  if (images.some(({ name }) => name === now)) return { ...shop, image: now };
  const described = desired.catalogs[spec.account]?.images.find(({ name }) => name === now);
  const wanted: Pick<CatalogImage, "name" | "title"> = described ?? { name: now, title: now };
  const [same] = sameSystem(wanted, images);
  return same && { ...shop, image: same.name };
}

/** First what its plan is there, so that its customer keeps what was bought; then another plan where the plan itself ends; then any size. */
function cheapest(spec: ServerSpec, shops: readonly Shop[], needs: Needs, options: HomeOptions): Home | undefined {
  const { desired, day, exceptPlan } = options;
  const lives = desired.plans.filter((plan) => endedPlan(plan, day).length === 0 && plan.name !== exceptPlan);
  const kept = lives.find(({ name }) => name === spec.plan);
  if (kept !== undefined) {
    const offer = best(
      spec,
      shops.flatMap((shop) => only(shop, kept.sizes[shop.account.provider])),
      {},
      options,
    );
    if (offer !== undefined) return homeAt(offer, shops, spec, kept.name);
  }
  if (spec.plan !== undefined) {
    const fitting = lives.toSorted((a, b) => a.basePriceMicro + a.markupMicro - b.basePriceMicro - b.markupMicro);
    for (const plan of fitting) {
      const offer = best(
        spec,
        shops.flatMap((shop) => only(shop, plan.sizes[shop.account.provider])),
        needs,
        options,
      );
      if (offer !== undefined) return homeAt(offer, shops, spec, plan.name);
    }
  }
  const offer = best(spec, shops, needs, options);
  return offer && homeAt(offer, shops, spec);
}

function only(shop: Shop, size: string | undefined): Shop[] {
  const sizes = shop.catalog.sizes.filter(({ name }) => name === size);
  return sizes.length === 0 ? [] : [{ ...shop, catalog: { ...shop.catalog, sizes } }];
}

function best(spec: ServerSpec, shops: readonly Shop[], needs: Needs, options: HomeOptions): Offer | undefined {
  const where = shops.map((shop) => nearby(shop, spec, options));
  const wanted = { ...needs, ...(options.region !== undefined && { regions: [options.region] }) };
  return inOneCurrency(findOffers(where, wanted, options.day).offers).offers[0];
}

/** Regions of the same name first, then those of the same country; never the one that is left. */
function nearby(shop: Shop, spec: ServerSpec, { desired, exceptRegion }: HomeOptions): Shop {
  const country = desired.catalogs[spec.account]?.regions.find(({ name }) => name === spec.region)?.country;
  const distance = (region: { name: string; country?: string }) =>
    region.name === spec.region ? 0 : country !== undefined && region.country === country ? 1 : 2;
  const regions = shop.catalog.regions
    .filter(({ name }) => name !== exceptRegion)
    .toSorted((a, b) => distance(a) - distance(b));
  return { ...shop, catalog: { ...shop.catalog, regions } };
}

function homeAt(
  { account, provider, size, regions }: Offer,
  shops: readonly Shop[],
  spec: ServerSpec,
  plan?: string,
): Home {
  const image = shops.find((shop) => shop.account.name === account)?.image ?? spec.createOnly.image;
  return { account, provider, region: regions[0]!, size: size.name, ...(plan !== undefined && { plan }), image };
}
