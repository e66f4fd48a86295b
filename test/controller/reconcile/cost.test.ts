import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costOf, moneyOf, priceOf, sumMoney, type Tariff } from "../../../controller/reconcile/cost.ts";
import type { Effect } from "../../../controller/reconcile/types.ts";
import type { PlanSpec } from "../../../resources/spec.ts";
import { catalog, size } from "../catalog/sale.ts";
import { serverSpec } from "./specs.ts";

const plan = (over: Partial<PlanSpec> = {}): PlanSpec => ({
  kind: "Plan",
  name: "start",
  vcpus: 1,
  memoryMiB: 1024,
  diskGiB: 25,
  sizes: { linode: "s" },
  basePriceMicro: 5_000_000,
  markupMicro: 2_500_000,
  currency: "USD",
  ...over,
});

const tariff = (plans: PlanSpec[] = [], over = {}): Tariff => ({
  catalogs: { "linode-main": catalog([size("s", over)]) },
  plans,
});
const server = (over = {}) => serverSpec("web-1", { size: "s", region: "east", ...over });

describe("what a server costs", () => {
  it("at the provider is the size's price in its region", () => {
    const dear = { regionPrices: { west: { perHourMicro: 9_000, perMonthMicro: 6_000_000 } } };

    expect(costOf(server(), tariff([], dear))).toEqual({
      monthlyMicro: 5_000_000,
      hourlyMicro: 7_500,
      currency: "USD",
    });
    expect(costOf(server({ region: "west" }), tariff([], dear))).toMatchObject({ monthlyMicro: 6_000_000 });
    expect(costOf(server({ size: "other" }), tariff())).toBeUndefined();
  });

  it("its customer is the plan's base price and markup, by the hour in proportion", () => {
    expect(priceOf(server({ plan: "start" }), tariff([plan()]))).toEqual({
      monthlyMicro: 7_500_000,
      hourlyMicro: 11_250,
      currency: "USD",
    });
  });

  it("its customer without a plan is what the provider asks", () => {
    expect(priceOf(server(), tariff())).toEqual(costOf(server(), tariff()));
  });

  it("its customer is in the plan's currency, also where the cloud has no prices", () => {
    const lab = server({ plan: "start", size: "", account: "pve-lab" });

    expect(priceOf(lab, tariff([plan({ currency: "EUR" })]))).toEqual({
      monthlyMicro: 7_500_000,
      hourlyMicro: Math.round(7_500_000 / 730),
      currency: "EUR",
    });
  });

  it("is unknown where the plan has gone from the files", () => {
    expect(priceOf(server({ plan: "gone" }), tariff([plan()]))).toBeUndefined();
  });

  it("keeps the proportion of hour to month to the last millionth", () => {
    const micro = fc.integer({ min: 1, max: 10_000_000_000 });
    fc.assert(
      fc.property(micro, fc.integer({ min: 1, max: 100_000_000 }), micro, (list, hour, sold) => {
        const sale = tariff([plan({ basePriceMicro: sold, markupMicro: 0 })], {
          pricePerMonthMicro: list,
          pricePerHourMicro: hour,
        });
        const exact = (BigInt(hour) * BigInt(sold) * 2n + BigInt(list)) / (BigInt(list) * 2n);

        const { hourlyMicro } = priceOf(server({ plan: "start" }), sale)!;
        expect(Math.abs(hourlyMicro - Number(exact))).toBeLessThanOrEqual(Number(exact) * 1e-15 + 1);
      }),
    );
  });

  it("is summed by currency, before and after, for both", () => {
    const tariffs = { before: tariff(), after: tariff([plan({ currency: "EUR" })]) };
    const effects = [
      moneyOf({ before: server(), after: server({ plan: "start" }) }, tariffs),
      moneyOf({ before: undefined, after: server() }, tariffs),
    ] as Effect[];

    expect(sumMoney(effects)).toEqual({
      cost: {
        before: [{ monthlyMicro: 5_000_000, hourlyMicro: 7_500, currency: "USD" }],
        after: [{ monthlyMicro: 10_000_000, hourlyMicro: 15_000, currency: "USD" }],
      },
      price: {
        before: [{ monthlyMicro: 5_000_000, hourlyMicro: 7_500, currency: "USD" }],
        after: [
          { monthlyMicro: 7_500_000, hourlyMicro: 11_250, currency: "EUR" },
          { monthlyMicro: 5_000_000, hourlyMicro: 7_500, currency: "USD" },
        ],
      },
    });
  });
});
