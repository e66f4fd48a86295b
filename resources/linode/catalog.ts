import type { Call, Catalog } from "../cloud.ts";
import { type Image, isImage, isRegion, isType, type LinodeType, type Region } from "./answers.ts";
import { linodeList } from "./http.ts";

/** Prices are those of most regions: `region_prices` of a type names the few that cost more, and a catalogue has one price for a size. */
export async function readCatalog(call: Call): Promise<Catalog> {
  const [types, regions, images] = await Promise.all([
    linodeList<LinodeType>(call, "/v4/linode/types", isType),
    linodeList<Region>(call, "/v4/regions", isRegion),
    linodeList<Image>(call, "/v4/images", isImage),
  ]);
  return {
    sizes: types.map((type) => ({
      name: type.id,
      title: type.label,
      kind: type.gpus ? "gpu" : /^g\d-(nanode|standard)/.test(type.id) ? "shared" : "dedicated",
      vcpus: type.vcpus,
      memoryMiB: type.memory,
      diskGiB: Math.round(type.disk / 1024),
      transferGiB: type.transfer,
      ...(type.gpus ? { gpus: type.gpus } : {}),
      pricePerHourMicro: Math.round(type.price.hourly * 1e6),
      pricePerMonthMicro: Math.round(type.price.monthly * 1e6),
      currency: "USD",
    })),
    regions: regions.map(({ id, label, status }) => ({ name: id, title: label, available: status === "ok" })),
    images: images
      .filter((image) => !image.deprecated && (image.status ?? "available") === "available")
      .map(({ id, label, size }) => ({
        name: id,
        title: label,
        ...(size > 0 ? { minDiskGiB: Math.ceil(size / 1024) } : {}),
      })),
    readAt: new Date().toISOString(),
  };
}
