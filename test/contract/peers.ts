import { resolveAccount } from "../../resources/account.ts";
import type { Cloud } from "../../resources/cloud.ts";
import { ENDPOINTS_VARIABLE, SIMULATORS_ALLOWED } from "../../resources/endpoints.ts";
import { FleetError } from "../../resources/errors.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import type { Simulator, SimulatorOptions } from "../../simulators/simulator.ts";
import { createMemoryCloud } from "../memory/cloud.ts";
import { accountSpec, serverSpec } from "../resources/fixtures.ts";
import { FAULTS } from "./faults.ts";
import type { ContractPeer, Control } from "./suite.ts";

const QUICK: SimulatorOptions = { provisionMs: 30, actionMs: 30, rateScale: 0 };

export async function memoryPeer(): Promise<ContractPeer> {
  const { cloud, account, machines, add, make, fail, clear } = createMemoryCloud();
  const control: Control = {
    add: async (partial) => add(partial),
    make: async (server, mark) => make(server, mark),
    remove: async (id) => void machines.delete(id),
    change: async (id, patch) => void Object.assign(machines.get(id)!, patch),
    fault: async (kind, on, times) => {
      const code = FAULTS.find((fault) => fault.kind === kind)?.codes[0] ?? "DEADLINE";
      fail(on, new FleetError(code, `injected: ${kind}`), times);
    },
    clear: async () => clear(),
  };
  return { cloud, account, control, server: serverSpec({ provider: "memory" }), close: async () => {} };
}

/** A cloud against its simulator, over HTTP. `paths` tell the requests of a list and of a single reading. */
export async function simulatedPeer(
  cloud: Cloud,
  start: (options?: SimulatorOptions) => Promise<Simulator>,
  parts: {
    credentials: Record<string, string>;
    paths: Record<"list" | "observe", string>;
    /** Of those requests. Default GET. */
    method?: string;
    server: ServerSpec;
    make?: (client: SimulatorClient, server: ServerSpec, mark: string) => Promise<string>;
    accountOptions?: Record<string, unknown>;
  },
): Promise<ContractPeer> {
  const simulator = await start(QUICK);
  const client = new SimulatorClient(simulator.url);
  const env = {
    [ENDPOINTS_VARIABLE]: SIMULATORS_ALLOWED,
    ...Object.fromEntries(
      Object.entries(parts.credentials).map(([field, value]) => [`CONTRACT_${field.toUpperCase()}`, value]),
    ),
  };
  const spec = accountSpec({
    provider: cloud.name,
    endpoint: simulator.url,
    credentials: Object.fromEntries(
      Object.keys(parts.credentials).map((field) => [field, { env: `CONTRACT_${field.toUpperCase()}` }]),
    ),
    options: parts.accountOptions ?? {},
    // The simulator has its limits off, and the suite makes more calls than some clouds allow in a minute.
    budgets: Object.fromEntries(Object.keys(cloud.limits).map((scope) => [scope, { perSecond: 1e5, burst: 1e5 }])),
  });
  const { make } = parts;
  return {
    cloud,
    account: resolveAccount(spec, cloud, env),
    server: { ...parts.server, provider: cloud.name },
    control: {
      add: async (partial = {}) => (await client.addForeign(patchOf(partial))).id,
      remove: (id) => client.remove(id),
      change: async (id, patch) => void (await client.change(id, patchOf(patch))),
      ...(make ? { make: (server: ServerSpec, mark: string) => make(client, server, mark) } : {}),
      fault: (kind, on, times) =>
        client.fault({
          name: kind,
          match: { method: parts.method ?? "GET", path: parts.paths[on] },
          times,
          action: FAULTS.find((fault) => fault.kind === kind)!.action,
        }),
      clear: () => client.clearFaults(),
    },
    close: () => simulator.close(),
  };
}

type Patch = Parameters<SimulatorClient["change"]>[1];

/** Machines under work have no place among out-of-band changes. */
export function patchOf({ power, ...rest }: NonNullable<Parameters<Control["add"]>[0]>): Patch {
  return power === undefined || power === "changing" ? rest : { ...rest, power };
}
