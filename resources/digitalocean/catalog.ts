import type { Catalog, MarketplaceItem } from "../catalog.ts";
import type { Call } from "../cloud.ts";
import { type Image, isImage, isOneClick, isRegion, isSize, type OneClick, type Region, type Size } from "./answers.ts";
import { digitalocean, digitaloceanList, invalidAnswer } from "./http.ts";

export async function readCatalog(call: Call): Promise<Catalog> {
  const [sizes, regions, images] = await Promise.all([
    digitaloceanList<Size>(call, "/v2/sizes", "sizes", isSize),
    digitaloceanList<Region>(call, "/v2/regions", "regions", isRegion),
    digitaloceanList<Image>(call, "/v2/images", "images", isImage),
  ]);
  return {
    sizes: sizes.map(sizeOf),
    regions: regions.map(({ slug, name, available }) => ({ name: slug, title: name, available })),
    images: images
      .filter((image) => (image.status ?? "available") === "available")
      .map((image) => ({
        name: image.slug ?? String(image.id),
        title: [image.distribution, image.name].filter(Boolean).join(" "),
        ...(image.min_disk_size ? { minDiskGiB: image.min_disk_size } : {}),
        ...(image.public === false ? { visibility: "private" as const } : {}),
        ...(image.regions ? { regions: image.regions } : {}),
      })),
    readAt: new Date().toISOString(),
  };
}

function sizeOf(size: Size): Catalog["sizes"][number] {
  return {
    name: size.slug,
    kind: size.gpu_info ? "gpu" : /^s-/.test(size.slug) ? "shared" : "dedicated",
    title: size.description ? `${size.description} ${size.slug}` : size.slug,
    vcpus: size.vcpus,
    memoryMiB: size.memory,
    diskGiB: size.disk,
    // "1.0 TB" is sold as 1,000 GiB.
    transferGiB: Math.round(size.transfer * 1000),
    ...(size.gpu_info ? { gpus: size.gpu_info.count, ...gpuTypeOf(size.gpu_info.model) } : {}),
    pricePerHourMicro: Math.round(size.price_hourly * 1e6),
    pricePerMonthMicro: Math.round(size.price_monthly * 1e6),
    currency: "USD",
    // One that is not on sale at all may still run: it is known, and sold out.
    regions: size.available ? size.regions : [],
  };
}

/** "nvidia_h100" is an H100. */
function gpuTypeOf(model: string | undefined): { gpuType?: string } {
  return model ? { gpuType: model.replace(/^(nvidia|amd)_/, "").toUpperCase() } : {};
}

/** One-click applications for droplets: each is an image of that name. */
export async function readMarketplace(call: Call): Promise<MarketplaceItem[]> {
  return (await oneClicks(call)).map(({ slug }) => ({ name: slug, title: slug, kind: "application" }));
}

export async function oneClicks(call: Call): Promise<OneClick[]> {
  const path = "/v2/1-clicks";
  const { body } = await digitalocean<Record<string, unknown> | null>(call, {
    method: "GET",
    path,
    query: { type: "droplet" },
  });
  const items = body?.["1_clicks"];
  if (!Array.isArray(items) || !items.every(isOneClick)) throw invalidAnswer(call, "GET", path, "it is no such list");
  return items.filter(({ type }) => type === "droplet");
}
