/** So many requests in any span of `windowMs`. Scopes are counted apart for each caller. */
export interface LimitScope {
  name: string;
  limit: number;
  windowMs: number;
}

export interface LimitState {
  scope: LimitScope;
  allowed: boolean;
  /** Requests left in the window after this one. */
  remaining: number;
  /** Milliseconds since the epoch: when the oldest counted request leaves the window. */
  resetAtMs: number;
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

  /** Counts a request. Answers the scope that refuses, else the one with the smallest share left; undefined when limits are off. */
  take(caller: string, scopes: readonly LimitScope[]): LimitState | undefined {
    if (this.#scale === 0 || scopes.length === 0) return undefined;
    const now = this.#now();
    const entries = scopes.map((scope) => this.#entry(caller, scope, now));

    const refusing = entries.find(({ scope, window }) => window.count >= scope.limit);
    if (!refusing) for (const { window } of entries) window.push(now);
    const states = entries.map(({ scope, window, windowMs }) => ({
      scope,
      allowed: !refusing,
      remaining: Math.max(0, scope.limit - window.count),
      resetAtMs: (window.oldest ?? now) + windowMs,
    }));
    if (refusing) return states[entries.indexOf(refusing)];
    return states.reduce((tightest, state) =>
      state.remaining / state.scope.limit < tightest.remaining / tightest.scope.limit ? state : tightest,
    );
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
