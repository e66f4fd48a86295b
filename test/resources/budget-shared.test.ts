import { describe, expect, it } from "vitest";
import { type SharedOptions, sharedBudget } from "../../resources/budget-shared.ts";

const never = new AbortController().signal;
const limit = (count: number, windowMs: number, more = {}) => ({ limit: count, windowMs, description: "", ...more });
const soon = () => AbortSignal.timeout(30);

describe("the budget of a process", () => {
  it("is one for all callers under one credential", async () => {
    const options: SharedOptions = { place: "test one", credential: "a", limits: { all: limit(1, 60_000) } };
    await sharedBudget(options).take(["all"], "person", never);

    const late = sharedBudget(options).take(["all"], "person", soon());

    await expect(late).rejects.toMatchObject({ code: "DEADLINE" });
    await expect(sharedBudget({ ...options, credential: "b" }).take(["all"], "person", never)).resolves.toBeUndefined();
  });

  it("counts what the cloud counts per address for all credentials together", async () => {
    const limits = { all: limit(1, 60_000, { per: "address" }), own: limit(1, 60_000) };
    const of = (credential: string, place = "test two") => sharedBudget({ place, credential, limits });
    await of("a").take(["all", "own"], "person", never);

    await expect(of("b").take(["all"], "person", soon())).rejects.toMatchObject({ code: "DEADLINE" });
    await expect(of("b").take(["own"], "person", never)).resolves.toBeUndefined();
    await expect(of("b", "test three").take(["all"], "person", never)).resolves.toBeUndefined();
  });

  it("stays below the published limit, and lets an account's own rule", async () => {
    const limits = { all: limit(100, 60_000) };
    const taken = async (budget: ReturnType<typeof sharedBudget>) => {
      let count = 0;
      const signal = soon();
      while (!signal.aborted) {
        const gone = await budget.take(["all"], "person", signal).then(
          () => true,
          () => false,
        );
        if (gone) count++;
      }
      return count;
    };

    expect(await taken(sharedBudget({ place: "test four", credential: "a", limits }))).toBe(95);
    const overrides = { all: { perSecond: 1, burst: 7 } };
    expect(await taken(sharedBudget({ place: "test four", credential: "b", limits, overrides }))).toBe(7);
  });

  it("lets a bucket's burst go at once, and refills at the cloud's rate", async () => {
    const limits = { all: limit(20, 100, { burst: 40 }) };
    const budget = sharedBudget({ place: "test five", credential: "a", limits });
    const began = performance.now();

    for (let index = 0; index < 38; index++) await budget.take(["all"], "person", never);
    const burstMs = performance.now() - began;
    await budget.take(["all"], "person", never);

    expect(burstMs).toBeLessThan(150);
    expect(performance.now() - began).toBeGreaterThanOrEqual(200);
  });
});
