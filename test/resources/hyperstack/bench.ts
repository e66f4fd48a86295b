import type { ActualServer } from "../../../resources/actual.ts";
import { createBudget } from "../../../resources/budget.ts";
import type { Account, Call } from "../../../resources/cloud.ts";
import { hyperstack } from "../../../resources/hyperstack/index.ts";
import { firewallHandler } from "../../../resources/hyperstack/plugin-firewall.ts";
import { keyPairHandler } from "../../../resources/hyperstack/plugin-key.ts";
import { virtualMachineHandler } from "../../../resources/hyperstack/plugin-machine.ts";
import type { PropertyMap, ResourceHandler } from "../../../resources/plugin/handler.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { HYPERSTACK_KEY, startHyperstack } from "../../../simulators/hyperstack/index.ts";
import type { Simulator, SimulatorOptions } from "../../../simulators/simulator.ts";
import { PUBLIC_KEY } from "../declared.ts";
import { accountSpec } from "../fixtures.ts";
import { MARKS, MemoryJournal, runContext } from "../proxmox-plugin.ts";

export { MARKS, runContext };

export interface Bench {
  simulator: Simulator;
  control: SimulatorClient;
  journal: MemoryJournal;
  call(timeoutMs?: number): Call;
  machine: ResourceHandler;
  firewall: ResourceHandler;
  key: ResourceHandler;
  /** Other handlers on the same account, as after a restart: nothing is shared but journal and cloud. */
  restarted(): Pick<Bench, "machine" | "firewall" | "key">;
  machines(): Promise<ActualServer[]>;
  /** Inputs of a machine, with a key that is there. */
  machineInputs(more?: PropertyMap): PropertyMap;
}

export async function startBench(options: SimulatorOptions = {}, settleSeconds = 1): Promise<Bench> {
  const simulator = await startHyperstack({ provisionMs: 60, actionMs: 30, rateScale: 0, ...options });
  const account: Account = {
    spec: accountSpec({
      provider: "hyperstack",
      endpoint: simulator.url,
      deadlines: { createSeconds: 30, settleSeconds },
    }),
    endpoint: simulator.url,
    credentials: { apiKey: HYPERSTACK_KEY },
    budget: createBudget({}),
  };
  const of = (signal: AbortSignal): Call => ({ signal, account, priority: "person" });
  const journal = new MemoryJournal();
  // Tests do not wait seconds: every pause is a twentieth.
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms / 20));
  const parts = { call: of, journal, timing: { sleep } };
  const handlers = () => ({
    machine: virtualMachineHandler(parts),
    firewall: firewallHandler(parts),
    key: keyPairHandler(parts),
  });
  const first = handlers();
  const key = await first.key.create(keyInputs(), runContext());
  const control = new SimulatorClient(simulator.url);
  await control.resetCalls();
  return {
    simulator,
    control,
    journal,
    call: (timeoutMs = 20_000) => of(AbortSignal.timeout(timeoutMs)),
    ...first,
    restarted: handlers,
    machines: async () => {
      const all: ActualServer[] = [];
      for await (const server of hyperstack.list(of(AbortSignal.timeout(5_000)))) all.push(server);
      return all;
    },
    machineInputs: (more = {}) => {
      const mark = (more.mark as string | undefined) ?? MARKS[0]!;
      return {
        mark,
        name: "web-1",
        ...PLACE,
        flavor: "n3-L40x1",
        image: "Debian 12",
        key: key.id,
        publicIp: true,
        portRandomization: false,
        bootableVolume: false,
        labels: [mark, "role:web"].sort(),
        firewalls: [],
        ...more,
      };
    },
  };
}

const PLACE = { region: "CANADA-1", environment: "default-CANADA-1" };
const KEY_MARK = `fw-${"k".repeat(20)}`;

export function keyInputs(more: PropertyMap = {}): PropertyMap {
  const mark = (more.mark as string | undefined) ?? KEY_MARK;
  return { mark, name: `ops-${mark}`, ...PLACE, publicKey: PUBLIC_KEY, ...more };
}

export const SSH = "ingress IPv4 tcp 22-22 0.0.0.0/0";
export const WEB = "ingress IPv4 tcp 80-80 192.0.2.0/24";
export const PING = "ingress IPv6 ipv6-icmp - ::/0";
export const OUT = ["egress IPv4 any - 0.0.0.0/0", "egress IPv6 any - ::/0"];

export function firewallInputs(more: PropertyMap = {}): PropertyMap {
  return { mark: MARKS[2]!, name: "web-CANADA-1", ...PLACE, rules: [...OUT, PING, SSH].sort(), ...more };
}
