import type { Call } from "../cloud.ts";
import type { Showcase, ShownImage, ShownRegion, ShownSize } from "../showcase.ts";
import { type Image, isImage, isRegion, isSize, type Region, type Size } from "./answers.ts";
import { appsOf } from "./apps.ts";
import { oneClicks } from "./catalog.ts";
import { digitaloceanList } from "./http.ts";

/** What DigitalOcean sells, for whoever chooses. */
export const showcase = {
  sizes: async (call) => (await digitaloceanList<Size>(call, "/v2/sizes", "sizes", isSize)).map(shownSize),
  images: readImages,
  regions: async (call) => (await digitaloceanList<Region>(call, "/v2/regions", "regions", isRegion)).map(shownRegion),
  apps: async (call) => appsOf(await oneClicks(call), await readImages(call)),
} satisfies Showcase;

const shownRegion = ({ slug, name, available, features }: Region): ShownRegion => ({
  id: slug,
  label: name,
  isAvailable: available,
  capabilities: features ?? [],
});

function shownSize(size: Size): ShownSize {
  const gib = size.memory / 1024;
  return {
    id: size.slug,
    label: `${size.description ?? size.slug} - ${gib < 1 ? `${size.memory}MB` : `${gib}GB`}`,
    vcpus: size.vcpus,
    memoryMiB: size.memory,
    diskGiB: size.disk,
    // "1.0 TB" is sold as 1,000 GiB.
    transferGiB: Math.round((size.transfer ?? 0) * 1000),
    perHourMicro: Math.round(size.price_hourly * 1e6),
    perMonthMicro: Math.round(size.price_monthly * 1e6),
    regions: size.available ? size.regions : [],
  };
}

/** No image tells whether it is a system or an application: the list that it is on does. */
async function readImages(call: Call): Promise<ShownImage[]> {
  const list = (query: Record<string, string>) => digitaloceanList<Image>(call, "/v2/images", "images", isImage, query);
  const [systems, applications, own] = await Promise.all([
    list({ type: "distribution" }),
    list({ type: "application" }),
    list({ private: "true" }),
  ]);
  const isReady = ({ status = "available" }: Image) => status === "available";
  const shown = (images: Image[], kind: ShownImage["kind"]) =>
    images.filter(isReady).map((image) => shownImage(image, kind));
  const custom = own.filter(({ type }) => type === "custom");
  return [...shown(systems, "distribution"), ...shown(applications, "application"), ...shown(custom, "custom")];
}

function shownImage(image: Image, kind: ShownImage["kind"]): ShownImage {
  const { id, slug, name, distribution, description, min_disk_size: minDiskGiB } = image;
  return {
    id: String(id),
    slug: slug ?? String(id),
    // What a system's name lacks is the system; an application's says all.
    label: kind === "distribution" ? [distribution, name].filter(Boolean).join(" ") : name,
    description: description ?? "",
    distribution: distribution ?? "",
    isPublic: image.public ?? kind !== "custom",
    minDiskGiB: minDiskGiB ?? 0,
    kind,
  };
}
