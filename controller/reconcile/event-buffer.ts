import type { NewEvent, Store } from "../store/types.ts";

/** Written together, so that a thousand of them do not wait for as many statements. */
const WAIT_MS = 500;

/** Events on their way to the store's log, in their order. They are for people: that they cannot be written ends nothing. */
export class EventBuffer {
  readonly #store: Pick<Store, "putEvents">;
  #pending: NewEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<unknown> = Promise.resolve();

  constructor(store: Pick<Store, "putEvents">) {
    this.#store = store;
  }

  put(event: NewEvent): void {
    this.#pending.push(event);
    this.#timer ??= setTimeout(() => this.#write(), WAIT_MS);
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    this.#write();
    await this.#written;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#pending;
    this.#pending = [];
    if (events.length > 0)
      this.#written = this.#written.then(() => this.#store.putEvents(events)).catch(() => undefined);
  }
}
