import { setTimeout as delay } from "node:timers/promises";
import type { RateLimit } from "./cloud.ts";
import { FleetError } from "./errors.ts";

/** What an answer tells about a limit. */
export interface LearnedLimit {
  /** Requests in a window, as the peer counts; also tells which of several scopes is meant. */
  limit?: number;
  remaining?: number;
  /** Epoch in milliseconds at which the peer counts anew. */
  resetAt?: number;
  /** Nothing is to be sent for this long. */
  retryAfterMs?: number;
}

/**
 * The allowance under one limit of a cloud, shared by all callers under it. A request counts from when it may leave until one window after its
 * answer, so a peer that counts sliding windows never sees more than its limit, however unevenly requests travel.
 */
export interface Budget {
  /** Waits until a request may leave and counts it from now. A scope without a limit is free. @throws {FleetError} DEADLINE */
  take(scopes: readonly string[], priority: "person" | "background", signal: AbortSignal): Promise<void>;
  /** As `take`, but the window starts when the returned function is called: do so when the answer has come, or is given up. */
  hold(scopes: readonly string[], priority: "person" | "background", signal: AbortSignal): Promise<() => void>;
  /** Lowers the local view where the peer says that less remains (others use the same credential), and keeps quiet for `retryAfterMs`. */
  learn(scopes: readonly string[], said: LearnedLimit): void;
  /** What this process may still send now under each limit that it has met, by scope. */
  left?(): Record<string, { left: number; limit: number }>;
}

export interface BudgetOptions {
  /** Epoch milliseconds that never go back. */
  now?: () => number;
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** An operator's own limits, by scope: on average `perSecond`, at most `burst` at once. */
  overrides?: Readonly<Record<string, { perSecond: number; burst: number }>>;
}

/** `published` is the cloud's own number where less is kept: headers speak of that. */
export type Limits = Readonly<Record<string, Pick<RateLimit, "limit" | "windowMs"> & { published?: number }>>;
type Priority = "person" | "background";

/** Added to each window: timers may fire, and clocks run, a little early. */
const SLACK_MS = 20;
/** The share of a limit that background work leaves to people: what they ask goes at once, however much is under way. */
const RESERVED_SHARE = 0.05;
/** A limit below this is too small to be shared out. */
const SHARED_FROM = 5;

interface Scope {
  limit: number;
  /** As the cloud's headers tell it. */
  published: number;
  windowMs: number;
  /** Requests that have no answer yet. */
  held: number;
  /** When each answered request stops to count, in order. */
  ends: number[];
  /** Requests of others, as learned, and until when they count. */
  foreign: { count: number; until: number };
  quietUntil: number;
}

interface Waiter {
  sequence: number;
  grant: () => void;
}

/** Callers that need the same scopes wait in one line, so a full scope holds up nobody who does not need it. */
interface Line {
  scopes: Scope[];
  waiting: Record<Priority, Waiter[]>;
}

export function createBudget(limits: Limits, options: BudgetOptions = {}): SlidingBudget {
  return new SlidingBudget(limits, options);
}

export class SlidingBudget implements Budget {
  readonly #scopes = new Map<string, Scope>();
  readonly #lines = new Map<string, Line>();
  readonly #now: () => number;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  #sequence = 0;
  #alarm: { at: number; stop: AbortController } | undefined;

  constructor(limits: Limits, options: BudgetOptions) {
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
    this.#sleep = options.sleep ?? (async (ms, signal) => void (await delay(ms, undefined, { signal })));
    this.configure(limits, options.overrides);
  }

  /** Takes over other limits; what was counted stays counted. */
  configure(limits: Limits, overrides: BudgetOptions["overrides"] = {}): void {
    const all = { ...limits, ...mapValues(overrides, windowOf) };
    for (const [name, limit] of Object.entries(all)) {
      if (!this.#scopes.has(name)) this.#scopes.set(name, newScope(limit));
    }
    for (const [name, scope] of this.#scopes) {
      const limit = all[name] ?? all[kindOf(name)];
      if (limit) Object.assign(scope, limitOf(limit));
    }
    this.#pump();
  }

  /** What counts for a scope; undefined for one without a limit. */
  limitOf(name: string): { limit: number; windowMs: number } | undefined {
    return this.#scope(name);
  }

  left(): Record<string, { left: number; limit: number }> {
    const now = this.#now();
    return mapValues(Object.fromEntries(this.#scopes), (scope) => ({
      left: scope.quietUntil > now ? 0 : Math.max(0, scope.limit - used(scope, now)),
      limit: scope.limit,
    }));
  }

  /** `describe@eu-west-1` has a bucket of its own, as large as that of `describe`. Undefined for what has no limit. */
  #scope(name: string): Scope | undefined {
    const known = this.#scopes.get(name);
    const like = known ?? this.#scopes.get(kindOf(name));
    if (known || !like) return known;
    const scope = newScope(like);
    this.#scopes.set(name, scope);
    return scope;
  }

  async take(scopes: readonly string[], priority: Priority, signal: AbortSignal): Promise<void> {
    const release = await this.hold(scopes, priority, signal);
    release();
  }

  hold(scopes: readonly string[], priority: Priority, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(deadline(scopes, signal));
      const line = this.#line(scopes);
      const queue = line.waiting[priority];
      const onAbort = () => {
        queue.splice(queue.indexOf(waiter), 1);
        reject(deadline(scopes, signal));
        this.#pump();
      };
      const waiter: Waiter = {
        sequence: this.#sequence++,
        grant: () => {
          signal.removeEventListener("abort", onAbort);
          for (const scope of line.scopes) scope.held++;
          resolve(this.#releaser(line.scopes));
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      queue.push(waiter);
      this.#pump();
    });
  }

  learn(scopes: readonly string[], said: LearnedLimit): void {
    const now = this.#now();
    const all = this.#line(scopes).scopes;
    // An answer describes one limit. With several scopes it is told by its size; when no size fits, only a wait is taken from it.
    const meant = all.length === 1 ? all : all.filter((scope) => scope.published === said.limit);
    for (const scope of meant.length > 0 ? meant : all) {
      if (said.retryAfterMs !== undefined) scope.quietUntil = Math.max(scope.quietUntil, now + said.retryAfterMs);
    }
    for (const scope of meant) {
      if (said.remaining === undefined) break;
      const excess = scope.published - used(scope, now) - said.remaining;
      if (excess <= 0) continue;
      const until = Math.min(Math.max(said.resetAt ?? Number.POSITIVE_INFINITY, now), now + scope.windowMs);
      const known = scope.foreign.until > now ? scope.foreign.count : 0;
      scope.foreign = { count: known + excess, until: known > 0 ? Math.max(scope.foreign.until, until) : until };
    }
    this.#pump();
  }

  #line(names: readonly string[]): Line {
    const key = [...new Set(names)].sort().join("\n");
    let line = this.#lines.get(key);
    if (!line) {
      const scopes = key.split("\n").flatMap((name) => this.#scope(name) ?? []);
      line = { scopes, waiting: { person: [], background: [] } };
      this.#lines.set(key, line);
    }
    return line;
  }

  #releaser(scopes: readonly Scope[]): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const now = this.#now();
      for (const scope of scopes) {
        scope.held--;
        scope.ends.push(now + scope.windowMs + SLACK_MS);
      }
      this.#pump();
    };
  }

  /** Lets go whoever may: people first, then by age. Sets the alarm for when that may change by itself. */
  #pump(): void {
    const now = this.#now();
    for (const priority of ["person", "background"] as const) {
      for (let line = this.#next(priority, now); line; line = this.#next(priority, now))
        line.waiting[priority].shift()!.grant();
    }
    this.#setAlarm(now);
  }

  #next(priority: Priority, now: number): Line | undefined {
    let best: Line | undefined;
    for (const line of this.#lines.values()) {
      const head = line.waiting[priority][0];
      if (!head || (best && best.waiting[priority][0]!.sequence < head.sequence)) continue;
      if (line.scopes.every((scope) => mayGo(scope, priority, now))) best = line;
    }
    return best;
  }

  #setAlarm(now: number): void {
    let at = Number.POSITIVE_INFINITY;
    for (const line of this.#lines.values()) {
      if (line.waiting.person.length + line.waiting.background.length === 0) continue;
      for (const scope of line.scopes) at = Math.min(at, nextChange(scope, now));
    }
    if (this.#alarm?.at === at) return;
    this.#alarm?.stop.abort();
    this.#alarm = undefined;
    // Nothing changes by itself: an answer that is still out will call again.
    if (at === Number.POSITIVE_INFINITY) return;
    const alarm = { at, stop: new AbortController() };
    this.#alarm = alarm;
    this.#sleep(Math.max(1, Math.ceil(at - now)), alarm.stop.signal).then(
      () => {
        if (this.#alarm !== alarm) return;
        this.#alarm = undefined;
        this.#pump();
      },
      () => {}, // stopped: another alarm has taken its place
    );
  }
}

function limitOf({
  limit,
  windowMs,
  published = limit,
}: Limits[string]): Pick<Scope, "limit" | "windowMs" | "published"> {
  return { limit, windowMs, published };
}

function newScope(limit: Limits[string]): Scope {
  return { ...limitOf(limit), held: 0, ends: [], foreign: { count: 0, until: 0 }, quietUntil: 0 };
}

/** The limit that a scope `NAME@PLACE` has. */
function kindOf(scope: string): string {
  return scope.split("@", 1)[0]!;
}

/** How much of a limit this kind of work may use. */
export function capOf(limit: number, priority: Priority): number {
  if (priority === "person" || limit < SHARED_FROM) return limit;
  return limit - Math.max(1, Math.floor(limit * RESERVED_SHARE));
}

function used(scope: Scope, now: number): number {
  let ended = 0;
  while (ended < scope.ends.length && scope.ends[ended]! <= now) ended++;
  if (ended > 0) scope.ends.splice(0, ended);
  return scope.held + scope.ends.length + (scope.foreign.until > now ? scope.foreign.count : 0);
}

function mayGo(scope: Scope, priority: Priority, now: number): boolean {
  if (scope.quietUntil > now) return false;
  return used(scope, now) < capOf(scope.limit, priority);
}

function nextChange(scope: Scope, now: number): number {
  const times = [scope.quietUntil, scope.foreign.until, scope.ends[0] ?? 0].filter((time) => time > now);
  return Math.min(...times, Number.POSITIVE_INFINITY);
}

function windowOf(override: { perSecond: number; burst: number }): { limit: number; windowMs: number } {
  const limit = Math.max(1, Math.floor(override.burst));
  return { limit, windowMs: (limit / override.perSecond) * 1000 };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

export function deadline(scopes: readonly string[], signal: AbortSignal): FleetError {
  if (signal.reason instanceof FleetError) return signal.reason;
  const message = `gave up waiting for the rate budget${scopes.length > 0 ? ` (${scopes.join(", ")})` : ""}`;
  return new FleetError("DEADLINE", message, { scopes: scopes.join(" ") }, { cause: signal.reason });
}
