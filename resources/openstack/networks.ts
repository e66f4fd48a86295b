import type { ActualNetwork, ActualPort, HostInstance, NetworkReader } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { isNamed, isServer, isUnreachable, type NovaServer, type Port } from "./answers.ts";
import { listAll } from "./lists.ts";
import { listPorts, markOfPort, readPort, textOfPort } from "./ports.ts";
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

  ports: async (call) => (await listPorts(call)).map(actualPort),

  async port(id, call) {
    const port = await readPort(call, id);
    return port && actualPort(port);
  },

  async server(id, call) {
    const server = await readServer(call, id);
    return server && instanceOf(server);
  },

  serversNamed,
  runningNamed,
};

/** Id of the one running server of exactly this name, of all tenants; undefined while there is none, or several. */
export async function runningNamed(name: string, call: Call): Promise<string | undefined> {
  const [first, ...others] = await serversNamed(name, call);
  return first?.status === "ACTIVE" && others.length === 0 ? first.id : undefined;
}

function actualPort(port: Port): ActualPort {
  const mark = markOfPort(port);
  const description = textOfPort(port);
  return {
    id: port.id,
    name: port.name,
    network: port.network_id,
    status: port.status ?? "",
    addresses: (port.fixed_ips ?? []).map(({ ip_address: address }) => address),
    ...(description !== "" && { description }),
    ...(port.device_id && { server: port.device_id }),
    ...(mark !== undefined && { mark }),
  };
}

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
  return servers.filter(isServer).flatMap((server) => (server.name === name ? [instanceOf(server)] : []));
}

function instanceOf({ id, name, status, flavor, ...server }: NovaServer): HostInstance {
  const host = server["OS-EXT-SRV-ATTR:host"];
  return { id, name, status, flavor: flavor.original_name, ...(host && { host }) };
}
