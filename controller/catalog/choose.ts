import type { ServerFields } from "../../schemas/types.ts";
import type { PlacedFields } from "../fleet/placement.ts";
import { findOffers, inOneCurrency, type Needs, type Offer, type Shop } from "./offers.ts";
import { toMiB } from "./units.ts";
import { needWords } from "./words.ts";

export interface ChooseOptions {
  /** It has been decided before, and is decided anew: the size, where it is. */
  again: boolean;
  /** With `again`: account and region as well. */
  move: boolean;
}

export interface Choice {
  account: string;
  region: string;
  size: string;
  image: string;
  offer: Offer;
  /** The next ones, of other sizes or other accounts. */
  runnersUp: Offer[];
  /** Sizes that would do and have no price. */
  unpriced: { account: string; size: string }[];
  /** Currencies of offers that could not be compared. */
  currencies: string[];
}

const RUNNERS_UP = 3;

/** The cheapest offer that a server's `needs` allow on this day; the reason where there is none. Pure. */
export function choose(
  fields: ServerFields,
  shops: readonly Shop[],
  day: string,
  options: ChooseOptions,
): Choice | { reason: string } {
  const { accounts, regions, needs } = openTo(fields, options);
  const open = shops.filter(({ account }) => accounts?.includes(account.name) ?? true);
  const stocked = open.flatMap((shop): Shop[] => {
    const image = fields.needs?.images?.[shop.account.provider] ?? (fields.needs?.images ? undefined : fields.image);
    return image === undefined ? [] : [{ ...shop, image }];
  });
  // An account that is not open has an image that may be on no list: some private ones are on none.
  const isFixed = accounts?.length === 1 && accounts[0] === fields.account;
  const asked = isFixed ? stocked.map(({ image: _, ...shop }) => shop) : stocked;
  const found = findOffers(asked, { ...needs, ...(regions && { regions }) }, day);
  const { offers, others } = inOneCurrency(found.offers);
  const [offer, ...rest] = offers;
  if (offer === undefined) {
    const where = accounts === undefined ? "any account" : accounts.join(", ");
    const images = stocked.length < open.length ? "; no image is named for some clouds" : "";
    return {
      reason: `nothing in stock on ${where} has ${needWords({ ...needs, ...(regions && { regions }) })}${images}`,
    };
  }
  const image = stocked.find(({ account }) => account.name === offer.account)!.image!;
  return {
    account: offer.account,
    region: offer.regions[0]!,
    size: offer.size.name,
    image,
    offer,
    runnersUp: rest.slice(0, RUNNERS_UP),
    unpriced: found.unpriced,
    currencies: others,
  };
}

/** What the file leaves open. Once placed, account and region are kept: another one is another machine. */
function openTo(
  fields: ServerFields,
  { again, move }: ChooseOptions,
): { accounts?: string[]; regions?: string[]; needs: Needs } {
  const { accounts, regions, images: _, memoryMiB, ...rest } = fields.needs ?? {};
  const needs: Needs = { ...rest, ...(memoryMiB !== undefined && { memoryMiB: toMiB(memoryMiB)! }) };
  const { account, region } = fields as Partial<PlacedFields>;
  const isOpen = again && move;
  const among = isOpen || account === undefined ? accounts : [account];
  const where = isOpen || region === undefined ? regions : [region];
  return { needs, ...(among && { accounts: among }), ...(where && { regions: where }) };
}
