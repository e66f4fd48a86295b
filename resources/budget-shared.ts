import { type Budget, type BudgetOptions, createBudget, type Limits, type SlidingBudget } from "./budget.ts";
import { type BudgetLedger, LedgerBudget } from "./budget-ledger.ts";
import type { RateLimit } from "./cloud.ts";

export interface SharedOptions {
  /** The cloud and its address: what limits per source address are counted by. */
  place: string;
  /** Fingerprint of the credential, for limits that are counted by it. */
  credential: string;
  limits: Readonly<Record<string, RateLimit>>;
  overrides?: BudgetOptions["overrides"];
  /** What other processes use; without one only this process is counted. */
  ledger?: BudgetLedger;
}

/** Of the published limit so much is used: another's clock, and a request of the cloud's own pages, also count. */
const SHARE_USED = 0.95;

const shared = new Map<string, SlidingBudget>();
const ledgered = new Map<string, { ledger: BudgetLedger; budget: Budget }>();

/**
 * The one budget of this process for what the cloud counts by: limits per credential and limits per source address are kept apart, because two
 * credentials share the second. Whoever asks last decides the limits; what was counted stays counted.
 */
export function sharedBudget(options: SharedOptions): Budget {
  const { place, credential, limits, overrides = {} } = options;
  const isPerAddress = (scope: string) => limits[scope]?.per === "address";
  const part = (key: string, wanted: (scope: string) => boolean) => {
    const own = Object.entries(limits).filter(([scope]) => wanted(scope));
    const theirs = Object.entries(overrides).filter(([scope]) => wanted(scope));
    return budgetOf(key, belowPublished(Object.fromEntries(own)), Object.fromEntries(theirs), options.ledger);
  };
  const byCredential = part(`${place} ${credential}`, (scope) => !isPerAddress(scope));
  if (!Object.keys(limits).some(isPerAddress)) return byCredential;
  return both(byCredential, part(`${place} address`, isPerAddress));
}

function budgetOf(
  key: string,
  limits: Limits,
  overrides: NonNullable<BudgetOptions["overrides"]>,
  ledger: BudgetLedger | undefined,
): Budget {
  const known = shared.get(key);
  const own = known ?? createBudget(limits, { overrides });
  if (known === undefined) shared.set(key, own);
  else own.configure(limits, overrides);
  if (ledger === undefined) return own;
  const before = ledgered.get(key);
  if (before?.ledger === ledger) return before.budget;
  const budget = new LedgerBudget(own, key, ledger, (scope) => own.limitOf(scope));
  ledgered.set(key, { ledger, budget });
  return budget;
}

/** Limits as they are kept: a little below the published ones, and a burst where the cloud has a bucket. */
function belowPublished(limits: Readonly<Record<string, RateLimit>>): Limits {
  return Object.fromEntries(
    Object.entries(limits).map(([scope, { limit, windowMs, burst = limit }]) => [
      scope,
      {
        limit: Math.max(1, Math.floor(burst * SHARE_USED)),
        windowMs: (windowMs * burst) / limit,
        published: limit,
      },
    ]),
  );
}

/** One request under both; it waits for the credential's first, and gives that back when the other is not to be had. */
function both(first: Budget, second: Budget): Budget {
  return {
    async take(scopes, priority, signal) {
      (await this.hold(scopes, priority, signal))();
    },
    async hold(scopes, priority, signal) {
      const releaseFirst = await first.hold(scopes, priority, signal);
      try {
        const releaseSecond = await second.hold(scopes, priority, signal);
        return () => {
          releaseFirst();
          releaseSecond();
        };
      } catch (error) {
        releaseFirst();
        throw error;
      }
    },
    learn(scopes, said) {
      first.learn(scopes, said);
      second.learn(scopes, said);
    },
    left: () => ({ ...first.left?.(), ...second.left?.() }),
  };
}
