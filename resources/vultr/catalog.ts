import type { Catalog, CatalogImage, CatalogSize, MarketplaceItem } from "../catalog.ts";
import type { Call } from "../cloud.ts";
import {
  type Application,
  isApplication,
  isMetalPlan,
  isOperatingSystem,
  isPlan,
  isRegion,
  isStartupScript,
  type MetalPlan,
  type OperatingSystem,
  type Plan,
  type Region,
  type Snapshot,
  type StartupScript,
} from "./answers.ts";
import { invalidAnswer, vultr, vultrList } from "./http.ts";
import { isPlaceholder } from "./images.ts";
import { listSnapshots } from "./snapshots.ts";

/** Where a plan has no price for an hour. */
const HOURS_A_MONTH = 730;

export async function readCatalog(call: Call): Promise<Catalog> {
  const [plans, metal, regions, systems, applications, snapshots] = await Promise.all([
    vultrList<Plan>(call, "/v2/plans", "plans", isPlan),
    vultrList<MetalPlan>(call, "/v2/plans-metal", "plans_metal", isMetalPlan),
    vultrList<Region>(call, "/v2/regions", "regions", isRegion),
    vultrList<OperatingSystem>(call, "/v2/os", "os", isOperatingSystem),
    vultrList<Application>(call, "/v2/applications", "applications", isApplication),
    listSnapshots(call),
  ]);
  const stock = new Map(await Promise.all(regions.map(async ({ id }) => [id, await soldIn(id, call)] as const)));
  // `locations` says where a plan may be, and the region's own list what it has left.
  const inStock = ({ id, locations }: { id: string; locations: string[] }) =>
    locations.filter((region) => stock.get(region)?.has(id));
  return {
    sizes: [
      ...plans.map((plan) => sizeOf(plan, inStock(plan))),
      ...metal.map((plan) => metalSizeOf(plan, inStock(plan))),
    ],
    regions: regions.map(({ id, city, country }) => ({
      name: id,
      title: country ? `${city}, ${country}` : city,
      available: (stock.get(id)?.size ?? 0) > 0,
      ...(country ? { country: country.toLowerCase() } : {}),
    })),
    images: [
      ...systems.filter((system) => !isPlaceholder(system)).map(({ id, name }) => ({ name: `os:${id}`, title: name })),
      ...applications.map(applicationImage),
      ...snapshots.filter(({ status }) => (status ?? "complete") === "complete").map(snapshotImage),
    ],
    readAt: new Date().toISOString(),
  };
}

/** One-click applications, which are images, and start scripts, which `provider.startupScript` names. */
export async function readMarketplace(call: Call): Promise<MarketplaceItem[]> {
  const [applications, scripts] = await Promise.all([
    vultrList<Application>(call, "/v2/applications", "applications", isApplication),
    vultrList<StartupScript>(call, "/v2/startup-scripts", "startup_scripts", isStartupScript),
  ]);
  return [
    ...applications.map((application): MarketplaceItem => {
      const { vendor } = application;
      const { name, title } = applicationImage(application);
      return { name, title, kind: "application", ...(vendor ? { description: `by ${vendor}` } : {}) };
    }),
    ...scripts.map(({ id, name }): MarketplaceItem => ({ name: id, title: name, kind: "script" })),
  ];
}

async function soldIn(region: string, call: Call): Promise<Set<string>> {
  const path = `/v2/regions/${encodeURIComponent(region)}/availability`;
  const { body } = await vultr<{ available_plans?: unknown } | null>(call, { method: "GET", path });
  const sold = body?.available_plans;
  if (!Array.isArray(sold)) throw invalidAnswer(call, "GET", path, "it names no plans");
  return new Set(sold.map(String));
}

function sizeOf(plan: Plan, regions: string[]): CatalogSize {
  const gpuType = plan.gpu_type?.replace(/^NVIDIA[_ ]/i, "");
  const isGpu = plan.id.startsWith("vcg-") || gpuType !== undefined;
  return {
    name: plan.id,
    title: plan.id,
    kind: isGpu ? "gpu" : /^(vdc|voc|vx1)/.test(plan.id) ? "dedicated" : "shared",
    vcpus: plan.vcpu_count,
    memoryMiB: plan.ram,
    diskGiB: plan.disk * (plan.disk_count ?? 1),
    ...(plan.bandwidth === undefined ? {} : { transferGiB: plan.bandwidth }),
    ...(isGpu ? { gpus: gpusOf(plan, gpuType) } : {}),
    ...(gpuType ? { gpuType } : {}),
    ...pricesOf(plan),
    currency: "USD",
    regions,
  };
}

function metalSizeOf(plan: MetalPlan, regions: string[]): CatalogSize {
  return {
    name: plan.id,
    title: plan.cpu_model ? `${plan.id} (${plan.cpu_model})` : plan.id,
    kind: "metal",
    vcpus: plan.cpu_count,
    memoryMiB: plan.ram,
    diskGiB: Number(plan.disk) * (plan.disk_count ?? 1),
    ...(plan.bandwidth === undefined ? {} : { transferGiB: plan.bandwidth }),
    ...pricesOf(plan),
    currency: "USD",
    regions,
  };
}

/** Memory of a whole GPU: plans sell parts of one, and several. */
const GPU_MEMORY_GB: Readonly<Record<string, number>> = { A16: 16, A40: 48, A100: 80, L40S: 48, H100: 80, GH200: 96 };

/** A part of a GPU counts as one. */
function gpusOf({ gpu_vram_gb: memory }: Plan, type: string | undefined): number {
  const whole = GPU_MEMORY_GB[type ?? ""];
  return whole && memory ? Math.max(1, Math.round(memory / whole)) : 1;
}

function pricesOf(plan: { monthly_cost: number; hourly_cost?: number }) {
  const hourly = plan.hourly_cost ?? plan.monthly_cost / HOURS_A_MONTH;
  return { pricePerHourMicro: Math.round(hourly * 1e6), pricePerMonthMicro: Math.round(plan.monthly_cost * 1e6) };
}

function applicationImage({ id, name, deploy_name: title, type, image_id: image }: Application): CatalogImage {
  return { name: type === "marketplace" && image ? `marketplace:${image}` : `app:${id}`, title: title ?? name };
}

function snapshotImage({ id, description }: Snapshot): CatalogImage {
  return { name: `snapshot:${id}`, title: description || id, visibility: "private" };
}
