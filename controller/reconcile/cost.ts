import type { Catalog } from "../../resources/catalog.ts";
import type { PlanSpec, StackObject } from "../../resources/spec.ts";
import { priceIn } from "../catalog/offers.ts";
import type { Cost, Effect } from "./types.ts";

/** A month as hours, where a price has to be derived from the other. */
const HOURS_A_MONTH = 730;

/** What prices are taken from. */
export interface Tariff {
  /** By account. */
  catalogs: Readonly<Record<string, Catalog>>;
  plans: readonly PlanSpec[];
}

/** What the provider asks for one object; undefined where the catalogue has no price for it. */
export function costOf(spec: StackObject | undefined, { catalogs }: Pick<Tariff, "catalogs">): Cost | undefined {
  if (spec?.kind !== "Server") return undefined;
  const size = catalogs[spec.account]?.sizes.find(({ name }) => name === spec.size);
  return size && priceIn(size, spec.region);
}

/**
 * What the customer pays: a plan's base price and markup by the month, by the hour in the proportion that the provider's prices have. Without a
 * plan, what the provider asks.
 */
export function priceOf(spec: StackObject | undefined, tariff: Tariff): Cost | undefined {
  if (spec?.kind !== "Server") return undefined;
  const cost = costOf(spec, tariff);
  if (spec.plan === undefined) return cost;
  const plan = tariff.plans.find(({ name }) => name === spec.plan);
  if (plan === undefined) return undefined;
  const monthlyMicro = plan.basePriceMicro + plan.markupMicro;
  const share = cost && cost.monthlyMicro > 0 ? cost.hourlyMicro / cost.monthlyMicro : 1 / HOURS_A_MONTH;
  return { monthlyMicro, hourlyMicro: Math.round(monthlyMicro * share), currency: plan.currency };
}

/** The money of one effect: `cost` at the provider, `price` to the customer, each before and after where it is known. */
export function moneyOf(
  { before, after }: { before: StackObject | undefined; after: StackObject | undefined },
  tariffs: { before: Tariff; after: Tariff },
): Pick<Effect, "cost" | "price"> {
  const cost = pair(costOf(before, tariffs.before), costOf(after, tariffs.after));
  const price = pair(priceOf(before, tariffs.before), priceOf(after, tariffs.after));
  return { ...(cost && { cost }), ...(price && { price }) };
}

function pair(before: Cost | undefined, after: Cost | undefined): { before?: Cost; after?: Cost } | undefined {
  if (before === undefined && after === undefined) return undefined;
  return { ...(before && { before }), ...(after && { after }) };
}

/** Sums by currency, before and after a set of effects. */
export function sumMoney(effects: Effect[]): Record<"cost" | "price", { before: Cost[]; after: Cost[] }> {
  const of = (kind: "cost" | "price") => ({
    before: sum(effects.map((effect) => effect[kind]?.before)),
    after: sum(effects.map((effect) => effect[kind]?.after)),
  });
  return { cost: of("cost"), price: of("price") };
}

export function sum(costs: (Cost | undefined)[]): Cost[] {
  const byCurrency = new Map<string, Cost>();
  for (const cost of costs) {
    if (cost === undefined) continue;
    const total = byCurrency.get(cost.currency) ?? { monthlyMicro: 0, hourlyMicro: 0, currency: cost.currency };
    total.monthlyMicro += cost.monthlyMicro;
    total.hourlyMicro += cost.hourlyMicro;
    byCurrency.set(cost.currency, total);
  }
  return [...byCurrency.values()];
}
