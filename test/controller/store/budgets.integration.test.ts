import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { createBudget } from "../../../resources/budget.ts";
import { type BudgetLedger, LedgerBudget } from "../../../resources/budget-ledger.ts";
import { makeDataDir, removeDataDir } from "./support.ts";

const dataDir = makeDataDir();
const never = new AbortController().signal;
let store: Store;

beforeAll(async () => {
  store = await openStore({ dataDir });
});
afterAll(async () => {
  await store?.close();
  await removeDataDir(dataDir);
});

const spend = async (limit: number, windowMs: number, runMs: number, priority: string): Promise<number[]> => {
  const args = [join(import.meta.dirname, "spender.ts"), dataDir, limit, windowMs, runMs, priority].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as number[];
};

const budgetOf = (key: string, limit: number, windowMs: number, ledger: BudgetLedger = store.budgets) => {
  const own = createBudget({ all: { limit, windowMs } });
  return new LedgerBudget(own, key, ledger, (scope) => own.limitOf(scope));
};

describe("one limit for several processes", () => {
  it("is never exceeded by all of them together, in any window", async () => {
    const [limit, windowMs] = [40, 1_000];

    const all = (
      await Promise.all([spend(limit, windowMs, 3_500, "person"), spend(limit, windowMs, 3_500, "person")])
    ).map((times) => times.sort((a, b) => a - b));

    const times = all.flat().sort((a, b) => a - b);
    const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));
    expect(most).toBeLessThanOrEqual(limit);
    // And it is used: what two get together is most of what one could have had.
    expect(times.length).toBeGreaterThan(limit * 1.5);
    for (const own of all) expect(own.length).toBeGreaterThan(limit / 4);
  });

  it("leaves people of another process their share when background work has used all of its own", async () => {
    const [background, person] = [budgetOf("shared", 20, 60_000), budgetOf("shared", 20, 60_000)];
    let count = 0;
    const signal = AbortSignal.timeout(1_500);
    while (!signal.aborted)
      await background.take(["all"], "background", signal).then(
        () => count++,
        () => undefined,
      );

    expect(count).toBe(19);
    await expect(person.take(["all"], "person", AbortSignal.timeout(2_000))).resolves.toBeUndefined();
  });

  it("gives back what a process asked for and did not use", async () => {
    const claim = { key: "given back", scope: "all", cap: 10, windowMs: 60_000, useMs: 50 };
    const grant = await store.budgets.claim({ ...claim, want: 10 });
    expect(grant).toMatchObject({ granted: 10 });

    await store.budgets.settle((grant as { grant: string }).grant, 3);

    expect(await store.budgets.claim({ ...claim, want: 10 })).toMatchObject({ granted: 7 });
    expect(await store.budgets.claim({ ...claim, want: 1 })).toMatchObject({ waitMs: expect.any(Number) });
  });

  it("keeps quiet everywhere when the cloud told one of them to wait", async () => {
    const [one, other] = [budgetOf("told", 100, 1_000), budgetOf("told", 100, 1_000)];
    await other.take(["all"], "person", never);

    one.learn(["all"], { retryAfterMs: 700 });
    await new Promise((done) => setTimeout(done, 150));
    const began = performance.now();
    // What was granted before may still be used; the next question is answered with the wait.
    for (let index = 0; index < 6; index++) await other.take(["all"], "person", never);

    expect(performance.now() - began).toBeGreaterThan(400);
  });

  it("goes on under its own budget while the database cannot be asked", async () => {
    const broken: BudgetLedger = {
      claim: () => Promise.reject(new Error("gone")),
      settle: () => Promise.reject(new Error("gone")),
      quiet: () => Promise.reject(new Error("gone")),
    };
    const budget = budgetOf("alone", 2, 60_000, broken);

    await budget.take(["all"], "person", never);
    await budget.take(["all"], "person", never);

    await expect(budget.take(["all"], "person", AbortSignal.timeout(50))).rejects.toMatchObject({ code: "DEADLINE" });
  });

  it("ends with DEADLINE when another process has it all", async () => {
    const [one, other] = [budgetOf("all taken", 1, 60_000), budgetOf("all taken", 1, 60_000)];
    await one.take(["all"], "person", never);

    await expect(other.take(["all"], "person", AbortSignal.timeout(100))).rejects.toMatchObject({ code: "DEADLINE" });
  });
});
