import type { Catalog, CatalogRegion, CatalogSize, MarketplaceItem } from "../../../resources/catalog.ts";
import { memoryWords } from "../../catalog/units.ts";
import { gpuWords, perHour, someOf } from "../../words/sizes.ts";
import { aligned } from "./text.ts";

/** Sizes by price; those without one last. */
export function sizeTable(sizes: readonly CatalogSize[]): string[] {
  const price = ({ pricePerMonthMicro }: CatalogSize) => pricePerMonthMicro ?? Number.POSITIVE_INFINITY;
  const currency = [...new Set(sizes.map((size) => size.currency))].join("/");
  const header = [
    "size",
    "vCPU",
    "memory",
    "disk",
    "traffic",
    "GPU",
    "kind",
    `${currency}/hour`,
    `${currency}/month`,
    "in stock",
  ];
  return aligned([header, ...sizes.toSorted((a, b) => price(a) - price(b) || (a.name < b.name ? -1 : 1)).map(sizeRow)]);
}

function sizeRow(size: CatalogSize): string[] {
  const { pricePerHourMicro: hour, pricePerMonthMicro: month, transferGiB, regions, ended, regionPrices } = size;
  const dearer = Object.keys(regionPrices ?? {});
  const stock = regions === undefined ? "everywhere" : regions.length === 0 ? "sold out" : someOf(regions);
  return [
    size.name,
    String(size.vcpus),
    memoryWords(size.memoryMiB),
    `${size.diskGiB} GiB`,
    transferGiB === undefined ? "" : `${transferGiB} GiB`,
    gpuWords(size),
    size.kind,
    hour === undefined ? "unknown" : perHour(hour),
    month === undefined ? "unknown" : (month / 1e6).toFixed(2),
    [
      stock,
      ...(dearer.length > 0 ? [`other prices in ${someOf(dearer)}`] : []),
      ...(ended ? [`ended ${ended.on}`] : []),
    ].join("; "),
  ];
}

export function regionTable(regions: readonly CatalogRegion[]): string[] {
  return aligned([
    ["region", "name", "country", "new servers"],
    ...regions.map(({ name, title, country = "", available, ended }) => [
      name,
      title,
      country,
      ended ? `ended ${ended.on}` : available ? "yes" : "not now",
    ]),
  ]);
}

export function imageTable(images: Catalog["images"]): string[] {
  return aligned([
    ["image", "name", "disk", "whose", "regions"],
    ...images.map(({ name, title, minDiskGiB, visibility = "public", regions }) => [
      name,
      title,
      minDiskGiB === undefined ? "" : `${minDiskGiB} GiB`,
      visibility,
      regions === undefined ? "" : someOf(regions),
    ]),
  ]);
}

export function marketplaceTable(items: readonly MarketplaceItem[]): string[] {
  return aligned([["name", "title", "kind"], ...items.map(({ name, title, kind }) => [name, title, kind])]);
}
