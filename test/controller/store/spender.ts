/**
 * Another process under the same limit, for tests: `spender.ts DATA_DIR LIMIT WINDOW_MS RUN_MS PRIORITY` takes as much as it gets and prints when,
 * as epochs in milliseconds.
 */

import { openStore } from "../../../controller/store/open.ts";
import { createBudget } from "../../../resources/budget.ts";
import { LedgerBudget } from "../../../resources/budget-ledger.ts";

const [dataDir, limit, windowMs, runMs, priority] = process.argv.slice(2);
const store = await openStore({ dataDir: dataDir! });
const own = createBudget({ all: { limit: Number(limit), windowMs: Number(windowMs) } });
const budget = new LedgerBudget(own, "one token", store.budgets, (scope) => own.limitOf(scope));
const signal = AbortSignal.timeout(Number(runMs));
const gone: number[] = [];
try {
  for (;;) {
    await budget.take(["all"], priority as "person", signal);
    gone.push(performance.timeOrigin + performance.now());
  }
} catch {
  // Its time is over.
}
console.log(JSON.stringify(gone));
await store.close();
