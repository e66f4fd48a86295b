import type { Controller } from "../reconcile/context.ts";

/** Clocks that are kept in step by small corrections differ by less. */
const JUMP_MS = 30_000;

/** Notices that the clock on the wall was set: what was to come at a time of the old clock would come too late, or all at once. */
export class ClockWatch {
  readonly #controller: Pick<Controller, "now" | "steady">;
  #offset: number;

  constructor(controller: Pick<Controller, "now" | "steady">) {
    this.#controller = controller;
    this.#offset = this.#read();
  }

  /** By how many milliseconds it was set since the last look, back when negative; undefined when it was not. */
  jumped(): number | undefined {
    const offset = this.#read();
    const by = offset - this.#offset;
    this.#offset = offset;
    return Math.abs(by) < JUMP_MS ? undefined : by;
  }

  #read(): number {
    return this.#controller.now() - this.#controller.steady();
  }
}
