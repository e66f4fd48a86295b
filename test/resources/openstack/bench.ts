import { createBudget } from "../../../resources/budget.ts";
import type { Account, Call } from "../../../resources/cloud.ts";
import { openstack as send } from "../../../resources/openstack/http.ts";
import { openstack } from "../../../resources/openstack/index.ts";
import { serverHandler } from "../../../resources/openstack/plugin.ts";
import { types } from "../../../resources/openstack/types.ts";
import type { PropertyMap, ResourceHandler } from "../../../resources/plugin/handler.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { OPENSTACK_CREDENTIALS, startOpenStack } from "../../../simulators/openstack/index.ts";
import type { Fault, SimulatedServer, Simulator } from "../../../simulators/simulator.ts";
import { accountSpec } from "../fixtures.ts";
import { MemoryJournal } from "../proxmox-plugin.ts";

export { runContext } from "../proxmox-plugin.ts";

/** Marks of several objects. */
export const MARKS = ["a", "b", "c", "d"].map((letter) => `fw-${letter.repeat(20)}`);

export interface Bench {
  simulator: Simulator;
  control: SimulatorClient;
  call(): Call;
  journal: MemoryJournal;
  server: ResourceHandler;
  group: ResourceHandler;
  key: ResourceHandler;
  aggregate: ResourceHandler;
  host: ResourceHandler;
  port: ResourceHandler;
  attachment: ResourceHandler;
  snapshot: ResourceHandler;
  /** As somebody else with the same credentials. */
  get<T>(service: "compute" | "network", path: string): Promise<T>;
  post<T>(service: "compute" | "network", path: string, json: object): Promise<T>;
  servers(): Promise<SimulatedServer[]>;
  /** The next request of this kind is met so. */
  fault(method: string, path: string, action: Fault["action"], more?: Partial<Fault>): Promise<void>;
}

export async function startBench(options: { account?: Partial<Account>; settleSeconds?: number } = {}): Promise<Bench> {
  const simulator = await startOpenStack({ provisionMs: 40, actionMs: 20 });
  const account: Account = {
    spec: accountSpec({
      provider: "openstack",
      deadlines: { createSeconds: 20, settleSeconds: options.settleSeconds ?? 0 },
    }),
    endpoint: simulator.url,
    credentials: OPENSTACK_CREDENTIALS,
    budget: createBudget({}),
    ...options.account,
  };
  const callWith = (signal: AbortSignal): Call => ({ signal, account, priority: "person" });
  const call = () => callWith(AbortSignal.timeout(20_000));
  const journal = new MemoryJournal();
  // Tests do not wait seconds: every pause is a twentieth.
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms / 20));
  const handlers = types.handlers({ account, cloud: openstack, call: callWith, journal });
  const handler = (name: string) => handlers.find(({ type }) => type === `fleetwright:openstack:${name}`)!;
  const control = new SimulatorClient(simulator.url);
  return {
    simulator,
    control,
    call,
    journal,
    server: serverHandler({ cloud: openstack, call: callWith, journal, sleep }),
    group: handler("SecurityGroup"),
    key: handler("KeyPair"),
    aggregate: handler("Aggregate"),
    host: handler("AggregateHost"),
    port: handler("Port"),
    attachment: handler("PortAttachment"),
    snapshot: handler("Snapshot"),
    get: async <T>(service: "compute" | "network", path: string) =>
      (await send<T>(call(), service, { method: "GET", path })).body,
    post: async <T>(service: "compute" | "network", path: string, json: object) =>
      (await send<T>(call(), service, { method: "POST", path, json })).body,
    servers: () => control.servers(),
    fault: (method, path, action, more = {}) => control.fault({ match: { method, path }, action, ...more }),
  };
}

export function serverInputs(more: PropertyMap = {}): PropertyMap {
  const mark = (more.mark as string | undefined) ?? MARKS[0]!;
  return {
    mark,
    name: "web-1",
    flavor: "m1.small",
    image: "debian-12",
    availabilityZone: "nova",
    tags: [mark, "role:web"].sort(),
    networks: [],
    ports: [],
    securityGroups: [],
    configDrive: false,
    ...more,
  };
}
