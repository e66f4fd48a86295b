import { resolveAccount } from "../../resources/account.ts";
import type { Account, Cloud } from "../../resources/cloud.ts";
import { ENDPOINTS_VARIABLE, SIMULATORS_ALLOWED } from "../../resources/endpoints.ts";
import { clouds } from "../../resources/registry.ts";
import type { AccountSpec, ServerSpec } from "../../resources/spec.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import { simulators } from "../../simulators/index.ts";
import type { SimulatedEntry, Simulator, SimulatorOptions } from "../../simulators/simulator.ts";

/** A server that each simulated cloud has. */
const SERVERS = {
  linode: { size: "g6-nanode-1", region: "us-east", image: "linode/debian12" },
  digitalocean: { size: "s-1vcpu-1gb", otherSize: "gpu-h100x1-80gb", region: "nyc3", image: "debian-12-x64" },
  vultr: { size: "vc2-1c-1gb", otherSize: "vbm-4c-32gb", region: "ewr", image: "os:2136" },
  hyperstack: { size: "n3-L40x1", region: "CANADA-1", image: "Debian 12" },
  hivelocity: { size: "504", region: "TPA2", image: "Debian 12" },
  equinix: { size: "c3.small.x86", region: "da", image: "debian_12" },
  openstack: { size: "m1.small", region: "nova", image: "debian-12" },
  proxmox: { size: "", resources: { vcpus: 2, memoryMiB: 2048 }, region: "pve1", image: "debian-12" },
} satisfies Record<string, ServerKind>;

interface ServerKind {
  size: string;
  /** Of every tenth: a size whose machines the cloud has on a list of their own. */
  otherSize?: string;
  resources?: ServerSpec["resources"];
  region: string;
  image: string;
}

export type PeerName = keyof typeof SERVERS;

/** All simulated clouds but AWS: a thousand machines take moto minutes. */
export const PEERS = Object.keys(SERVERS) as PeerName[];

/** One simulated cloud and the account of a fleet on it. */
export interface Peer {
  name: PeerName;
  cloud: Cloud;
  simulator: Simulator;
  control: SimulatorClient;
  spec: AccountSpec;
  /** The variables that `spec.credentials` name. */
  environment: Record<string, string>;
}

/** Starts one. With `rateScale` its limits and the account's budgets are as much faster; 1 is the real pace. */
export async function openPeer(name: PeerName, options: SimulatorOptions = {}): Promise<Peer> {
  const entry: SimulatedEntry = simulators[name]!;
  const cloud: Cloud = clouds[name];
  const simulator = await entry.start(options);
  const variable = (field: string) => `FLEETWRIGHT_BENCH_${name}_${field}`.toUpperCase();
  const fields = Object.entries(entry.credentials);
  return {
    name,
    cloud,
    simulator,
    control: new SimulatorClient(simulator.url),
    spec: {
      kind: "Account",
      name,
      formerly: [],
      provider: name,
      endpoint: simulator.url,
      credentials: Object.fromEntries(fields.map(([field]) => [field, { env: variable(field) }])),
      cells: 1,
      budgets: scaledBudgets(cloud, options.rateScale ?? 1),
      regions: [],
      deadlines: { createSeconds: 600, settleSeconds: 10 },
      options: { ...entry.accountOptions },
    },
    environment: {
      [ENDPOINTS_VARIABLE]: SIMULATORS_ALLOWED,
      ...Object.fromEntries(fields.map(([field, value]) => [variable(field), value])),
    },
  };
}

export function accountOf({ spec, cloud, environment }: Peer): Account {
  return resolveAccount(spec, cloud, environment);
}

/** What a budget keeps to of a published limit, as `resources/budget-shared.ts` has it. */
const SHARE_USED = 0.95;

/** The account's budgets where the simulator's windows are divided by `scale`; none where it keeps real time. */
export function scaledBudgets({ limits }: Pick<Cloud, "limits">, scale: number): AccountSpec["budgets"] {
  if (scale === 1) return {};
  return Object.fromEntries(
    Object.entries(limits).map(([scope, { limit, windowMs }]) => {
      const burst = Math.max(1, Math.floor(limit * SHARE_USED));
      return [scope, { burst, perSecond: (burst * scale * 1000) / windowMs }];
    }),
  );
}

const isOther = (index: number): boolean => index % 10 === 9;

/** How many of the first servers are on each list of the cloud. */
export function listed(name: PeerName, servers: number): number[] {
  const kind: ServerKind = SERVERS[name];
  if (kind.otherSize === undefined) return [servers];
  const others = Array.from({ length: servers }, (_, index) => index).filter(isOther).length;
  return [servers - others, others];
}

export function serverOn(name: PeerName, index: number): ServerSpec {
  const { image, otherSize, ...kind }: ServerKind = SERVERS[name];
  const server = `web-${String(index).padStart(4, "0")}`;
  return {
    kind: "Server",
    name: server,
    formerly: [],
    account: name,
    provider: name,
    hostname: `${server}.example.net`,
    resources: {},
    ...kind,
    size: otherSize !== undefined && isOther(index) ? otherSize : kind.size,
    labels: { role: "web", team: `platform-${index % 7}` },
    firewalls: [],
    power: "running",
    restarts: { reboot: 0, reset: 0 },
    rebuild: 0,
    ipv6: false,
    monitoring: false,
    backups: false,
    protect: false,
    deletionPolicy: "delete",
    createOnly: { image, keys: [] },
    options: {},
  };
}
