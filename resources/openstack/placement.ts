import type { Account, Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { isProvider, type ResourceProvider } from "./answers.ts";
import { isGpuClass } from "./gpus.ts";
import { invalidAnswer, openstack } from "./http.ts";

type Inventory = Readonly<Record<string, { total?: number; reserved?: number } | undefined>>;

/** What providers have, by `UUID GENERATION`, for as long as their account's object lives: it is the same as long as the generation is. */
const known = new WeakMap<Account, Map<string, Inventory>>();

/** So many are asked for side by side. */
const AT_ONCE = 8;

/** GPUs of hosts by their names; a host of which Placement knows no GPUs is left out, and so are all where there is no Placement. */
export async function gpuCapacities(
  hosts: readonly { name: string; gpuType: string }[],
  call: Call,
): Promise<ReadonlyMap<string, number>> {
  const providers = await listProviders(call);
  const trees = Map.groupBy(providers, (provider) => provider.root_provider_uuid);
  const roots = new Map(providers.filter(isRoot).map((provider) => [provider.name, provider.uuid]));
  const remembered = known.get(call.account) ?? new Map<string, Inventory>();
  known.set(call.account, remembered);
  const capacities = new Map<string, number>();
  const waiting = [...hosts];
  const work = async () => {
    for (let host = waiting.pop(); host !== undefined; host = waiting.pop()) {
      const { name, gpuType } = host;
      const count = await gpusOfTree(trees.get(roots.get(name) ?? "") ?? [], gpuType, remembered, call);
      if (count > 0) capacities.set(name, count);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  forget(remembered, providers);
  return capacities;
}

const isRoot = ({ uuid, root_provider_uuid: root }: ResourceProvider): boolean => uuid === root;

const keyOf = ({ uuid, generation }: ResourceProvider): string => `${uuid} ${generation}`;

async function gpusOfTree(
  tree: readonly ResourceProvider[],
  gpuType: string,
  remembered: Map<string, Inventory>,
  call: Call,
): Promise<number> {
  let sum = 0;
  for (const provider of tree) {
    const inventory = remembered.get(keyOf(provider)) ?? (await readInventory(provider, call));
    remembered.set(keyOf(provider), inventory);
    for (const [name, of] of Object.entries(inventory))
      if (isGpuClass(name, gpuType)) sum += (of?.total ?? 0) - (of?.reserved ?? 0);
  }
  return sum;
}

function forget(remembered: Map<string, Inventory>, providers: readonly ResourceProvider[]): void {
  const current = new Set(providers.map(keyOf));
  for (const key of remembered.keys()) if (!current.has(key)) remembered.delete(key);
}

async function listProviders(call: Call): Promise<ResourceProvider[]> {
  const path = "/resource_providers";
  try {
    const { body } = await openstack<{ resource_providers?: unknown } | null>(call, "placement", {
      method: "GET",
      path,
    });
    const providers = body?.resource_providers;
    if (Array.isArray(providers) && providers.every(isProvider)) return providers;
  } catch (error) {
    if (error instanceof FleetError && error.code === "CLOUD_UNSUPPORTED") return [];
    throw error;
  }
  throw invalidAnswer(call, "GET", path, "it has no list of resource providers");
}

async function readInventory({ uuid }: ResourceProvider, call: Call): Promise<Inventory> {
  const path = `/resource_providers/${encodeURIComponent(uuid)}/inventories`;
  const { status, body } = await openstack<{ inventories?: unknown } | null>(call, "placement", {
    method: "GET",
    path,
    ok: [404],
  });
  // It went between the list and this.
  if (status === 404) return {};
  const inventories = body?.inventories;
  if (typeof inventories === "object" && inventories !== null) return inventories as Inventory;
  throw invalidAnswer(call, "GET", path, "it has no inventories");
}
