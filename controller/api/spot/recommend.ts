import { Refusal } from "../dialect/refusal.ts";
import type { SpotApi } from "./api.ts";
import { readAggregates, type SpotAggregate, zonesOf } from "./world.ts";

export interface Recommendation {
  recommended_aggregate: string;
  reasoning: string;
}

/**
 * Where a host should stand.
 * @throws {Refusal} not-found for a host or a GPU type that there is not; invalid for a host of another type
 */
export async function recommend(
  api: SpotApi,
  { hostname, gpu_type: type }: { hostname: string; gpu_type: string },
  signal: AbortSignal,
): Promise<Recommendation> {
  const all = await readAggregates(api, signal);
  const own = all.filter(({ gpuType }) => gpuType === type);
  if (own.length === 0)
    throw new Refusal("not-found", `no aggregate is of the GPU type ${type}`, { field: "gpu_type" });
  const other = all.find(({ gpuType, hosts }) => gpuType !== type && hosts.includes(hostname));
  const current = own.find(({ hosts }) => hosts.includes(hostname));
  if (current === undefined && other !== undefined)
    throw new Refusal("invalid", `${hostname} is in ${other.name}, which is of the GPU type ${other.gpuType}`, {
      field: "gpu_type",
    });
  return chosen(own, current, type, await vmsOf(api, hostname, signal));
}

/** Pure. */
export function chosen(
  own: readonly Pick<SpotAggregate, "name" | "class" | "variant">[],
  current: Pick<SpotAggregate, "name" | "class" | "variant"> | undefined,
  type: string,
  vms: number,
): Recommendation {
  const told = (aggregate: { name: string } | undefined, reasoning: string): Recommendation => ({
    recommended_aggregate: aggregate?.name ?? "",
    reasoning,
  });
  const first = (wanted: SpotAggregate["class"]) => own.find((one) => one.class === wanted);
  if (current?.class === "contracts") return told(current, `Host is under the contract ${current.name}, stays there`);
  const words = vms === 1 ? "1 running VM" : `${vms} running VMs`;
  if (vms > 0 && current !== undefined) return told(current, `Host has ${words}, stays in ${current.name}`);
  if (vms > 0)
    return told(first("ondemand"), `Host has ${words} and is in no ${type} aggregate, suitable for ondemand`);
  const alike = own.find((one) => one.class === "spot" && one.variant === current?.variant);
  const spot = alike ?? first("spot");
  if (spot !== undefined) return told(spot, "Host has no running VMs, suitable for spot aggregate");
  return told(current ?? first("ondemand"), `Host has no running VMs, but ${type} has no spot aggregate`);
}

/** @throws {Refusal} not-found */
async function vmsOf(api: SpotApi, hostname: string, signal: AbortSignal): Promise<number> {
  for (const { hosts, call } of zonesOf(api, signal))
    if ((await hosts.names(call)).includes(hostname)) return (await hosts.instances(hostname, call)).length;
  throw new Refusal("not-found", `there is no host ${hostname}`, { field: "hostname" });
}
