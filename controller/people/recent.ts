/** How long a look in the database is good for: so much later, at most, another controller heeds what was revoked here. */
const FRESH_MS = 2_000;
/** From this age on the next look is made while the last one still counts: whoever asks does not wait for it. */
const RENEW_MS = 1_000;
const MOST = 10_000;

interface Look {
  value: Promise<unknown>;
  atMs: number;
}

interface Known extends Look {
  next?: Look;
}

/** What the database has just said, so that a burst of requests asks once. What is changed in this process is heeded at once. */
export class Recent {
  readonly #now: () => number;
  readonly #freshMs: number;
  readonly #known = new Map<string, Known>();

  /** `now`: a clock that nobody sets. `freshMs`: how long a look is good for, more than a second. */
  constructor(now: () => number, freshMs = FRESH_MS) {
    this.#now = now;
    this.#freshMs = freshMs;
  }

  get<T>(key: string, load: () => Promise<T>): Promise<T> {
    const known = this.#known.get(key);
    const age = known === undefined ? this.#freshMs : this.#now() - known.atMs;
    if (known === undefined || age >= this.#freshMs) return this.#begin(key, known?.next, load);
    if (age >= RENEW_MS && known.next === undefined) this.#renew(key, known, load);
    return known.value as Promise<T>;
  }

  clear(): void {
    this.#known.clear();
  }

  /** With the look that was begun already, when that is good still. */
  #begin<T>(key: string, begun: Look | undefined, load: () => Promise<T>): Promise<T> {
    if (this.#known.size >= MOST) this.#known.clear();
    // Its age counts from the question: the answer is not older than that.
    const atMs = this.#now();
    const known: Known =
      begun !== undefined && atMs - begun.atMs < this.#freshMs ? { ...begun } : { value: load(), atMs };
    this.#known.set(key, known);
    known.value.catch(() => this.#forget(key, known));
    return known.value as Promise<T>;
  }

  #renew(key: string, known: Known, load: () => Promise<unknown>): void {
    const next: Look = { value: load(), atMs: this.#now() };
    known.next = next;
    next.value.then(
      () => {
        // Cleared meanwhile, it may tell of what was before that.
        if (this.#known.get(key) === known) this.#known.set(key, { ...next });
      },
      () => {
        delete known.next;
      },
    );
  }

  #forget(key: string, known: Known): void {
    if (this.#known.get(key) === known) this.#known.delete(key);
  }
}
