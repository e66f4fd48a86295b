import type { Catalog } from "../../resources/cloud.ts";
import type { StackObject } from "../../resources/spec.ts";
import type { Cost, Effect } from "./types.ts";

/** What the provider asks for one object; undefined where the catalogue has no price for it. */
export function costOf(spec: StackObject | undefined, catalog: Catalog | undefined): Cost | undefined {
  if (spec?.kind !== "Server" || catalog === undefined) return undefined;
  const size = catalog.sizes.find(({ name }) => name === spec.size);
  if (size === undefined) return undefined;
  const { perMonthMicro = size.pricePerMonthMicro, perHourMicro = size.pricePerHourMicro } =
    size.regionPrices?.[spec.region] ?? {};
  if (perMonthMicro === undefined || perHourMicro === undefined) return undefined;
  return { monthlyMicro: perMonthMicro, hourlyMicro: perHourMicro, currency: size.currency };
}

/** Sums by currency, before and after a set of effects. */
export function sumCosts(effects: Effect[]): { before: Cost[]; after: Cost[] } {
  return { before: sum(effects.map(({ cost }) => cost?.before)), after: sum(effects.map(({ cost }) => cost?.after)) };
}

function sum(costs: (Cost | undefined)[]): Cost[] {
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
