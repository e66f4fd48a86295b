import type { AccountSpec } from "../../resources/spec.ts";
import type { Controller } from "../reconcile/context.ts";
import type { ReadOptions } from "./cache.ts";
import { dayOf } from "./ended.ts";
import { findOffers, inOneCurrency, type Needs, type Offer, type Offers, type Shop } from "./offers.ts";
import { openShops } from "./shops.ts";

export interface CompareOptions extends ReadOptions {
  /** Default: US dollars where there are any. */
  currency?: string;
  /** ISO 3166 code, lower case: only regions that the cloud says are there. */
  country?: string;
}

export interface Comparison extends Offers {
  /** Of the offers; absent where there are none. */
  currency?: string;
  /** Currencies of offers that could not be compared. */
  others: string[];
  /** What could not be read, and why. */
  notes: string[];
  /** Accounts that were compared, with all that their clouds sell. */
  shops: Shop[];
}

/** What these accounts' clouds sell that meets the needs, in one currency, the cheapest by the month first. */
export async function compareOn(
  controller: Controller,
  accounts: readonly AccountSpec[],
  needs: Needs,
  { currency: wanted, country, ...options }: CompareOptions,
): Promise<Comparison> {
  const { shops, notes } = await openShops(controller, accounts, options);
  const open = country === undefined ? shops : shops.map((shop) => within(shop, country));
  const { offers: all, unpriced } = findOffers(open, needs, dayOf(controller.now()));
  const { currency, offers, others } = inOneCurrency(all, wanted);
  return { ...(currency !== undefined && { currency }), offers, unpriced, others, notes, shops };
}

const within = (shop: Shop, country: string): Shop => ({
  ...shop,
  catalog: { ...shop.catalog, regions: shop.catalog.regions.filter((region) => region.country === country) },
});

/** By the hour, as short-lived machines are bought. */
export const byHour = (a: Offer, b: Offer): number => a.cost.hourlyMicro - b.cost.hourlyMicro;
