/** Time of a simulated cloud: real, but its timers neither keep the process alive nor outlive the simulator. */
export class Clock {
  #timers = new Set<NodeJS.Timeout>();
  #stopped = false;

  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now();
  }

  /** Runs `task` after `ms`; never when the simulator is closed before. Returns a function that calls it off. */
  after(ms: number, task: () => void): () => void {
    if (this.#stopped) return () => {};
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      task();
    }, ms).unref();
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
