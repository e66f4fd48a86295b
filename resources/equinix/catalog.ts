import type { Catalog, CatalogSize, Price } from "../catalog.ts";
import type { Call } from "../cloud.ts";
import { type Capacity, isCapacity, isMetro, isOperatingSystem, isPlan, type Metro, type Plan } from "./answers.ts";
import { equinix, invalidAnswer, listOf } from "./http.ts";
import { hardwareOf, microOf } from "./units.ts";

/** Metal sells by the hour and tells no price of a month. */
const HOURS_A_MONTH = 730;

export async function readCatalog(call: Call): Promise<Catalog> {
  const [plans, metros, systems, capacity] = await Promise.all([
    listOf(call, "/plans", "plans", isPlan),
    listOf(call, "/locations/metros", "metros", isMetro),
    listOf(call, "/operating-systems", "operating_systems", isOperatingSystem),
    readCapacity(call),
  ]);
  const sold = plans.filter(isMachine);
  const hasRoom = (code: string, slug: string) => {
    const left = capacity[code]?.[slug];
    return left !== undefined && left.level !== "unavailable" && left.available_servers !== 0;
  };
  return {
    sizes: sold.map((plan) => sizeOf(plan, metros, hasRoom)),
    regions: metros.map(({ code, name, country }) => ({
      name: code,
      title: name,
      available: sold.some(({ slug }) => hasRoom(code, slug)),
      ...(country ? { country: country.toLowerCase() } : {}),
    })),
    images: systems
      .filter(({ provisionable_on: on }) => on === undefined || on.length > 0)
      .map(({ slug, name }) => ({ name: slug, title: name })),
    readAt: new Date().toISOString(),
  };
}

async function readCapacity(call: Call): Promise<Capacity> {
  const path = "/capacity/metros";
  const { body } = await equinix<{ capacity?: unknown } | null>(call, { method: "GET", path });
  const capacity = body?.capacity;
  if (!isCapacity(capacity)) throw invalidAnswer(call, "GET", path, "it tells no capacity");
  return capacity;
}

/** Storage and networks are plans as well, and have no processors. */
function isMachine(plan: Plan): boolean {
  const onDemand = plan.deployment_types?.includes("on_demand") ?? true;
  return onDemand && (plan.line === undefined || plan.line === "baremetal") && hardwareOf(plan).memoryMiB > 0;
}

function sizeOf(plan: Plan, metros: Metro[], hasRoom: (code: string, slug: string) => boolean): CatalogSize {
  const price = priceOf(plan.pricing?.hour);
  const dearer = metros.flatMap(({ id, code }) => {
    const there = plan.available_in_metros?.find(({ href }) => href?.endsWith(`/${id}`));
    const own = priceOf(there?.price?.hour);
    return own && own.perHourMicro !== price?.perHourMicro ? [[code, own] as const] : [];
  });
  return {
    name: plan.slug,
    title: plan.name ?? plan.slug,
    kind: "metal",
    ...hardwareOf(plan),
    ...(price ? { pricePerHourMicro: price.perHourMicro, pricePerMonthMicro: price.perMonthMicro } : {}),
    currency: "USD",
    ...(dearer.length > 0 ? { regionPrices: Object.fromEntries(dearer) } : {}),
    regions: metros.map(({ code }) => code).filter((code) => hasRoom(code, plan.slug)),
  };
}

function priceOf(dollars: number | string | undefined): Price | undefined {
  const perHourMicro = microOf(dollars);
  return perHourMicro === undefined ? undefined : { perHourMicro, perMonthMicro: perHourMicro * HOURS_A_MONTH };
}
