/** How long a look in the database is good for: so much later, at most, another controller heeds what was revoked here. */
const FRESH_MS = 2_000;
const MOST = 10_000;

/** What the database has just said of people, so that a burst of requests asks once. What is changed in this process is heeded at once. */
export class Recent {
  readonly #now: () => number;
  readonly #known = new Map<string, { value: Promise<unknown>; atMs: number }>();

  /** `now`: a clock that nobody sets. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get<T>(key: string, load: () => Promise<T>): Promise<T> {
    const known = this.#known.get(key);
    if (known !== undefined && this.#now() - known.atMs < FRESH_MS) return known.value as Promise<T>;
    if (this.#known.size >= MOST) this.#known.clear();
    // Its age counts from the question: the answer is not older than that.
    const value = load();
    this.#known.set(key, { value, atMs: this.#now() });
    value.catch(() => this.#known.delete(key));
    return value;
  }

  clear(): void {
    this.#known.clear();
  }
}
