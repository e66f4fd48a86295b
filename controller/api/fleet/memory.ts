import type { Controller } from "../../reconcile/context.ts";
import type { Desired } from "../../reconcile/desired.ts";
import { MetricsMemory } from "./insight.ts";
import { type Records, RecordsMemory } from "./records.ts";
import { FleetView } from "./view.ts";

/** What all requests are answered from, whether they come to the API or to the page. */
export class FleetMemory {
  /** What clouds have measured lately. */
  readonly metrics: MetricsMemory;
  readonly #controller: Controller;
  readonly #service: { readonly desired: Desired | undefined };
  readonly #views = new WeakMap<Desired, Promise<FleetView>>();
  readonly #records: RecordsMemory;

  constructor(controller: Controller, service: { readonly desired: Desired | undefined }) {
    this.#controller = controller;
    this.#service = service;
    this.metrics = new MetricsMemory(controller.steady);
    this.#records = new RecordsMemory(controller.store, controller.steady);
  }

  /** What is recorded and seen of all objects. */
  records(): Promise<Records> {
    return this.#records.get();
  }

  /** What is recorded of all objects. */
  async hashes(): ReturnType<Controller["store"]["hashes"]> {
    return (await this.records()).hashes;
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
