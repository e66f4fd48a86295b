import type { ActualHost } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { type ComputeService, isComputeService, isServer, isUnreachable, type NovaServer } from "./answers.ts";
import { gpusOfFlavor } from "./gpus.ts";
import { invalidAnswer, openstack } from "./http.ts";
import { listAll } from "./lists.ts";
import { gpuCapacities } from "./placement.ts";

/** One for each host that runs servers. Only administrators see them. */
export async function listComputeServices(call: Call): Promise<ComputeService[]> {
  const path = "/os-services";
  const query = { binary: "nova-compute" };
  const { body } = await openstack<{ services?: unknown } | null>(call, "compute", { method: "GET", path, query });
  const services = body?.services;
  if (Array.isArray(services) && services.every(isComputeService)) return services;
  throw invalidAnswer(call, "GET", path, "it has no list of services");
}

/** By one list of services, one of all servers, and Placement. */
export async function describeHosts(
  asked: readonly { name: string; gpuType: string }[],
  call: Call,
): Promise<ActualHost[]> {
  if (asked.length === 0) return [];
  const [services, servers, gpus] = await Promise.all([
    listComputeServices(call),
    listAll<NovaServer | { id: string }>(call, {
      service: "compute",
      path: "/servers/detail",
      key: "servers",
      query: { all_tenants: 1 },
      isItem: (item) => isServer(item) || isUnreachable(item),
    }),
    gpuCapacities(asked, call),
  ]);
  const byHost = new Map(services.map((service) => [service.host, service]));
  const running = Map.groupBy(servers.filter(isServer), (server) => server["OS-EXT-SRV-ATTR:host"] ?? "");
  return asked.map(({ name }) => {
    const own = running.get(name) ?? [];
    const has = gpus.get(name);
    return {
      name,
      status: hostStatus(byHost.get(name)),
      instances: own.length,
      gpusUsed: own.reduce((sum, { flavor }) => sum + gpusOfFlavor(flavor.original_name, flavor.extra_specs), 0),
      ...(has !== undefined && { gpus: has }),
    };
  });
}

export function hostStatus(service: Pick<ComputeService, "state" | "status"> | undefined): ActualHost["status"] {
  if (service === undefined) return "unknown";
  if (service.state !== "up") return "down";
  return service.status === "enabled" ? "active" : "disabled";
}

/** Only administrators of the domain read names of projects; whoever is none goes by the ids. */
export async function tenantNames(ids: readonly string[], call: Call): Promise<ReadonlyMap<string, string>> {
  const named = await Promise.all(
    [...new Set(ids)].map(async (id): Promise<[string, string][]> => {
      const name = await projectName(id, call);
      return name === undefined ? [] : [[id, name]];
    }),
  );
  return new Map(named.flat());
}

async function projectName(id: string, call: Call): Promise<string | undefined> {
  const path = `/projects/${encodeURIComponent(id)}`;
  try {
    const { status, body } = await openstack<{ project?: { name?: unknown } } | null>(call, "identity", {
      method: "GET",
      path,
      ok: [404],
    });
    const name = body?.project?.name;
    return status === 404 || typeof name !== "string" ? undefined : name;
  } catch (error) {
    const isRefused = error instanceof FleetError && error.code === "CLOUD_AUTH" && error.at.status === 403;
    if (isRefused || (error instanceof FleetError && error.code === "CLOUD_UNSUPPORTED")) return undefined;
    throw error;
  }
}
