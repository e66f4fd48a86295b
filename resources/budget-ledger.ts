import { setTimeout as delay } from "node:timers/promises";
import { type Budget, capOf, deadline, type LearnedLimit } from "./budget.ts";
import { FleetError } from "./errors.ts";

/**
 * The account of all processes that share a limit: whoever wants to send asks for some of what is left, for a short while. What was granted counts
 * as sent, so processes together never exceed a limit that each of them would keep alone.
 */
export interface BudgetLedger {
  /** Grants up to `want` requests, to be sent within `useMs`; or says how long to wait. `cap` is what all grants together may come to. */
  claim(request: LedgerClaim): Promise<{ granted: number; grant: string } | { waitMs: number }>;
  /** Gives back what of a grant was not used in time. */
  settle(grant: string, used: number): Promise<void>;
  /** Nobody sends under this scope for so long: the cloud has said so to one of us. */
  quiet(key: string, scope: string, forMs: number): Promise<void>;
}

export interface LedgerClaim {
  /** Names what the cloud counts by; holds no secret. */
  key: string;
  scope: string;
  cap: number;
  want: number;
  windowMs: number;
  useMs: number;
}

/** A limit as the budget under it knows it; undefined for a scope without one. */
export type LimitOf = (scope: string) => { limit: number; windowMs: number } | undefined;

type Priority = "person" | "background";

interface Pool {
  grant: string;
  left: number;
  used: number;
  /** By this process's own clock. */
  useBy: number;
}

/** Asked for in one go: a twentieth of a limit, so that several processes get their turns and few requests need a question of their own. */
const SHARE = 0.05;
/** And no more than comes anew in so many of the times in which it is to be used. */
const AHEAD = 4;
const LONGEST_WAIT_MS = 1_000;
/** Without its database a process goes on under its own budget for so long before it asks again. */
const ALONE_MS = 5_000;

/** A budget of this process that also keeps to what other processes use under the same limit. */
export class LedgerBudget implements Budget {
  readonly #own: Budget;
  readonly #key: string;
  readonly #ledger: BudgetLedger;
  readonly #limitOf: LimitOf;
  readonly #pools = new Map<string, Pool>();
  /** One question at a time and scope; people who wait for it, so that background work lets them go first. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #people = new Map<string, number>();
  #aloneUntil = 0;

  constructor(own: Budget, key: string, ledger: BudgetLedger, limitOf: LimitOf) {
    this.#own = own;
    this.#key = key;
    this.#ledger = ledger;
    this.#limitOf = limitOf;
  }

  async take(scopes: readonly string[], priority: Priority, signal: AbortSignal): Promise<void> {
    const release = await this.hold(scopes, priority, signal);
    release();
  }

  async hold(scopes: readonly string[], priority: Priority, signal: AbortSignal): Promise<() => void> {
    const release = await this.#own.hold(scopes, priority, signal);
    try {
      for (const scope of new Set(scopes)) await this.#slot(scope, priority, signal);
      return release;
    } catch (error) {
      release();
      if (!signal.aborted || error instanceof FleetError) throw error;
      throw deadline(scopes, signal);
    }
  }

  left(): Record<string, { left: number; limit: number }> {
    return this.#own.left?.() ?? {};
  }

  learn(scopes: readonly string[], said: LearnedLimit): void {
    this.#own.learn(scopes, said);
    if (said.retryAfterMs === undefined) return;
    for (const scope of scopes)
      if (this.#limitOf(scope)) this.#ledger.quiet(this.#key, scope, said.retryAfterMs).catch(() => this.#goAlone());
  }

  async #slot(scope: string, priority: Priority, signal: AbortSignal): Promise<void> {
    const limit = this.#limitOf(scope);
    if (limit === undefined) return;
    const count = (by: number) => this.#people.set(scope, (this.#people.get(scope) ?? 0) + by);
    if (priority === "person") count(1);
    try {
      for (;;) {
        signal.throwIfAborted();
        if (performance.now() < this.#aloneUntil) return;
        const letsGo = priority === "background" && (this.#people.get(scope) ?? 0) > 0;
        if (!letsGo && this.#fromPool(scope)) return;
        const waitMs = letsGo ? 20 : await this.#inTurn(scope, () => this.#refill(scope, limit, priority));
        if (waitMs > 0) await delay(Math.min(waitMs, LONGEST_WAIT_MS), undefined, { signal });
      }
    } finally {
      if (priority === "person") count(-1);
    }
  }

  #fromPool(scope: string): boolean {
    const pool = this.#pools.get(scope);
    if (pool === undefined || pool.left === 0 || performance.now() >= pool.useBy) return false;
    pool.left--;
    pool.used++;
    return true;
  }

  /** How long to wait before the next question; 0 when there is something in the pool now. */
  async #refill(scope: string, { limit, windowMs }: { limit: number; windowMs: number }, priority: Priority) {
    const pool = this.#pools.get(scope);
    if (pool !== undefined && pool.left > 0 && performance.now() < pool.useBy) return 0;
    if (pool !== undefined) this.#giveBack(scope, pool);
    const useMs = Math.min(1_000, Math.max(50, windowMs / 10));
    // What a process ends with is lost for the whole window: of a limit an hour it takes a few at a time.
    const anew = Math.ceil((limit * useMs * AHEAD) / windowMs);
    const want = Math.max(1, Math.min(Math.floor(limit * SHARE), anew));
    const askedAt = performance.now();
    const claim = { key: this.#key, scope, cap: capOf(limit, priority), want, windowMs, useMs };
    const answer = await this.#ledger.claim(claim).catch(() => undefined);
    if (answer === undefined) {
      this.#goAlone();
      return 0;
    }
    if ("waitMs" in answer) return Math.max(5, answer.waitMs);
    this.#pools.set(scope, { grant: answer.grant, left: answer.granted, used: 0, useBy: askedAt + useMs });
    return 0;
  }

  #giveBack(scope: string, pool: Pool): void {
    this.#pools.delete(scope);
    if (pool.left > 0) this.#ledger.settle(pool.grant, pool.used).catch(() => this.#goAlone());
  }

  #inTurn<T>(scope: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(scope) ?? Promise.resolve()).then(work);
    this.#turns.set(
      scope,
      turn.catch(() => undefined),
    );
    return turn;
  }

  #goAlone(): void {
    this.#aloneUntil = performance.now() + ALONE_MS;
  }
}
