import type { ActualNetwork, ActualPort, HostInstance, NetworkReader } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { isNamed, isServer, isUnreachable, type NovaServer } from "./answers.ts";
import { listAll } from "./lists.ts";
import { markOfPort, readPort } from "./ports.ts";
import { UUID } from "./resolve.ts";
import { readServer } from "./servers.ts";

interface Network {
  id: string;
  name: string;
  status?: string;
  subnets?: string[];
  mtu?: number;
  shared?: boolean;
  "router:external"?: boolean;
}

export const networks: NetworkReader = {
  async find(network, call) {
    const query = UUID.test(network) ? { id: network } : { name: network };
    const options = { service: "network", path: "/networks", key: "networks", query } as const;
    return (await listAll<Network>(call, { ...options, isItem: isNamed })).map(actualNetwork);
  },

  async port(id, call) {
    const port = await readPort(call, id);
    if (port === undefined) return undefined;
    const mark = markOfPort(port);
    const actual: ActualPort = {
      id: port.id,
      name: port.name,
      network: port.network_id,
      status: port.status ?? "",
      addresses: (port.fixed_ips ?? []).map(({ ip_address: address }) => address),
    };
    return { ...actual, ...(port.device_id && { server: port.device_id }), ...(mark !== undefined && { mark }) };
  },

  serverStatus: async (id, call) => (await readServer(call, id))?.status,

  serversNamed,
};

function actualNetwork({ id, name, status, subnets, mtu, shared, ...network }: Network): ActualNetwork {
  const external = network["router:external"];
  return {
    id,
    name,
    status: status ?? "",
    subnets: subnets ?? [],
    ...(mtu !== undefined && { mtu }),
    ...(shared !== undefined && { shared }),
    ...(external !== undefined && { external }),
  };
}

/** Nova takes a name as a regular expression, and may find more than it says. */
async function serversNamed(name: string, call: Call): Promise<HostInstance[]> {
  const servers = await listAll<NovaServer | { id: string }>(call, {
    service: "compute",
    path: "/servers/detail",
    key: "servers",
    query: { all_tenants: 1, name: `^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$` },
    isItem: (item) => isServer(item) || isUnreachable(item),
  });
  return servers.filter(isServer).flatMap((server) => {
    if (server.name !== name) return [];
    const host = server["OS-EXT-SRV-ATTR:host"];
    const { id, status, flavor } = server;
    return [{ id, name, status, flavor: flavor.original_name, ...(host && { host }) }];
  });
}
