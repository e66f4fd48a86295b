import type { Call, Changes } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { isServer, isUnreachable, type NovaServer } from "./answers.ts";
import { listAll } from "./lists.ts";
import { actual, isDeleted, reachable, tenantsOf } from "./servers.ts";

/** Asked for again each time: nova's clock may differ from ours, and a row may be written a little after its instant. */
const OVERLAP_MS = 5 * 60 * 1000;

/**
 * Servers that nova says have changed since this instant, deleted ones as such. Undefined when nova's clock is too far from ours, tells no time, or
 * nova does not take the question.
 * @see https://docs.openstack.org/api-ref/compute/#list-servers-detailed (`changes-since`)
 */
export async function readChanges(since: string, call: Call): Promise<Changes | undefined> {
  let isSure = true;
  const heard = (headers: Headers) => {
    const off = Math.abs(Date.parse(headers.get("date") ?? "") - Date.now());
    if (!(off <= OVERLAP_MS / 2)) isSure = false;
  };
  const from = new Date(Date.parse(since) - OVERLAP_MS).toISOString();
  const servers = await list(call, from, heard);
  if (servers === undefined || !isSure) return undefined;
  const changes: Changes = { changed: [], deleted: [] };
  for (const server of servers.map((server) => reachable(call, server))) {
    if (isDeleted(server)) changes.deleted.push(server.id);
    else changes.changed.push(actual(server));
  }
  return changes;
}

async function list(
  call: Call,
  from: string,
  heard: (headers: Headers) => void,
): Promise<(NovaServer | { id: string })[] | undefined> {
  try {
    return await listAll<NovaServer | { id: string }>(call, {
      service: "compute",
      path: "/servers/detail",
      key: "servers",
      query: { ...tenantsOf(call), "changes-since": from },
      isItem: (item) => isServer(item) || isUnreachable(item),
      heard,
    });
  } catch (error) {
    if (error instanceof FleetError && error.code === "CLOUD_REFUSED") return undefined;
    throw error;
  }
}
