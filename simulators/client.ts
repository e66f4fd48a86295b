import type { SaleChange, ServerPatch } from "./control.ts";
import type { FaultState } from "./faults.ts";
import type { CallCount, Fault, SimulatedServer } from "./simulator.ts";

/** Holds a simulator over HTTP, also one in another process. Every method throws an Error with the simulator's own message when it refuses. */
export class SimulatorClient {
  #base: string;

  /** `url` as `Simulator.url`. */
  constructor(url: string) {
    this.#base = `${url.replace(/\/+$/, "")}/_simulator`;
  }

  servers(): Promise<SimulatedServer[]> {
    return this.#send("GET", "/servers");
  }

  /** What a machine was made with that no answer of the cloud tells: passwords, user data. */
  given(id: string): Promise<Record<string, unknown>> {
    return this.#send("GET", `/servers/${encodeURIComponent(id)}/given`);
  }

  calls(): Promise<CallCount[]> {
    return this.#send("GET", "/calls");
  }

  resetCalls(): Promise<void> {
    return this.#send("DELETE", "/calls");
  }

  faults(): Promise<FaultState[]> {
    return this.#send("GET", "/faults");
  }

  fault(fault: Fault): Promise<void> {
    return this.#send("POST", "/faults", fault);
  }

  clearFaults(): Promise<void> {
    return this.#send("DELETE", "/faults");
  }

  /** A machine that nobody of the fleet made. */
  addForeign(server: ServerPatch = {}): Promise<SimulatedServer> {
    return this.#send("POST", "/servers", server);
  }

  /** An out-of-band change, in effect at once. */
  change(id: string, patch: ServerPatch): Promise<SimulatedServer> {
    return this.#send("PATCH", `/servers/${encodeURIComponent(id)}`, patch);
  }

  /** An out-of-band removal, in effect at once. */
  remove(id: string): Promise<void> {
    return this.#send("DELETE", `/servers/${encodeURIComponent(id)}`);
  }

  /** Another price or stock of a size, from now on. */
  sell(size: string, change: SaleChange): Promise<void> {
    return this.#send("PATCH", `/sizes/${encodeURIComponent(size)}`, change);
  }

  async #send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.#base + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`simulator ${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }
}
