import type { ActualServer } from "../../../resources/actual.ts";
import { createBudget } from "../../../resources/budget.ts";
import type { Account, Call } from "../../../resources/cloud.ts";
import { hivelocity } from "../../../resources/hivelocity/index.ts";
import { deviceHandler } from "../../../resources/hivelocity/plugin.ts";
import { sshKeyHandler } from "../../../resources/hivelocity/plugin-key.ts";
import type { PropertyMap, ResourceHandler } from "../../../resources/plugin/handler.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { HIVELOCITY_KEY, startHivelocity } from "../../../simulators/hivelocity/index.ts";
import type { SimulatorOptions } from "../../../simulators/simulator.ts";
import { accountSpec } from "../fixtures.ts";
import { MemoryJournal } from "../proxmox-plugin.ts";

export const MARKS = ["a", "b", "c", "d"].map((letter) => `fw-${letter.repeat(20)}`) as [
  string,
  string,
  string,
  string,
];

export interface Bench {
  control: SimulatorClient;
  call(signal?: AbortSignal): Call;
  journal: MemoryJournal;
  device: ResourceHandler;
  key: ResourceHandler;
  /** Another handler on the same account, as after a restart: nothing is shared but journal and cloud. */
  restarted(): ResourceHandler;
  devices(): Promise<ActualServer[]>;
  /** Creating requests that the cloud has taken. */
  orders(): Promise<number>;
  close(): Promise<void>;
}

export async function startBench(
  options: SimulatorOptions & { settleSeconds?: number; createSeconds?: number } = {},
): Promise<Bench> {
  const { settleSeconds = 1, createSeconds = 20, ...rest } = options;
  const simulator = await startHivelocity({ provisionMs: 300, actionMs: 10, rateScale: 0, ...rest });
  const account: Account = {
    spec: accountSpec({ provider: "hivelocity", deadlines: { createSeconds, settleSeconds } }),
    endpoint: simulator.url,
    credentials: { apiKey: HIVELOCITY_KEY },
    budget: createBudget({}),
  };
  const call = (signal = AbortSignal.timeout(10_000)): Call => ({ signal, account, priority: "person" });
  const journal = new MemoryJournal();
  // Tests do not wait seconds: every pause is a hundredth.
  const sleep = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      setTimeout(() => (signal.aborted ? reject(signal.reason) : resolve()), ms / 100);
    });
  const control = new SimulatorClient(simulator.url);
  const handlerOf = () => deviceHandler({ call, journal, sleep });
  return {
    control,
    call,
    journal,
    device: handlerOf(),
    key: sshKeyHandler({ call, journal, sleep }),
    restarted: handlerOf,
    devices: async () => {
      const all: ActualServer[] = [];
      for await (const server of hivelocity.list(call())) all.push(server);
      return all;
    },
    orders: async () =>
      (await control.calls())
        .filter(({ method, route, status }) => method === "POST" && route === "/api/v2/compute/" && status < 300)
        .reduce((sum, { count }) => sum + count, 0),
    close: () => simulator.close(),
  };
}

export function deviceInputs(more: PropertyMap = {}): PropertyMap {
  const mark = (more.mark as string | undefined) ?? MARKS[0];
  return {
    mark,
    productId: 504,
    location: "TPA2",
    osName: "Debian 12",
    hostname: "web-1.example.net",
    tags: [mark, "role:web"].sort(),
    period: "hourly",
    ...more,
  };
}
