import type { Call, Catalog } from "../cloud.ts";
import { type Image, isImage, isRegion, isSize, type Region, type Size } from "./answers.ts";
import { digitaloceanList } from "./http.ts";

export async function readCatalog(call: Call): Promise<Catalog> {
  const [sizes, regions, images] = await Promise.all([
    digitaloceanList<Size>(call, "/v2/sizes", "sizes", isSize),
    digitaloceanList<Region>(call, "/v2/regions", "regions", isRegion),
    digitaloceanList<Image>(call, "/v2/images", "images", isImage),
  ]);
  return {
    sizes: sizes.filter((size) => size.available).map(sizeOf),
    regions: regions.map(({ slug, name, available }) => ({ name: slug, title: name, available })),
    images: images
      .filter((image) => (image.status ?? "available") === "available")
      .map((image) => ({
        name: image.slug ?? String(image.id),
        title: [image.distribution, image.name].filter(Boolean).join(" "),
        ...(image.min_disk_size ? { minDiskGiB: image.min_disk_size } : {}),
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
    ...(size.gpu_info ? { gpus: size.gpu_info.count } : {}),
    pricePerHourMicro: Math.round(size.price_hourly * 1e6),
    pricePerMonthMicro: Math.round(size.price_monthly * 1e6),
    currency: "USD",
    regions: size.regions,
  };
}
