import type { Controller } from "../../reconcile/context.ts";
import type { Desired } from "../../reconcile/desired.ts";
import { FleetView } from "./view.ts";

/** A reading of all records takes as long as a hundred of one. */
const SHARED_MS = 1000;

/** What all requests are answered from, whether they come to the API or to the page. */
export class FleetMemory {
  readonly #controller: Controller;
  readonly #service: { readonly desired: Desired | undefined };
  readonly #views = new WeakMap<Desired, Promise<FleetView>>();
  #hashes: { readAt: number; rows: ReturnType<Controller["store"]["hashes"]> } | undefined;

  constructor(controller: Controller, service: { readonly desired: Desired | undefined }) {
    this.#controller = controller;
    this.#service = service;
  }

  /** What is recorded of all objects, at most a second old: whoever asks for it at the same time shares one reading. */
  async hashes(): ReturnType<Controller["store"]["hashes"]> {
    const { store, steady } = this.#controller;
    if (this.#hashes === undefined || steady() - this.#hashes.readAt > SHARED_MS) {
      const read = { readAt: steady(), rows: store.hashes() };
      this.#hashes = read;
      read.rows.catch(() => {
        if (this.#hashes === read) this.#hashes = undefined;
      });
    }
    return await this.#hashes.rows;
  }

  /** The last valid commit, looked up by kind and name; made once a commit. Undefined before the first. */
  async view(): Promise<FleetView | undefined> {
    const { desired } = this.#service;
    if (desired === undefined) return undefined;
    const known = this.#views.get(desired) ?? FleetView.open(this.#controller, desired);
    this.#views.set(desired, known);
    // What failed is tried again.
    known.catch(() => this.#views.delete(desired));
    return await known;
  }
}
