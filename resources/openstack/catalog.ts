import type { Catalog, CatalogSize } from "../catalog.ts";
import type { Call } from "../cloud.ts";
import { type Flavor, type Image, isFlavor, isImage } from "./answers.ts";
import { gpusOf } from "./gpus.ts";
import { invalidAnswer, openstack } from "./http.ts";
import { listAll } from "./lists.ts";
import { accountOptions } from "./schemas.ts";

const HOURS_A_MONTH = 730;

export function listFlavors(call: Call): Promise<Flavor[]> {
  return listAll(call, { service: "compute", path: "/flavors/detail", key: "flavors", isItem: isFlavor });
}

/** Images that are ready; those that their owner hides are left out, as Glance does. */
export function listImages(call: Call, query: { name?: string } = {}): Promise<Image[]> {
  const options = { service: "image", path: "/images", key: "images" } as const;
  return listAll(call, { ...options, query: { status: "active", ...query }, isItem: isImage });
}

interface Zone {
  zoneName: string;
  zoneState?: { available?: boolean };
}

/** Flavors as sizes, availability zones as regions, images by name and by id. */
export async function readCatalog(call: Call, now: () => Date = () => new Date()): Promise<Catalog> {
  const [flavors, images, zones] = await Promise.all([listFlavors(call), listImages(call), listZones(call)]);
  const options = accountOptions(call.account.spec.options);
  const named = new Map<string, Image[]>();
  for (const image of images) if (image.name) named.set(image.name, [...(named.get(image.name) ?? []), image]);
  return {
    sizes: flavors.map((flavor) => sizeOf(flavor, options)).sort(byName),
    regions: zones
      .map(({ zoneName, zoneState }) => ({
        name: zoneName,
        title: `Availability zone ${zoneName}`,
        available: zoneState?.available ?? false,
      }))
      .sort(byName),
    images: images
      .flatMap((image) => {
        const entry = {
          title: image.name ?? image.id,
          ...(image.min_disk ? { minDiskGiB: image.min_disk } : {}),
          ...(image.visibility === "private" || image.visibility === "shared"
            ? { visibility: "private" as const }
            : {}),
        };
        // A name that several images share says nothing.
        const alone = image.name && named.get(image.name)?.length === 1;
        return [...(alone ? [{ name: image.name!, ...entry }] : []), { name: image.id, ...entry }];
      })
      .sort(byName),
    readAt: now().toISOString(),
  };
}

async function listZones(call: Call): Promise<Zone[]> {
  const path = "/os-availability-zone";
  const { body } = await openstack<{ availabilityZoneInfo?: Zone[] } | null>(call, "compute", { method: "GET", path });
  const zones = body?.availabilityZoneInfo;
  if (!Array.isArray(zones)) throw invalidAnswer(call, "GET", path, "it names no availability zones");
  return zones;
}

function sizeOf(flavor: Flavor, options: ReturnType<typeof accountOptions>): CatalogSize {
  const specs = flavor.extra_specs ?? {};
  const gpus = gpusOf(specs);
  const dedicated = specs["hw:cpu_policy"] === "dedicated";
  const metal = specs["resources:VCPU"] === "0";
  return {
    name: flavor.name,
    title: flavor.name,
    kind: gpus ? "gpu" : metal ? "metal" : dedicated ? "dedicated" : "shared",
    vcpus: flavor.vcpus,
    memoryMiB: flavor.ram,
    diskGiB: flavor.disk,
    ...gpus,
    ...pricesOf(options.prices?.[flavor.name]),
    currency: options.currency ?? "USD",
  };
}

function pricesOf(price: { hourly?: number; monthly?: number } | undefined) {
  const { hourly, monthly } = price ?? {};
  const hour = hourly ?? (monthly === undefined ? undefined : monthly / HOURS_A_MONTH);
  if (hour === undefined) return {};
  return {
    pricePerHourMicro: Math.round(hour * 1e6),
    pricePerMonthMicro: Math.round((monthly ?? hour * HOURS_A_MONTH) * 1e6),
  };
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
