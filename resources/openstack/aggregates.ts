import type { ActualAggregate, HostAggregates } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { isMark } from "../mark.ts";
import { type Aggregate, isAggregate, isServer, isUnreachable, type NovaServer } from "./answers.ts";
import { describeHosts, listComputeServices, tenantNames } from "./hosts.ts";
import { invalidAnswer, openstack } from "./http.ts";
import { listAll } from "./lists.ts";
import { MARK_KEY } from "./names.ts";

const PATH = "/os-aggregates";

/** All aggregates. Nova has no pages for them, and only administrators see them. */
export async function listAggregates(call: Call): Promise<Aggregate[]> {
  const { body } = await openstack<{ aggregates?: unknown } | null>(call, "compute", { method: "GET", path: PATH });
  const aggregates = body?.aggregates;
  if (!Array.isArray(aggregates) || !aggregates.every(isAggregate)) {
    throw invalidAnswer(call, "GET", PATH, "it has no list of aggregates");
  }
  return aggregates;
}

export const markOfAggregate = ({ metadata }: Aggregate): string | undefined => {
  const mark = metadata[MARK_KEY];
  return mark !== undefined && isMark(mark) ? mark : undefined;
};

/** @throws {FleetError} CLOUD_REFUSED, NOT_FOUND */
export async function changeHosts(
  call: Call,
  aggregate: Aggregate,
  action: "add_host" | "remove_host",
  host: string,
): Promise<void> {
  const path = `${PATH}/${aggregate.id}/action`;
  const { status, body } = await openstack(call, "compute", {
    method: "POST",
    path,
    json: { [action]: { host } },
    // What is done already is refused: the look afterwards tells.
    idempotent: true,
    ok: [404, 409],
  });
  if (status < 300) return;
  const now = (await listAggregates(call)).find(({ id }) => id === aggregate.id);
  if ((now?.hosts.includes(host) ?? false) === (action === "add_host")) return;
  const said = JSON.stringify(body);
  const verb = action === "add_host" ? "add host" : "remove host";
  throw new FleetError(
    status === 404 ? "NOT_FOUND" : "CLOUD_REFUSED",
    `openstack does not ${verb} ${host} (aggregate ${aggregate.name}): ${said}`,
    {
      host,
      aggregate: aggregate.name,
      status,
    },
  );
}

/** What is in previews of a move, and what is told of hosts. */
export const hosts: HostAggregates = {
  describe: describeHosts,
  tenants: tenantNames,
  names: async (call) => (await listComputeServices(call)).map(({ host }) => host).sort(),

  async list(call) {
    return (await listAggregates(call)).map((aggregate): ActualAggregate => {
      const mark = markOfAggregate(aggregate);
      return {
        id: String(aggregate.id),
        name: aggregate.name,
        hosts: [...aggregate.hosts].sort(),
        metadata: aggregate.metadata,
        ...(aggregate.availability_zone ? { availabilityZone: aggregate.availability_zone } : {}),
        ...(mark ? { mark } : {}),
      };
    });
  },

  async instances(host, call) {
    const servers = await listAll<NovaServer | { id: string }>(call, {
      service: "compute",
      path: "/servers/detail",
      key: "servers",
      query: { all_tenants: 1, host },
      isItem: (item) => isServer(item) || isUnreachable(item),
    });
    return servers.map((server) => {
      // On a host, one more that nobody can read is still one more.
      if (!isServer(server)) return { id: server.id, name: server.id, status: "UNKNOWN" };
      return {
        id: server.id,
        name: server.name,
        status: server.status,
        flavor: server.flavor.original_name,
        ...(server.tenant_id ? { tenant: server.tenant_id } : {}),
        ...(server.created ? { createdAt: new Date(server.created).toISOString() } : {}),
      };
    });
  },
};
