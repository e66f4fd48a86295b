import type { HostInstance } from "../../../resources/actual.ts";
import type { ServerSpec } from "../../../resources/spec.ts";
import { cloudOf } from "../../reconcile/context.ts";
import type { AppliedObject } from "../../store/types.ts";
import type { Composed } from "../dialect/act.ts";
import { Refusal } from "../dialect/refusal.ts";
import { actOn } from "./acting.ts";
import type { SpotApi } from "./api.ts";
import { bodyOf, FLAG, listOf, NAME, objectOf, type SpotRoute, spotRoute, TEXT } from "./route.ts";
import { findNetwork, findPort, findServer, networkPlaces } from "./services.ts";

const PORT = { id: TEXT, name: TEXT, network_id: TEXT, status: TEXT, ip_addresses: listOf(TEXT) };

/** Networks, ports and servers of OpenStack. */
export const networkRoutes: readonly SpotRoute[] = [
  spotRoute<unknown, { network_name: string }>({
    id: "openstack.network.show",
    method: "post",
    path: "/api/openstack/network/show",
    summary: "A network by its name",
    body: bodyOf({ network_name: NAME }),
    data: objectOf({ id: TEXT, name: TEXT, status: TEXT, subnets: listOf(TEXT), shared: FLAG, external: FLAG }),
    run: async (api, { body, signal }) => {
      const { network } = await findNetwork(api, body.network_name, "network_name", signal);
      const { id, name, status, subnets, shared = false, external = false } = network;
      return { data: { id, name, status, subnets, shared, external } };
    },
  }),
  spotRoute<unknown, { network_id: string; port_name: string }>({
    id: "openstack.port.create",
    method: "post",
    path: "/api/openstack/port/create",
    summary: "A port on a network",
    description: "The port becomes a file of the fleet. One of this name on the same network is answered as it is.",
    body: bodyOf({ network_id: NAME, port_name: NAME }),
    data: objectOf(PORT),
    run: async (api, { by, body, signal }) => {
      const { port_name: name } = body;
      const { place, network } = await findNetwork(api, body.network_id, "network_id", signal);
      const account = place.account.spec.name;
      const there = api.desired.objects.find(({ spec }) => spec.kind === "Port" && spec.name === name)?.spec;
      if (there?.kind === "Port" && (there.account !== account || ![network.id, network.name].includes(there.network)))
        throw new Refusal("conflict", `there is a port ${name} on ${there.network} already`, { field: "port_name" });
      const change = await actOn(
        api,
        { op: "port", by, asked: ["port", body], signal },
        {
          title: `Make the port ${name}`,
          objects: [{ kind: "Port", name }],
          wishes: there === undefined ? [{ kind: "Port", name, create: { account, network: network.id } }] : [],
        },
      );
      const [record] = await api.controller.store.objects({ kind: "Port", names: [name] });
      const port = record?.cloudId === undefined ? undefined : await place.networks.port(record.cloudId, place.call);
      if (port === undefined) throw new Refusal("internal", `the port ${name} is being made: ask again`, change);
      const { id, network: on, status, addresses } = port;
      return { data: { id, name: port.name, network_id: on, status, ip_addresses: addresses }, ...change };
    },
  }),
  spotRoute<unknown, { server_uuid: string; port_id: string }>({
    id: "openstack.server.add-network",
    method: "post",
    path: "/api/openstack/server/add-network",
    summary: "Plug a server into a port",
    description:
      "The port joins the server's file; where the server is a machine that was launched, the port's file names it. A server or a port that is not the fleet's is refused by its id.",
    body: bodyOf({ server_uuid: NAME, port_id: NAME }),
    data: objectOf({ server_uuid: TEXT, port_id: TEXT }),
    run: async (api, { by, body, signal }) => {
      const { server_uuid: uuid, port_id: id } = body;
      const { place } = await findPort(api, id, signal);
      const account = place.account.identity;
      const machine = await machineOf(api, uuid, signal);
      const port = await oursOf(api, "Port", account, id, "port_id");
      const launched = launchedAs(api, machine.name);
      const composed =
        launched === undefined
          ? joinServer(api, await oursOf(api, "Server", account, uuid, "server_uuid"), port)
          : joinLaunched(api, machine, launched, port);
      const change = await actOn(api, { op: "port", by, asked: ["add-network", body], signal }, composed);
      return { data: { server_uuid: uuid, port_id: id }, ...change };
    },
  }),
  spotRoute<unknown, { server_name: string }>({
    id: "openstack.server.get-uuid",
    method: "post",
    path: "/api/openstack/server/get-uuid",
    summary: "A server's id by its name",
    body: bodyOf({ server_name: NAME }),
    data: objectOf({ server_name: TEXT, server_uuid: TEXT }),
    run: async (api, { body: { server_name: name }, signal }) => {
      const { id } = await findServer(api, name, signal);
      return { data: { server_name: name, server_uuid: id } };
    },
  }),
  spotRoute<unknown, { server_uuid: string }>({
    id: "openstack.server.status",
    method: "post",
    path: "/api/openstack/server/status",
    summary: "A server's status by its id",
    body: bodyOf({ server_uuid: NAME }),
    data: objectOf({ server_uuid: TEXT, status: TEXT }),
    run: async (api, { body: { server_uuid: uuid }, signal }) => ({
      data: { server_uuid: uuid, status: (await machineOf(api, uuid, signal)).status },
    }),
  }),
];

function joinServer(api: SpotApi, server: AppliedObject, port: AppliedObject): Composed {
  const { ports = [] } = specOf(api, server.name);
  const wish = { kind: "Server", name: server.name, patch: { ports: [...ports, port.name] } } as const;
  return {
    title: `Plug ${server.name} into the port ${port.name}`,
    objects: [
      { kind: "Server", name: server.name },
      { kind: "Port", name: port.name },
    ],
    wishes: ports.includes(port.name) ? [] : [wish],
  };
}

/** A launched machine is another account's server, so that the port's file names it. @throws {Refusal} action while it does not run */
function joinLaunched(api: SpotApi, { id, name, status }: HostInstance, server: string, port: AppliedObject): Composed {
  if (status !== "ACTIVE")
    throw new Refusal("action", `the machine ${id} is ${status}, and takes a port once it is ACTIVE`, {
      field: "server_uuid",
    });
  const spec = api.desired.objects.find(({ spec }) => spec.kind === "Port" && spec.name === port.name)?.spec;
  const isNamed = spec?.kind === "Port" && spec.machine === name;
  return {
    title: `Plug ${server} into the port ${port.name}`,
    objects: [{ kind: "Port", name: port.name }],
    wishes: isNamed ? [] : [{ kind: "Port", name: port.name, patch: { machine: name } }],
  };
}

/** The server of the fleet that was launched under this name, where there is one. */
function launchedAs({ controller, desired }: SpotApi, hostname: string): string | undefined {
  const found = desired.objects.find(
    ({ spec }) =>
      spec.kind === "Server" &&
      spec.hostname === hostname &&
      cloudOf(controller, spec.provider).launching !== undefined,
  );
  return found?.spec.name;
}

/** A server of anybody's. @throws {Refusal} not-found */
async function machineOf(api: SpotApi, uuid: string, signal: AbortSignal): Promise<HostInstance> {
  for (const { networks, call } of networkPlaces(api, signal)) {
    const server = await networks.server(uuid, call);
    if (server !== undefined) return server;
  }
  throw new Refusal("not-found", `there is no server ${uuid}`, { field: "server_uuid" });
}

/** The record of what has this id at the cloud. @throws {Refusal} action for what is not the fleet's */
async function oursOf(
  { controller }: SpotApi,
  kind: "Port" | "Server",
  account: string,
  id: string,
  field: string,
): Promise<AppliedObject> {
  const found = (await controller.store.objects({ account, kind })).find(({ cloudId }) => cloudId === id);
  if (found !== undefined) return found;
  throw new Refusal("action", `the ${kind.toLowerCase()} ${id} is not the fleet's, and is left alone`, { field });
}

/** @throws {Refusal} conflict for a server that is on its way out */
function specOf({ desired }: SpotApi, name: string): ServerSpec {
  for (const { spec } of desired.objects) if (spec.kind === "Server" && spec.name === name) return spec;
  throw new Refusal("conflict", `the server ${name} is being removed`, { field: "server_uuid" });
}
