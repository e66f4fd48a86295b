import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Committed, Priced, SpendingTally } from "../../../controller/reconcile/spending.ts";
import { alertsOf } from "../../../controller/reconcile/spending-alerts.ts";
import {
  beyondCaps,
  spendingNotes,
  spendingNow,
  spendingVerdicts,
  standing,
} from "../../../controller/reconcile/spending-judge.ts";
import { monthCost, projectedMicro } from "../../../controller/reconcile/spending-month.ts";
import type { Effect, EffectOp } from "../../../controller/reconcile/types.ts";
import type { DayCost } from "../../../controller/store/types.ts";
import type { SpendingLimit } from "../../../resources/spec.ts";

const price = (units: number, currency = "USD"): Priced => ({ monthlyMicro: units * 1e6, hourlyMicro: 0, currency });
const limit = (amount: number, over: Partial<SpendingLimit> = {}): SpendingLimit => ({
  monthly: { amount, currency: "USD" },
  alertAt: [0.5, 0.8, 1],
  cap: true,
  ...over,
});

function tally(servers: Record<string, Committed>, over: Partial<SpendingTally> = {}): SpendingTally {
  return {
    account: "main",
    identity: "main",
    limit: limit(100),
    servers: new Map(Object.entries(servers).map(([name, committed]) => [`Server//${name}`, committed])),
    others: [],
    month: { month: "2026-11", remaining: 0.5 },
    ...over,
  };
}

function effect(op: EffectOp, name: string, after?: Priced, over: Partial<Effect> = {}): Effect {
  const cost = after === undefined || after === "unknown" ? undefined : { after };
  return {
    hash: `hash of ${name}`,
    op,
    object: { kind: "Server", name, account: "main" },
    changes: [],
    ...(cost && { cost }),
    ...over,
  } as Effect;
}

const NOTHING = new Set<string>();
const KEPT = { allowReplace: [] };
const refusals = (one: SpendingTally, effects: Effect[], open = NOTHING, overrides: object = {}) =>
  spendingVerdicts([one], effects, open, { ...KEPT, ...overrides }).filter(({ passed }) => !passed);
const resized = { changes: [{ path: "size", before: "s", after: "l" }] };

describe("a cap", () => {
  const full = tally({ a: { recorded: price(60) }, b: { recorded: price(30) } });

  it.each<{ name: string; given?: SpendingTally; effects: Effect[]; open?: string[]; says?: string }>([
    { name: "lets pass what fits to the last cent", effects: [effect("create", "c", price(10))] },
    {
      name: "refuses what goes above",
      effects: [effect("create", "c", price(10.01))],
      says: "would cost 100.01 with c",
    },
    {
      name: "refuses what fits each by itself and not together",
      effects: [effect("create", "c", price(6)), effect("create", "d", price(6))],
      says: "would cost 102.00 with c, d, and costs 90.00 now",
    },
    { name: "counts a resize by its difference", effects: [effect("update", "b", price(41), resized)], says: "101.00" },
    { name: "lets a resize pass that fits", effects: [effect("update", "b", price(40), resized)] },
    {
      name: "counts what was approved and is not made yet",
      given: tally({ a: { recorded: price(60) }, x: { coming: price(35) } }),
      effects: [effect("create", "c", price(6))],
      says: "101.00",
    },
    {
      name: "counts a resize that was approved as what it will be",
      given: tally({ a: { recorded: price(60), coming: price(95) } }),
      effects: [effect("create", "c", price(6))],
      says: "101.00",
    },
    {
      name: "counts machines that no file names",
      given: tally({ a: { recorded: price(60) } }, { others: [{ currency: "USD", servers: 2, monthlyMicro: 35e6 }] }),
      effects: [effect("create", "c", price(6))],
      says: "101.00",
    },
    {
      name: "asks nobody twice about what was approved",
      effects: [effect("create", "c", price(50))],
      open: ["hash of c"],
    },
    {
      name: "judges the others beside what was approved",
      effects: [effect("create", "c", price(50)), effect("create", "d", price(1))],
      open: ["hash of c"],
      says: "with d, and costs 140.00 now",
    },
    {
      name: "refuses a price that is not known",
      effects: [effect("create", "c", "unknown")],
      says: "what c would cost in USD is not known",
    },
    {
      name: "refuses a price in another currency",
      effects: [effect("create", "c", price(1, "EUR"))],
      says: "what c would cost in USD is not known",
    },
    {
      name: "refuses anything dearer beside machines whose price is not known",
      given: tally({ a: { recorded: "unknown" } }, { others: [{ servers: 2, monthlyMicro: 0 }] }),
      effects: [effect("create", "c", price(1))],
      says: "main may cost 100.00 USD a month, and what 3 of its machines cost in USD is not known",
    },
    {
      name: "lets a server be whose price was never known",
      given: tally({ a: { recorded: "unknown" } }),
      effects: [effect("update", "a", "unknown", { changes: [{ path: "labels.env" }] })],
    },
    {
      name: "counts what the month has cost already, also where a whole month would fit",
      given: tally({ a: { recorded: price(40) } }, { month: { month: "2026-11", remaining: 0.5, spentMicro: 70e6 } }),
      effects: [effect("create", "c", price(21))],
      says: "this one would come to 100.50 with c: 70.00 are spent already",
    },
    {
      name: "lets pass what the rest of the month still takes",
      given: tally({ a: { recorded: price(40) } }, { month: { month: "2026-11", remaining: 0.5, spentMicro: 70e6 } }),
      effects: [effect("create", "c", price(20))],
    },
    {
      name: "is no cap where it only tells",
      given: tally({ a: { recorded: price(60) } }, { limit: limit(10, { cap: false }) }),
      effects: [effect("create", "c", price(50))],
    },
  ])("$name", ({ given = full, effects, open = [], says }) => {
    const found = refusals(given, effects, new Set(open));

    expect(found.map(({ guard, override }) => ({ guard, override }))).toEqual(
      says === undefined ? [] : [{ guard: "spending", override: "--allow-spending main" }],
    );
    if (says !== undefined) expect(found[0]!.message).toContain(says);
  });

  it.each<{ name: string; effects: Effect[] }>([
    { name: "a delete", effects: [effect("delete", "a")] },
    { name: "a smaller size", effects: [effect("update", "a", price(100), resized)] },
    {
      name: "a machine that takes the place of a dearer one",
      effects: [effect("delete", "a"), effect("create", "c", price(200))],
    },
    { name: "one that is let go", effects: [effect("forget", "a")] },
    { name: "one that is adopted", effects: [effect("adopt", "z", price(500))] },
    { name: "another of the same, where the cloud has lost it", effects: [effect("create", "a", price(200))] },
    {
      name: "one that moves to another account",
      effects: [{ ...effect("replace", "a", price(500)), object: { kind: "Server", name: "a", account: "other" } }],
    },
  ])("never refuses what makes an account no dearer, over its cap as it is: $name", ({ effects }) => {
    expect(refusals(tally({ a: { recorded: price(200) } }), effects)).toEqual([]);
  });

  it("is lifted by naming its account, and by no other", () => {
    const effects = [effect("create", "c", price(50))];

    expect(refusals(full, effects, NOTHING, { allowSpending: ["other"] })).toHaveLength(1);
    expect(refusals(full, effects, NOTHING, { allowSpending: ["main"] })).toEqual([]);
    expect(refusals(full, effects, NOTHING, { allowSpending: ["*"] })).toEqual([]);
  });

  it("parts what fits from what does not: what lowers comes first, then what fits in its order", () => {
    const effects = [
      effect("create", "c", price(30)),
      effect("create", "d", price(15)),
      effect("create", "e", price(5)),
      effect("delete", "b"),
    ];

    expect([...beyondCaps([full], effects, NOTHING).keys()]).toEqual(["hash of d"]);
    expect(beyondCaps([full], effects.slice(2), NOTHING).size).toBe(0);
  });

  it("lets no set and no order of sets come above what it refuses one by one", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 }), (prices) => {
        const effects = prices.map((units, index) => effect("create", `n${index}`, price(units)));
        const beyond = beyondCaps([tally({})], effects, NOTHING);
        const passing = effects.filter(({ hash }) => !beyond.has(hash));

        const { after } = standing(tally({}), passing, NOTHING);
        expect(after.committedMicro).toBeLessThanOrEqual(100e6);
        // And nothing is left out that would still fit.
        for (const { cost, hash } of effects.filter(({ hash }) => beyond.has(hash)))
          expect(after.committedMicro + cost!.after!.monthlyMicro, hash).toBeGreaterThan(100e6);
        expect(refusals(tally({}), passing)).toEqual([]);
      }),
    );
  });
});

describe("what is told of an account", () => {
  it("is one line, and only where something changes what it costs", () => {
    const one = tally(
      { a: { recorded: price(60) } },
      { month: { month: "2026-11", remaining: 0.5, spentMicro: 20e6 } },
    );

    expect(spendingNotes([one], [effect("create", "c", price(10))])).toEqual([
      "account main: 70.00 of 100.00 USD a month; 20.00 spent in 2026-11, 55.00 by its end, 60.00 before",
    ]);
    expect(spendingNotes([one], [effect("update", "a", price(60))])).toEqual([]);
  });

  it("says what is in no sum", () => {
    const others = [
      { servers: 2, monthlyMicro: 0 },
      { currency: "EUR", servers: 1, monthlyMicro: 9e6 },
    ];

    expect(spendingNow(tally({ a: { recorded: price(1, "EUR") } }, { others }))).toMatchObject({
      committedMicro: 0,
      uncounted: 4,
    });
  });

  it("are the shares that it has come to, by what it is to pay or by what the month has cost", () => {
    const spent = (units: number) => ({ month: { month: "2026-11", remaining: 0.1, spentMicro: units * 1e6 } });
    const shares = (one: SpendingTally) => alertsOf(one).map(({ share, by }) => `${share} ${by}`);

    expect(shares(tally({ a: { recorded: price(49.99) } }))).toEqual([]);
    expect(shares(tally({ a: { recorded: price(50) } }))).toEqual(["0.5 committed"]);
    expect(shares(tally({ a: { coming: price(100) } }))).toEqual(["0.5 committed", "0.8 committed", "1 committed"]);
    expect(shares(tally({ a: { recorded: price(50) } }, spent(80)))).toEqual(["0.5 committed", "0.8 spent"]);
    expect(shares(tally({}, { limit: limit(0) }))).toEqual([]);
  });
});

describe("what a month has cost", () => {
  const row = (day: string, units: number, currency?: string): DayCost => ({
    day,
    account: "main",
    class: "managed",
    ...(currency !== undefined && { currency }),
    servers: 1,
    monthlyMicro: units * 1e6,
  });
  const at = (text: string) => Date.parse(text);

  it("is a share of each day's month, today as far as it has passed", () => {
    const rows = [row("2026-11-01", 30, "USD"), row("2026-11-03", 60, "USD")];
    const month = monthCost(rows, "USD", at("2026-11-04T12:00:00Z"));

    // 1 + 1 + 2 + half of 2.
    expect(month).toEqual({ month: "2026-11", remaining: 26.5 / 30, from: "2026-11-01", spentMicro: 5_000_000 });
    expect(projectedMicro(month, 60e6)).toBe(5_000_000 + 53_000_000);
  });

  it("goes on from the month before, for so long as a reading stands", () => {
    const now = at("2026-11-02T00:00:00Z");

    expect(monthCost([row("2026-10-31", 30, "USD")], "USD", now)).toMatchObject({
      from: "2026-11-01",
      spentMicro: 1e6,
    });
    expect(monthCost([row("2026-09-30", 30, "USD")], "USD", now).spentMicro).toBeUndefined();
  });

  it("is told from the first day on that was read, and not at all where none was", () => {
    const now = at("2026-11-11T00:00:00Z");

    expect(monthCost([row("2026-11-09", 30, "USD")], "USD", now)).toMatchObject({
      from: "2026-11-09",
      spentMicro: 2e6,
    });
    expect(monthCost([], "USD", now)).toEqual({ month: "2026-11", remaining: 20 / 30 });
  });

  it("is nothing where there was nothing, and leaves out other currencies", () => {
    const now = at("2026-11-02T00:00:00Z");

    expect(monthCost([row("2026-11-01", 0)], "USD", now)).toMatchObject({ spentMicro: 0, from: "2026-11-01" });
    expect(monthCost([row("2026-11-01", 30, "EUR")], "USD", now)).toMatchObject({ spentMicro: 0 });
  });

  it("begins anew with the month, in UTC, through a year's end", () => {
    const rows = [row("2026-12-31", 31, "USD")];

    expect(monthCost(rows, "USD", at("2026-12-31T23:59:59.999Z")).month).toBe("2026-12");
    expect(monthCost(rows, "USD", at("2027-01-01T00:00:00Z"))).toEqual({
      month: "2027-01",
      remaining: 1,
      from: "2027-01-01",
      spentMicro: 0,
    });
  });
});
