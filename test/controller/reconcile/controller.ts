import { hostname, tmpdir } from "node:os";
import { createFleetCache } from "../../../controller/fleet/load.ts";
import type { Controller } from "../../../controller/reconcile/context.ts";
import { LEASE_MS } from "../../../controller/reconcile/leases.ts";
import type { Store } from "../../../controller/store/types.ts";
import type { MemoryCloud } from "../../memory/cloud.ts";

/** A controller on a cloud in a Map, for steps that need no engine and no repository. Its clock goes on when it sleeps. */
export function memoryController(memory: MemoryCloud, store: Partial<Store> = {}): Controller & { notes: string[] } {
  const notes: string[] = [];
  let now = Date.parse("2026-01-01T00:00:00Z");
  const unused = (what: string) => () => {
    throw new Error(`${what} is not needed here`);
  };
  return {
    notes,
    repo: {} as Controller["repo"],
    store: store as Store,
    commits: {} as Controller["commits"],
    clouds: { [memory.cloud.name]: memory.cloud },
    engine: unused("the engine"),
    account: () => memory.account,
    forge: unused("the forge"),
    netbox: () => {
      throw new Error("no NetBox");
    },
    loaded: createFleetCache(),
    dataDir: tmpdir(),
    holder: "this host process 1 started 1",
    machine: hostname(),
    shared: false,
    leaseMs: LEASE_MS,
    environment: {},
    stacksAtOnce: 4,
    provider: "served",
    progress: (event) => void (event.kind === "note" && notes.push(event.text)),
    now: () => now,
    steady: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
      await Promise.resolve();
    },
  };
}
