import { Refusal } from "../dialect/refusal.ts";
import type { Parameter } from "../fleet/route.ts";
import type { SpotApi } from "./api.ts";
import { CLASSES, type SpotClass } from "./classes.ts";
import { type HostRow, readHosts } from "./hosts.ts";
import { COUNT, listOf, NAME, objectOf, type SpotRoute, spotRoute, TEXT } from "./route.ts";
import { HOSTS, OVERVIEW, SUMMARY, VARIANTS } from "./shapes.ts";
import { summaryOf, usageOf } from "./sums.ts";
import { readAggregates, type SpotAggregate, zonesOf } from "./world.ts";

const GPU_TYPE: Parameter = {
  name: "gpu_type",
  in: "path",
  description: "GPU type, such as L40, RTX-A6000, A100 or H100.",
  schema: NAME,
};

/** Of those in a path; contracts have one of their own. */
const PATH_CLASSES = ["ondemand", "spot", "runpod"] as const satisfies readonly SpotClass[];

const NAMES = listOf(TEXT);
const CLASS = objectOf({ name: TEXT, hosts: HOSTS, gpu_summary: SUMMARY, variants: VARIANTS });

/** What tells of GPU types, aggregates and hosts: all of each account's cloud, whether the fleet's files have it or not. */
export const readRoutes: readonly SpotRoute[] = [
  spotRoute({
    id: "gpu-types",
    method: "get",
    path: "/api/gpu-types",
    summary: "GPU types with the names of their aggregates",
    data: listOf(
      objectOf({
        name: TEXT,
        display_name: TEXT,
        aggregates: objectOf(Object.fromEntries(CLASSES.map((one) => [one, NAMES]))),
      }),
    ),
    run: async (api, { signal }) => {
      const byType = Map.groupBy(await readAggregates(api, signal), ({ gpuType }) => gpuType);
      const types = [...byType].sort(([a], [b]) => (a < b ? -1 : 1));
      return {
        data: types.map(([name, aggregates]) => ({
          name,
          display_name: name,
          aggregates: Object.fromEntries(CLASSES.map((one) => [one, of(aggregates, one).map(({ name }) => name)])),
        })),
      };
    },
  }),
  spotRoute<{ gpu_type: string }>({
    id: "aggregates.by-gpu",
    method: "get",
    path: "/api/aggregates/{gpu_type}",
    summary: "All classes of a GPU type with their hosts",
    parameters: [GPU_TYPE],
    data: objectOf({ ondemand: CLASS, spot: CLASS, runpod: CLASS, gpu_overview: OVERVIEW }),
    run: async (api, { parameters: { gpu_type: type }, signal }) => {
      const { aggregates, hosts } = await readType(api, type, PATH_CLASSES, signal);
      const classes = PATH_CLASSES.map((one) => [one, classView(of(aggregates, one), hosts)] as const);
      const { gpu_used: used, gpu_capacity: capacity } = summaryOf(rowsOf(aggregates, hosts));
      return { data: { ...Object.fromEntries(classes), gpu_overview: usageOf(used, capacity) } };
    },
  }),
  spotRoute<{ gpu_type: string; aggregate_type: SpotClass }>({
    id: "aggregates.by-gpu-and-type",
    method: "get",
    path: "/api/aggregates/{gpu_type}/{aggregate_type}",
    summary: "One class of a GPU type with its hosts",
    parameters: [
      GPU_TYPE,
      { name: "aggregate_type", in: "path", description: "The class.", schema: { enum: PATH_CLASSES } },
    ],
    data: objectOf({ name: TEXT, hosts: HOSTS, gpu_summary: SUMMARY }),
    run: async (api, { parameters: { gpu_type: type, aggregate_type: wanted }, signal }) => {
      const { aggregates, hosts } = await readType(api, type, [wanted], signal);
      const { variants: _, ...view } = classView(aggregates, hosts);
      return { data: view };
    },
  }),
  spotRoute<{ gpu_type: string }>({
    id: "contract-aggregates",
    method: "get",
    path: "/api/contract-aggregates/{gpu_type}",
    summary: "The contracts of a GPU type, with their hosts and whose they are",
    parameters: [GPU_TYPE],
    data: listOf(
      objectOf({
        aggregate: TEXT,
        hosts: HOSTS,
        gpu_summary: SUMMARY,
        tenant_info: objectOf({ primary_tenant: TEXT, owner_group: TEXT }),
      }),
    ),
    run: async (api, { parameters: { gpu_type: type }, signal }) => {
      const { aggregates, hosts } = await readType(api, type, ["contracts"], signal);
      return { data: aggregates.map((aggregate) => contractView(aggregate, rowsOf([aggregate], hosts))) };
    },
  }),
  spotRoute<{ hostname: string }>({
    id: "host-vms",
    method: "get",
    path: "/api/host-vms/{hostname}",
    summary: "The machines of all tenants on a host",
    parameters: [{ name: "hostname", in: "path", description: "The host's name.", schema: NAME }],
    data: objectOf({
      hostname: TEXT,
      vms: listOf(objectOf({ id: TEXT, name: TEXT, status: TEXT, flavor: TEXT, tenant: TEXT, created: TEXT })),
      total_vms: COUNT,
    }),
    run: async (api, { parameters: { hostname }, signal }) => {
      const vms = await readVms(api, hostname, signal);
      return { data: { hostname, vms, total_vms: vms.length } };
    },
  }),
];

const of = (aggregates: readonly SpotAggregate[], wanted: SpotClass): SpotAggregate[] =>
  aggregates.filter((one) => one.class === wanted);

/** The aggregates of these classes with all their hosts. @throws {Refusal} not-found for a type that no aggregate has */
async function readType(api: SpotApi, type: string, classes: readonly SpotClass[], signal: AbortSignal) {
  const all = (await readAggregates(api, signal)).filter(({ gpuType }) => gpuType === type);
  if (all.length === 0)
    throw new Refusal("not-found", `no aggregate is of the GPU type ${type}`, { field: "gpu_type" });
  const aggregates = all.filter((one) => classes.includes(one.class));
  return { aggregates, hosts: await readHosts(api, aggregates, signal) };
}

/** Each host of these aggregates once, in the order of its name. */
function rowsOf(aggregates: readonly SpotAggregate[], hosts: ReadonlyMap<string, HostRow>): HostRow[] {
  const names = new Set(aggregates.flatMap((one) => one.hosts));
  return [...names].sort().flatMap((name) => hosts.get(name) ?? []);
}

/** An absent class has an empty name and no hosts. */
function classView(aggregates: readonly SpotAggregate[], hosts: ReadonlyMap<string, HostRow>) {
  const rows = rowsOf(aggregates, hosts);
  const variants = aggregates.map((one) => {
    const own = rowsOf([one], hosts);
    return { name: one.name, hosts: own, gpu_summary: summaryOf(own) };
  });
  return { name: aggregates[0]?.name ?? "", hosts: rows, gpu_summary: summaryOf(rows), variants };
}

/** Whose most of its hosts are; of one without hosts, whose it is by its file. */
function contractView({ name, file }: SpotAggregate, hosts: HostRow[]) {
  const byTenant = [...Map.groupBy(hosts, ({ tenant }) => tenant)].filter(([tenant]) => tenant !== "");
  const [tenant, own] = byTenant.sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))[0] ?? [];
  return {
    aggregate: name,
    hosts,
    gpu_summary: summaryOf(hosts),
    tenant_info: { primary_tenant: tenant ?? file?.tenant ?? "", owner_group: own?.[0]?.owner_group ?? "" },
  };
}

/** @throws {Refusal} not-found for a host that no account's cloud has */
async function readVms(api: SpotApi, hostname: string, signal: AbortSignal) {
  for (const { hosts, call } of zonesOf(api, signal)) {
    const [names, instances] = await Promise.all([hosts.names(call), hosts.instances(hostname, call)]);
    if (!names.includes(hostname)) continue;
    const tenants = await hosts.tenants(
      instances.flatMap(({ tenant }) => tenant ?? []),
      call,
    );
    return instances.map(({ id, name, status, flavor = "", tenant = "", createdAt }) => ({
      id,
      name,
      status,
      flavor,
      tenant: tenants.get(tenant) ?? tenant,
      created: createdAt?.replace(/\.\d+Z$/, "Z") ?? "",
    }));
  }
  throw new Refusal("not-found", `there is no host ${hostname}`, { field: "hostname" });
}
