/** So many requests in any span of `windowMs`. Scopes are counted apart for each caller. */
export interface LimitScope {
  name: string;
  limit: number;
  windowMs: number;
}

export interface ScopeState {
  scope: LimitScope;
  /** Requests left in the window after this one. */
  remaining: number;
  /** Milliseconds since the epoch: when the oldest counted request leaves the window. */
  resetAtMs: number;
}

/** The scope that refuses, else the one with the smallest share left. */
export interface LimitState extends ScopeState {
  allowed: boolean;
  /** All scopes of the request, in their order. */
  scopes: ScopeState[];
}

/** Times of the requests in one window, oldest first; the head moves so that taking one out costs nothing. */
class Window {
  #times: number[] = [];
  #head = 0;

  prune(before: number): void {
    while (this.#head < this.#times.length && (this.#times[this.#head] as number) <= before) this.#head += 1;
    if (this.#head > 1024) {
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
  }

  get count(): number {
    return this.#times.length - this.#head;
  }

  get oldest(): number | undefined {
    return this.#times[this.#head];
  }

  push(time: number): void {
    this.#times.push(time);
  }
}

/** Sliding windows over several scopes at once: a request is counted in all of its scopes, or refused and counted in none. */
export class RateLimiter {
  #windows = new Map<string, Window>();
  #scale: number;
  #now: () => number;

  /** `scale` divides the windows; 0 switches the limits off. */
  constructor(options: { scale?: number | undefined; now: () => number }) {
    this.#scale = options.scale ?? 1;
    this.#now = options.now;
  }

  /** Counts a request of `caller`; undefined when limits are off. */
  take(caller: string, scopes: readonly LimitScope[]): LimitState | undefined {
    if (this.#scale === 0 || scopes.length === 0) return undefined;
    const now = this.#now();
    const entries = scopes.map((scope) => this.#entry(caller, scope, now));

    const refusing = entries.findIndex(({ scope, window }) => window.count >= scope.limit);
    if (refusing < 0) for (const { window } of entries) window.push(now);
    const states: ScopeState[] = entries.map(({ scope, window, windowMs }) => ({
      scope,
      remaining: Math.max(0, scope.limit - window.count),
      resetAtMs: (window.oldest ?? now) + windowMs,
    }));
    const tightest = states.reduce((least, state) =>
      state.remaining / state.scope.limit < least.remaining / least.scope.limit ? state : least,
    );
    return { ...(states[refusing] ?? tightest), allowed: refusing < 0, scopes: states };
  }

  #entry(caller: string, scope: LimitScope, now: number) {
    const key = `${scope.name}\n${caller}`;
    const windowMs = scope.windowMs / this.#scale;
    let window = this.#windows.get(key);
    if (!window) {
      window = new Window();
      this.#windows.set(key, window);
    }
    window.prune(now - windowMs);
    return { scope, window, windowMs };
  }
}
