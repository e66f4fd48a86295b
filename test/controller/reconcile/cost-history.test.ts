import { describe, expect, it } from "vitest";
import { costHistory, daysBetween } from "../../../controller/reconcile/cost-history.ts";
import type { DayCost } from "../../../controller/store/types.ts";

const row = (day: string, monthlyMicro: number, more: Partial<DayCost> = {}): DayCost => ({
  ...{ day, account: "a", class: "managed", currency: "USD", servers: 1, monthlyMicro },
  ...more,
});
const byAccount = ({ account }: DayCost) => account;
const all = () => true;
const amounts = (points: readonly { monthlyMicro: number }[]) => points.map(({ monthlyMicro }) => monthlyMicro);

describe("a history of costs", () => {
  it("has a point for each day from the first that anything is known of", () => {
    const days = daysBetween("2026-02-27", "2026-03-02");
    const [history] = costHistory([row("2026-02-28", 5), row("2026-03-02", 7)], days, byAccount, all);

    expect(history!.total.map(({ day }) => day)).toEqual(["2026-02-28", "2026-03-01", "2026-03-02"]);
    expect(amounts(history!.total)).toEqual([5, 5, 7]);
  });

  it("tells groups apart, those that cost most now first, and adds them up", () => {
    const rows = [
      row("2026-03-01", 5),
      row("2026-03-01", 9, { account: "b" }),
      row("2026-03-01", 1, { class: "foreign" }),
    ];
    const [history] = costHistory(rows, daysBetween("2026-03-01", "2026-03-02"), byAccount, all);

    expect(history!.groups.map(({ key, points }) => [key, ...amounts(points)])).toEqual([
      ["b", 9, 9],
      ["a", 6, 6],
    ]);
    expect(amounts(history!.total)).toEqual([15, 15]);
  });

  it("never adds up currencies, and leaves out machines without a price", () => {
    const rows = [row("2026-03-01", 5), row("2026-03-01", 4, { currency: "EUR" })];
    const { currency: _, ...unpriced } = row("2026-03-01", 0);
    const histories = costHistory([...rows, unpriced], daysBetween("2026-03-01", "2026-03-01"), byAccount, all);

    expect(histories.map(({ currency, total }) => [currency, ...amounts(total)])).toEqual([
      ["EUR", 4],
      ["USD", 5],
    ]);
  });

  it("ends an account that is not in the fleet any more with its last reading, and lets none stand for more than a month", () => {
    const days = daysBetween("2026-03-01", "2026-04-10");
    const rows = [row("2026-03-01", 5), row("2026-03-01", 9, { account: "gone" })];
    const [history] = costHistory(rows, days, byAccount, (account) => account !== "gone");

    expect(amounts(history!.total).slice(0, 3)).toEqual([14, 5, 5]);
    expect(history!.total.find(({ monthlyMicro }) => monthlyMicro === 0)!.day).toBe("2026-04-02");
  });

  it("begins with what was read before the first day", () => {
    const [history] = costHistory([row("2026-02-20", 5)], daysBetween("2026-03-01", "2026-03-01"), byAccount, all);

    expect(amounts(history!.total)).toEqual([5]);
  });

  it("is empty where an account has nothing", () => {
    const { currency: _, ...nothing } = row("2026-03-01", 0, { servers: 0 });

    expect(costHistory([nothing], ["2026-03-01"], byAccount, all)).toEqual([]);
  });
});
