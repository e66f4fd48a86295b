import { simulatedHyperstack, startHyperstack } from "./hyperstack/index.ts";
import { NETBOX_TOKEN, startNetbox } from "./netbox/index.ts";
import type { NetboxWorld } from "./netbox/world.ts";
import { simulatedOpenStack, startOpenStack } from "./openstack/index.ts";
import { PROJECT } from "./openstack/seed.ts";
import type { World } from "./openstack/world.ts";
import type { SimulatedEntry, Simulator, SimulatorOptions } from "./simulator.ts";

/** Several that know of each other, in one process. */
export interface SimulatedSite {
  /** In the order that `start` answers them. */
  parts: Readonly<Record<string, SimulatedEntry>>;
  /** Each at the port after the one before, where one was given. */
  start(options?: SimulatorOptions): Promise<Simulator[]>;
}

const HOSTS = ["gpu-host-001", "gpu-host-002", "gpu-host-003", "gpu-host-004"];

/** Whose these hosts are. */
const NETBOX: NetboxWorld = {
  groups: [
    { id: 1, name: "Nexgen Cloud", slug: "nexgen-cloud" },
    { id: 2, name: "Investors", slug: "investors" },
  ],
  tenants: [
    { id: 11, name: "Nexgen Cloud", slug: "nexgen-cloud", group: 1 },
    { id: 12, name: "Customer 1", slug: "customer1", group: 2 },
  ],
  devices: HOSTS.map((name, index) => ({ id: 101 + index, name, tenant: index < 3 ? 11 : 12 })),
};

export const simulatedNetbox: SimulatedEntry = {
  start: (options) => startNetbox({ world: NETBOX, ...options }),
  credentials: { token: NETBOX_TOKEN },
};

/** An OpenStack with GPU hosts in no aggregate, the Hyperstack above it, and a NetBox that knows whose the hosts are: what `examples/gpu-cloud` takes. */
export const gpuCloud: SimulatedSite = {
  parts: { openstack: simulatedOpenStack, hyperstack: simulatedHyperstack, netbox: simulatedNetbox },
  async start({ port = 0, token: _, servers: __, ...options } = {}) {
    const at = (index: number) => ({ port: port === 0 ? 0 : port + index });
    const started: Simulator[] = [];
    try {
      let below: World | undefined;
      const more = (world: World) => {
        below = world;
        addGpuHosts(world, HOSTS);
        addNetwork(world, "storage-network");
      };
      started.push(await startOpenStack({ ...options, ...at(0), more }));
      started.push(await startHyperstack({ ...options, ...at(1), openstack: below! }));
      started.push(await simulatedNetbox.start({ ...options, ...at(2) }));
      return started;
    } catch (error) {
      for (const one of started) await one.close();
      throw error;
    }
  },
};

/** Hosts of eight L40 each, in no aggregate. */
export function addGpuHosts({ hosts, ids }: World, names: readonly string[]): void {
  const size = { vcpus: 256, memoryMiB: 4_194_304, diskGiB: 50_000, gpus: { L40: 8 } };
  for (const name of names) hosts.set(name, { id: ids.uuid(), name, up: true, ...size });
}

/** A network of the seeded project, which only it may use. */
export function addNetwork({ ids, subnets, networks }: World, name: string): void {
  const [network, subnet] = [ids.uuid(), ids.uuid()];
  const place = { network, project: PROJECT.id, version: 4, cidr: "10.30.0.0/16", gateway: "10.30.0.1" } as const;
  subnets.set(subnet, { id: subnet, name: `${name}-v4`, ...place });
  networks.set(network, { id: network, name, project: PROJECT.id, shared: false, external: false, subnets: [subnet] });
}
