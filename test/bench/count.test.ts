import { describe, expect, it } from "vitest";
import { answersWith, callsIn, floorMs, hourlyShare, pagesOf } from "../../bench/clouds/count.ts";
import { listed, scaledBudgets, serverOn } from "../../bench/clouds/peers.ts";
import { createBudget } from "../../resources/budget.ts";
import { digitalocean } from "../../resources/digitalocean/index.ts";

const COUNTS = [
  { method: "GET", route: "/v2/droplets", status: 200, count: 6 },
  { method: "GET", route: "/v2/droplets", status: 429, count: 2 },
  { method: "GET", route: "/v2/droplets/:id", status: 0, count: 1 },
];

describe("what a cloud was asked", () => {
  it("counts requests that were refused or had no answer", () => {
    expect(callsIn(COUNTS)).toBe(9);
    expect(answersWith(429, COUNTS)).toBe(2);
    expect(callsIn([])).toBe(0);
  });

  it("has a floor of the pages of each list, where a list of nothing has none and one without pages is one", () => {
    expect(pagesOf([1000], 200)).toBe(5);
    expect(pagesOf([900, 100], 200)).toBe(6);
    expect(pagesOf([1001], 500)).toBe(3);
    expect(pagesOf([1000], Number.MAX_SAFE_INTEGER)).toBe(1);
    expect(pagesOf([0], 500)).toBe(0);
  });

  it("is a share of the tightest limit of an hour", () => {
    const limits = [
      { limit: 5_000, windowMs: 3_600_000 },
      { limit: 250, windowMs: 60_000 },
    ];

    expect(hourlyShare(250, limits)).toBe(0.05);
    expect(hourlyShare(250, limits.slice(1))).toBeCloseTo(250 / 15_000);
    expect(hourlyShare(250, [])).toBe(0);
  });

  it("takes no time within the first window, and a window for each further lot", () => {
    const create = { limit: 20, windowMs: 15_000 };

    expect(floorMs(20, create)).toBe(0);
    expect(floorMs(21, create)).toBe(15_000);
    expect(floorMs(300, create)).toBe(14 * 15_000);
    expect(floorMs(0, create)).toBe(0);
  });
});

describe("the servers of a benchmark's cloud", () => {
  it("are on the lists that are counted", () => {
    const sizes = Array.from({ length: 25 }, (_, index) => serverOn("vultr", index).size);

    expect(listed("vultr", 25)).toEqual([23, 2]);
    expect(sizes.filter((size) => size.startsWith("vbm-"))).toHaveLength(2);
    expect(listed("linode", 25)).toEqual([25]);
  });

  it("have budgets that keep below the simulator's limits at any pace", () => {
    const budgets = scaledBudgets(digitalocean, 60);

    expect(budgets.minute).toEqual({ burst: 237, perSecond: 237 });
    expect(scaledBudgets(digitalocean, 1)).toEqual({});
    expect(createBudget({}, { overrides: budgets }).limitOf("minute")).toMatchObject({ limit: 237, windowMs: 1000 });
  });
});
