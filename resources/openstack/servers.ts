import type { ActualServer } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { isMark } from "../mark.ts";
import type { PowerState } from "../spec.ts";
import { isServer, isUnreachable, type NovaServer } from "./answers.ts";
import { invalidAnswer, openstack } from "./http.ts";
import { listAll } from "./lists.ts";
import { MARK_KEY, tagsOfMetadata } from "./names.ts";
import { accountOptions } from "./schemas.ts";
import { novaSaysGone } from "./words.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws {FleetError} FLEET_INVALID */
export function serverPath(id: string): string {
  if (UUID.test(id)) return `/servers/${id}`;
  throw new FleetError("FLEET_INVALID", `"${id}" is no id of an OpenStack server: these are UUIDs`, {
    cloud: "openstack",
    server: id,
  });
}

/** Every server of the project, or of all where the account says so. @throws {FleetError} CLOUD_UNAVAILABLE when a part of nova is down */
export async function listServers(call: Call, query: Record<string, string | number> = {}): Promise<NovaServer[]> {
  const servers = await listAll<NovaServer | { id: string }>(call, {
    service: "compute",
    path: "/servers/detail",
    key: "servers",
    query: { ...tenantsOf(call), ...query },
    isItem: (item) => isServer(item) || isUnreachable(item),
  });
  return servers.map((server) => reachable(call, server));
}

export const tenantsOf = (call: Call): Record<string, number> =>
  accountOptions(call.account.spec.options).allTenants ? { all_tenants: 1 } : {};

/** One server; undefined only when nova itself says, in its own words, that there is none, or tells it as deleted. */
export async function readServer(call: Call, id: string): Promise<NovaServer | undefined> {
  const path = serverPath(id);
  const { status, body } = await openstack<{ server?: unknown } | null>(call, "compute", {
    method: "GET",
    path,
    ok: [404],
  });
  if (status === 404) {
    if (novaSaysGone(body)) return undefined;
    throw invalidAnswer(call, "GET", path, "it is a 404 that is not nova's");
  }
  const server = body?.server;
  if (isUnreachable(server)) return reachable(call, server);
  if (!isServer(server) || server.id !== id) throw invalidAnswer(call, "GET", path, "it is not the server asked for");
  return isDeleted(server) ? undefined : server;
}

export const isDeleted = ({ status }: { status: string }): boolean => status === "DELETED" || status === "SOFT_DELETED";

/** A server of which only its id is known is no server without a mark. */
export function reachable(call: Call, server: NovaServer | { id: string }): NovaServer {
  if (isServer(server)) return server;
  const message = `openstack cannot reach the part of nova that has server ${server.id}: it tells neither its name nor its metadata`;
  throw new FleetError("CLOUD_UNAVAILABLE", message, { account: call.account.spec.name, server: server.id });
}

export function markOf({ metadata }: NovaServer): string | undefined {
  const mark = metadata[MARK_KEY];
  return mark !== undefined && isMark(mark) ? mark : undefined;
}

export const isDeleting = (server: NovaServer): boolean =>
  taskOf(server) === "deleting" || taskOf(server) === "soft-deleting";

/** What nova is doing with it; undefined when nothing. */
export const taskOf = (server: NovaServer): string | undefined => server["OS-EXT-STS:task_state"] ?? undefined;

export function actual(server: NovaServer): ActualServer {
  const mark = markOf(server);
  const task = taskOf(server);
  const addresses = Object.values(server.addresses).flat();
  // Whoever wants to reach it wants the floating address first.
  const of = (version: number) =>
    addresses
      .filter((address) => address.version === version)
      .sort((a, b) => Number(b["OS-EXT-IPS:type"] === "floating") - Number(a["OS-EXT-IPS:type"] === "floating"))
      .map((address) => address.addr);
  const networks = Object.keys(server.addresses).sort();
  const { flavor, image } = server;
  const host = server["OS-EXT-SRV-ATTR:host"];
  return {
    id: server.id,
    name: server.name,
    ...(mark ? { mark } : {}),
    power: powerOf(server),
    status: task ? `${server.status} (${task})` : server.status,
    size: flavor.original_name,
    region: server["OS-EXT-AZ:availability_zone"] ?? "",
    ...(typeof image === "object" && image ? { image: image.id } : {}),
    ipv4: of(4),
    ipv6: of(6),
    vcpus: flavor.vcpus,
    memoryMiB: flavor.ram,
    diskGiB: flavor.disk,
    tags: tagsOfMetadata(server.metadata),
    ...(server.created ? { createdAt: new Date(server.created).toISOString() } : {}),
    options: {
      ...(networks.length > 0 ? { networks } : {}),
      ...(server.config_drive === "True" ? { configDrive: true } : {}),
    },
    ...(host ? { host } : {}),
  };
}

/** @see https://docs.openstack.org/api-guide/compute/server_concepts.html#server-status */
export function powerOf(server: NovaServer): ActualServer["power"] {
  if (taskOf(server) !== undefined) return "changing";
  switch (server.status) {
    case "ACTIVE":
    case "RESCUE":
      return "running";
    case "SHUTOFF":
    case "SHELVED":
    case "SHELVED_OFFLOADED":
      return "stopped";
    case "SUSPENDED":
    case "PAUSED":
      return "suspended";
    case "ERROR":
      return powerInError(server["OS-EXT-STS:power_state"]);
    default:
      return "changing";
  }
}

/** What the hypervisor last said of a server that some work failed on. */
function powerInError(state: number | undefined): PowerState {
  if (state === 1) return "running";
  return state === 3 || state === 7 ? "suspended" : "stopped";
}
