import type { Catalog } from "../../resources/catalog.ts";
import { FleetError, type FleetErrorCode } from "../../resources/errors.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import { readSale } from "../catalog/cache.ts";
import { priceWords } from "../catalog/words.ts";
import type { Quote } from "../store/types.ts";
import { type Controller, cloudOf } from "./context.ts";
import { costOf, priceOf, type Tariff } from "./cost.ts";
import { inParallel } from "./pool.ts";
import type { Prepared } from "./preview.ts";
import type { Cost, Work } from "./types.ts";

/** Where a cloud does not answer now, what it said at most this long ago still counts. */
const STALE_MS = 5 * 60 * 1000;

/** Something cannot be bought, or not as it was shown, and so nothing of the whole set was begun. */
export class NotBought extends FleetError {
  /** Hashes of the effects that it is about. */
  readonly effects: ReadonlySet<string>;

  constructor(code: FleetErrorCode, message: string, works: readonly Work[], options: { cause?: unknown } = {}) {
    super(code, message, { servers: works.length }, options);
    this.effects = new Set(works.map(({ effect }) => effect.hash));
  }
}

/** What an effect buys: a new machine, or another size for one that is there. Undefined where nothing is bought. */
export function boughtBy({ effect, desired, applied }: Work): ServerSpec | undefined {
  if (desired?.kind !== "Server") return undefined;
  if (effect.op === "create" || effect.op === "replace") return desired;
  const before = applied?.document;
  const resized = before?.kind === "Server" && before.size !== desired.size;
  const reverted = effect.changes.some(({ path }) => path === "size");
  return effect.op === "update" && (resized || reverted) ? desired : undefined;
}

/** What a set of effects buys and for how much, by effect hash. */
export function quotesOf(works: readonly Work[], tariff: Tariff): Map<string, Quote> {
  return new Map(
    works.flatMap((work): [string, Quote][] => {
      const spec = boughtBy(work);
      if (spec === undefined) return [];
      const [cost, price] = [costOf(spec, tariff), priceOf(spec, tariff)];
      const quote = { size: spec.size, region: spec.region, ...(cost && { cost }), ...(price && { price }) };
      return [[work.effect.hash, quote]];
    }),
  );
}

/** Remembers what a preview has shown, for whoever approves it by its hash later. */
export async function rememberQuotes({ store }: Pick<Controller, "store">, prepared: Prepared): Promise<void> {
  await store.putQuotes(quotesOf(prepared.works, prepared.desired));
}

/**
 * Reads anew what is about to be bought, and refuses the whole set when something has run out or costs something else than was shown.
 * @returns what it costs now, by effect hash.
 * @throws {NotBought} CLOUD_OUT_OF_STOCK, PREVIEW_STALE with the new figures, or what a cloud says that cannot tell its prices.
 */
export async function checkQuotes(
  controller: Controller,
  { works, desired }: Prepared,
  shown: (effectHash: string) => Quote | undefined,
  signal: AbortSignal,
): Promise<Map<string, Quote>> {
  const buys = works.flatMap((work) => {
    const spec = boughtBy(work);
    return spec === undefined ? [] : [{ work, spec }];
  });
  if (buys.length === 0) return new Map();
  const catalogs = await readAnew(controller, desired, buys, signal);
  const soldOut = whyNot(buys, ({ work, spec }) => shortageOf(spec, work, catalogs[spec.account]));
  if (soldOut.works.length > 0)
    throw new NotBought("CLOUD_OUT_OF_STOCK", `${soldOut.words}\nnothing was done`, soldOut.works);

  const now = quotesOf(works, { catalogs, plans: desired.plans });
  const changed = whyNot(buys, ({ work: { effect }, spec }) =>
    changeOf(spec.name, shown(effect.hash), now.get(effect.hash)!),
  );
  if (changed.works.length > 0)
    throw new NotBought("PREVIEW_STALE", `${changed.words}\nnothing was done; look at a new preview`, changed.works);
  return now;
}

interface Buy {
  work: Work;
  spec: ServerSpec;
}

/** Those that something speaks against, and what does, a line each. */
function whyNot(buys: readonly Buy[], reasonOf: (buy: Buy) => string | undefined): { works: Work[]; words: string } {
  const found = buys.flatMap((buy) => {
    const reason = reasonOf(buy);
    return reason === undefined ? [] : [{ reason, work: buy.work }];
  });
  return { works: found.map(({ work }) => work), words: found.map(({ reason }) => reason).join("\n") };
}

async function readAnew(
  controller: Controller,
  { accounts, catalogs }: Prepared["desired"],
  buys: readonly Buy[],
  signal: AbortSignal,
): Promise<Record<string, Catalog>> {
  const read: Record<string, Catalog> = {};
  const names = [...new Set(buys.map(({ spec }) => spec.account))];
  await inParallel(names, 8, async (name) => {
    const { spec } = accounts.get(name)!;
    // A cluster of one's own has no prices and no stock.
    if (!cloudOf(controller, spec.provider).capabilities.sizes) return;
    try {
      read[name] = (await readSale(controller, spec, { signal, maxAgeMs: 0, staleMs: STALE_MS })).content;
    } catch (error) {
      // One that never could be read has shown no price either.
      if (!signal.aborted && catalogs[name] === undefined) return;
      if (signal.aborted || !(error instanceof FleetError)) throw error;
      const own = buys.filter(({ spec }) => spec.account === name).map(({ work }) => work);
      throw new NotBought(error.code, error.message, own, { cause: error });
    }
  });
  return read;
}

/** Why it cannot be bought there now. */
function shortageOf(
  { name, size, region }: ServerSpec,
  { effect }: Work,
  catalog: Catalog | undefined,
): string | undefined {
  if (catalog === undefined) return undefined;
  const sold = catalog.sizes.find((one) => one.name === size);
  if (sold === undefined) return `${name}: the size ${size} is not sold any more`;
  const place = catalog.regions.find((one) => one.name === region);
  if (effect.op !== "update" && place?.available === false) return `${name}: ${region} takes no new machines now`;
  if (sold.regions === undefined || sold.regions.includes(region)) return undefined;
  const where = sold.regions.length === 0 ? "nowhere" : `in ${sold.regions.slice(0, 5).join(", ")}`;
  return `${name}: ${size} is out of stock in ${region}, and in stock ${where}`;
}

/** How what was shown differs from what is now; a price that nobody was shown is no change. */
function changeOf(name: string, shown: Quote | undefined, now: Quote): string | undefined {
  if (shown === undefined) return undefined;
  if (shown.size !== now.size) return `${name}: was shown as ${shown.size}, and is ${now.size} now`;
  const parts = [differs("", shown.cost, now.cost), differs("its customer pays ", shown.price, now.price)].filter(
    Boolean,
  );
  // Without a plan the price is the cost.
  const told =
    parts.length === 2 && same(now.cost, now.price) && same(shown.cost, shown.price) ? parts.slice(0, 1) : parts;
  return told.length === 0 ? undefined : `${name}: ${now.size} ${told.join("; ")}`;
}

function differs(what: string, shown: Cost | undefined, now: Cost | undefined): string | undefined {
  if (same(shown, now)) return undefined;
  return `${what === "" ? "costs " : what}${words(now)} now, and ${words(shown)} was shown`;
}

const same = (a: Cost | undefined, b: Cost | undefined): boolean =>
  a?.monthlyMicro === b?.monthlyMicro && a?.hourlyMicro === b?.hourlyMicro && a?.currency === b?.currency;

const words = (cost: Cost | undefined): string => (cost === undefined ? "no known price" : priceWords(cost));

/** Whether two quotes are of the same thing for the same money. */
export const isSameQuote = (a: Quote, b: Quote): boolean =>
  a.size === b.size && same(a.cost, b.cost) && same(a.price, b.price);
