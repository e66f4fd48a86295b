import { FleetError } from "../errors.ts";

/** One at a time for each key, in the order in which they came. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** @throws {FleetError} DEADLINE when `signal` aborts before the turn comes */
  async take<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    let done = () => {};
    const own = new Promise<void>((resolve) => {
      done = resolve;
    });
    // Whoever gives up waiting still keeps its place, so that nobody overtakes the one at work.
    const tail = before.then(() => own);
    this.#last.set(key, tail);
    try {
      await unlessAborted(before, signal, key);
      return await work();
    } finally {
      done();
      if (this.#last.get(key) === tail) tail.then(() => this.#last.get(key) === tail && this.#last.delete(key));
    }
  }
}

function unlessAborted(turn: Promise<void>, signal: AbortSignal, key: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      const { reason } = signal;
      reject(reason instanceof FleetError ? reason : new FleetError("DEADLINE", `gave up waiting for ${key}`, {}));
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    turn.then(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
  });
}
