import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBudget } from "../../resources/budget.ts";
import { TestClock } from "./clock.ts";

const never = new AbortController().signal;
const limit = (count: number, windowMs: number) => ({ limit: count, windowMs, description: "" });

function start(limits: Parameters<typeof createBudget>[0], overrides = {}) {
  const clock = new TestClock();
  const budget = createBudget(limits, { now: clock.now, sleep: clock.sleep, overrides });
  const gone: { name: string; at: number }[] = [];
  const take = (name: string, scopes: string[], priority: "person" | "background" = "person", signal = never) =>
    budget.take(scopes, priority, signal).then(() => void gone.push({ name, at: clock.now() }));
  return { clock, budget, gone, take, names: () => gone.map((entry) => entry.name) };
}

describe("budget", () => {
  it("lets a limit's worth go at once and the rest only in the next window", async () => {
    const { clock, take, gone } = start({ all: limit(3, 1000) });

    for (let index = 0; index < 5; index++) void take(`${index}`, ["all"]);
    await clock.pass(0);
    const atOnce = gone.length;
    await clock.pass(1500);

    expect(atOnce).toBe(3);
    expect(gone).toHaveLength(5);
    expect(gone[3]!.at - gone[0]!.at).toBeGreaterThanOrEqual(1000);
  });

  it("never exceeds the limit in any sliding window, whatever the arrivals and however long answers take", async () => {
    const arrival = fc.record({ afterMs: fc.nat(400), answerMs: fc.nat(700), person: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(arrival, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        async (arrivals, count) => {
          const clock = new TestClock();
          const budget = createBudget({ all: limit(count, 1000) }, { now: clock.now, sleep: clock.sleep });
          const sent: { left: number; answered: number }[] = [];
          for (const { afterMs, answerMs, person } of arrivals) {
            void budget.hold(["all"], person ? "person" : "background", never).then(async (release) => {
              const left = clock.now();
              await clock.sleep(answerMs, never);
              sent.push({ left, answered: clock.now() });
              release();
            });
            await clock.pass(afterMs);
          }
          await clock.pass(100_000);

          expect(sent).toHaveLength(arrivals.length);
          // The peer counts a request at some moment between its leaving and its answer. At worst it counts all as late as it can, and the
          // one that leaves now at once.
          for (const { left } of sent) {
            const counted = sent.filter((other) => other.left <= left && other.answered > left - 1000);
            expect(counted.length).toBeLessThanOrEqual(count);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("counts a request until one window after its answer, not after its start", async () => {
    const { clock, budget, take, names } = start({ all: limit(1, 1000) });

    const release = await budget.hold(["all"], "person", never);
    void take("next", ["all"]);
    await clock.pass(5000);
    const whileUnanswered = names();
    release();
    await clock.pass(900);
    const soonAfter = names();
    await clock.pass(200);

    expect(whileUnanswered).toEqual([]);
    expect(soonAfter).toEqual([]);
    expect(names()).toEqual(["next"]);
  });

  it("lets people go before background work that waited longer", async () => {
    const { clock, take, names } = start({ all: limit(1, 1000) });

    void take("first", ["all"]);
    await clock.pass(1);
    void take("drift", ["all"], "background");
    void take("person", ["all"], "person");
    await clock.pass(3000);

    expect(names()).toEqual(["first", "person", "drift"]);
  });

  it("keeps a share of the limit free of background work", async () => {
    const { clock, take, names } = start({ all: limit(20, 1000) });

    for (let index = 0; index < 30; index++) void take("drift", ["all"], "background");
    await clock.pass(0);
    void take("person", ["all"], "person");
    await clock.pass(0);

    expect(names().filter((name) => name === "drift")).toHaveLength(19);
    expect(names().at(-1)).toBe("person");
  });

  it("does not hold up requests that need no full scope", async () => {
    const { clock, take, names } = start({ create: limit(1, 10_000), all: limit(100, 1000) });

    void take("create 1", ["create", "all"]);
    void take("create 2", ["create", "all"]);
    void take("list", ["all"]);
    await clock.pass(10);

    expect(names()).toEqual(["create 1", "list"]);
  });

  it("gives up with DEADLINE when the signal ends the wait, and leaves the place to others", async () => {
    const { clock, take, names } = start({ all: limit(1, 1000) });
    const ending = new AbortController();

    void take("first", ["all"]);
    await clock.pass(0);
    const given = take("given up", ["all"], "person", ending.signal);
    void take("next", ["all"]);
    ending.abort(new Error("enough"));

    await expect(given).rejects.toMatchObject({ code: "DEADLINE" });
    await clock.pass(1100);
    expect(names()).toEqual(["first", "next"]);
  });

  it("counts what others used of the limit, as the cloud tells", async () => {
    const { clock, budget, take, names } = start({ all: limit(10, 1000) });

    const release = await budget.hold(["all"], "person", never);
    budget.learn(["all"], { limit: 10, remaining: 2 });
    release();
    for (let index = 0; index < 4; index++) void take(`${index}`, ["all"]);
    await clock.pass(0);
    const before = names();
    await clock.pass(1100);

    expect(before).toEqual(["0", "1"]);
    expect(names()).toHaveLength(4);
  });

  it("learns nothing from an answer that counts fewer requests than we sent", async () => {
    const { clock, budget, take, names } = start({ all: limit(4, 1000) });

    for (let index = 0; index < 3; index++) void take("ours", ["all"]);
    await clock.pass(0);
    budget.learn(["all"], { limit: 4, remaining: 3 });
    void take("fourth", ["all"]);
    void take("fifth", ["all"]);
    await clock.pass(0);

    expect(names()).toEqual(["ours", "ours", "ours", "fourth"]);
  });

  it("takes an answer for the one limit that it describes", async () => {
    const { clock, budget, take, names } = start({ hour: limit(100, 60_000), minute: limit(10, 1000) });

    budget.learn(["hour", "minute"], { limit: 100, remaining: 1 });
    void take("one", ["minute"]);
    void take("two", ["minute"]);
    void take("three", ["hour", "minute"]);
    void take("four", ["hour", "minute"]);
    await clock.pass(5000);

    expect(names()).toEqual(["one", "two", "three"]);
  });

  it("is quiet for as long as the cloud asks", async () => {
    const { clock, budget, take, gone } = start({ all: limit(10, 1000) });
    const begin = clock.now();

    budget.learn(["all"], { retryAfterMs: 3000 });
    void take("person", ["all"]);
    await clock.pass(10_000);

    expect(gone[0]!.at - begin).toBe(3000);
  });

  it("takes an operator's limits over the cloud's", async () => {
    const { clock, take, gone } = start({ all: limit(1000, 1000) }, { all: { perSecond: 2, burst: 4 } });

    for (let index = 0; index < 8; index++) void take(`${index}`, ["all"]);
    await clock.pass(0);
    const atOnce = gone.length;
    await clock.pass(2100);

    expect(atOnce).toBe(4);
    expect(gone).toHaveLength(8);
  });

  it("limits nothing where the cloud has no limit", async () => {
    const { clock, take, names } = start({});

    for (let index = 0; index < 50; index++) void take("free", ["whatever"]);
    await clock.pass(0);

    expect(names()).toHaveLength(50);
  });

  it("gives each place of a scope a bucket of its own, with the scope's limit and an operator's other one", async () => {
    const { clock, take, names } = start({ read: limit(2, 1000) });
    for (const place of ["eu", "us", "eu", "us", "eu"]) void take(place, [`read@${place}`]);
    await clock.pass(0);
    expect(names()).toEqual(["eu", "us", "eu", "us"]);

    const other = start({ read: limit(2, 1000) }, { read: { perSecond: 1, burst: 1 } });
    for (const place of ["eu", "eu", "us"]) void other.take(place, [`read@${place}`]);
    await other.clock.pass(0);
    expect(other.names()).toEqual(["eu", "us"]);
  });
});
