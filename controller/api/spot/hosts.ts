import type { ActualHost } from "../../../resources/actual.ts";
import type { SpotApi } from "./api.ts";
import type { HostOwner } from "./owners.ts";
import type { SpotAggregate } from "./world.ts";

/** A host as the document has it. */
export interface HostRow {
  hostname: string;
  status: string;
  vm_count: number;
  gpu_used: number;
  gpu_capacity: number;
  has_vms: boolean;
  tenant: string;
  owner_group: string;
}

/** Metadata of an aggregate: what each of its hosts has, where Placement does not count them. */
const GPUS_KEY = "gpus_per_host";

/** The hosts of these aggregates by name, each read once. @throws {FleetError} of the cloud, of NetBox */
export async function readHosts(
  api: SpotApi,
  aggregates: readonly SpotAggregate[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, HostRow>> {
  const byZone = Map.groupBy(aggregates, ({ zone }) => zone);
  const names = [...new Set(aggregates.flatMap(({ hosts }) => hosts))];
  const [described, owners] = await Promise.all([
    Promise.all(
      [...byZone].map(async ([{ hosts, call }, own]) => {
        const types = new Map(own.flatMap(({ hosts, gpuType }) => hosts.map((name) => [name, gpuType] as const)));
        return await hosts.describe(
          [...types].map(([name, gpuType]) => ({ name, gpuType })),
          call,
        );
      }),
    ),
    api.owners.of(names, api.desired.fleet.netbox, signal),
  ]);
  const ownerOf = new Map(names.map((name, index) => [name, owners[index]!]));
  const perHost = new Map(
    aggregates.flatMap(({ hosts, metadata }) => hosts.map((name) => [name, countIn(metadata[GPUS_KEY])] as const)),
  );
  return new Map(
    described.flat().map((host) => [host.name, rowOf(host, ownerOf.get(host.name)!, perHost.get(host.name))]),
  );
}

const countIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : undefined;

function rowOf(host: ActualHost, owner: HostOwner, perHost: number | undefined): HostRow {
  return {
    hostname: host.name,
    status: host.status,
    vm_count: host.instances,
    gpu_used: host.gpusUsed,
    gpu_capacity: host.gpus ?? perHost ?? owner.gpus ?? 0,
    has_vms: host.instances > 0,
    tenant: owner.tenant,
    owner_group: owner.group,
  };
}
