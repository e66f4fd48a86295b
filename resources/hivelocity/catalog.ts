import type { Catalog, CatalogSize, Price } from "../catalog.ts";
import type { Call } from "../cloud.ts";
import { isLocation, isOperatingSystem, isStock, type Location, type OperatingSystem, type Stock } from "./answers.ts";
import { hardwareOf } from "./hardware.ts";
import { invalidAnswer, readList, send } from "./http.ts";

/** Hours of a month, where a price is told for one of the two only. */
const MONTH_HOURS = 730;
const AT_ONCE = 4;

/** Products with their stock and price in each facility, facilities, and the systems of what is in stock. */
export async function readCatalog(call: Call): Promise<Catalog> {
  const [stock, locations] = await Promise.all([
    readInventory(call),
    readList<Location>(call, "/inventory/locations", isLocation),
  ]);
  const products = new Map<number, Stock[]>();
  for (const entry of stock) products.set(entry.product_id, [...(products.get(entry.product_id) ?? []), entry]);
  const sold = new Set(stock.filter(inStock).map(({ data_center }) => data_center));
  const onSale = [...products].filter(([, entries]) => entries.some(inStock)).map(([product]) => product);
  return {
    sizes: [...products.values()].map(sizeOf).filter(({ vcpus, memoryMiB }) => vcpus * memoryMiB > 0),
    regions: locations.map(({ code, title, location }) => {
      const country = countryOf(location?.country);
      return { name: code, title: title || code, available: sold.has(code), ...(country ? { country } : {}) };
    }),
    images: (await readSystems(call, onSale)).map((name) => ({ name, title: name })),
    readAt: new Date().toISOString(),
  };
}

/** A map of lists, whatever they are grouped by. */
async function readInventory(call: Call): Promise<Stock[]> {
  const path = "/inventory/product";
  const { body } = await send(call, { method: "GET", path });
  const lists = typeof body === "object" && body !== null && !Array.isArray(body) ? Object.values(body) : [];
  const all: unknown[] = lists.flat();
  if (lists.length === 0 || !lists.every(Array.isArray) || !all.every(isStock))
    throw invalidAnswer(call, "GET", path, "it is no inventory");
  // A facility may stand in several groups.
  return [...new Map(all.map((entry) => [`${entry.product_id} ${entry.data_center}`, entry])).values()];
}

/** Systems are told by product; sorted, each once. */
async function readSystems(call: Call, products: number[]): Promise<string[]> {
  const names = new Set<string>();
  const left = [...products];
  const worker = async () => {
    for (let product = left.pop(); product !== undefined; product = left.pop()) {
      const path = `/product/${product}/operating-systems`;
      for (const { name } of await readList<OperatingSystem>(call, path, isOperatingSystem)) names.add(name);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, products.length) }, worker));
  return [...names].sort();
}

const inStock = ({ stock }: Stock): boolean => stock === "available" || stock === "limited";

function sizeOf(entries: Stock[]): CatalogSize {
  const [first] = entries as [Stock, ...Stock[]];
  const hardware = hardwareOf(first);
  const price = priceOf(first, 0, 0);
  const regionPrices = Object.fromEntries(
    entries.flatMap((entry) => {
      const own = priceOf(entry, entry.hourly_location_premium ?? 0, entry.monthly_location_premium ?? 0);
      const differs = own && (own.perHourMicro !== price?.perHourMicro || own.perMonthMicro !== price?.perMonthMicro);
      return differs ? [[entry.data_center, own] as const] : [];
    }),
  );
  return {
    name: String(first.product_id),
    title: [first.product_name, first.product_cpu, first.product_memory].filter(Boolean).join(", "),
    kind: hardware.gpus ? "gpu" : first.is_vps ? "shared" : "metal",
    ...hardware,
    ...(price ? { pricePerHourMicro: price.perHourMicro, pricePerMonthMicro: price.perMonthMicro } : {}),
    currency: "USD",
    ...(Object.keys(regionPrices).length > 0 ? { regionPrices } : {}),
    regions: entries.filter(inStock).map(({ data_center }) => data_center),
  };
}

/** By the hour and by the month. Where one of the two is not sold it is worked out from the other. */
function priceOf(stock: Stock, hourlyPremium: number, monthlyPremium: number): Price | undefined {
  const sells = (period: string) => !stock.product_disabled_billing_periods?.includes(period);
  const hourly = sells("hourly") && stock.product_hourly_price ? stock.product_hourly_price + hourlyPremium : undefined;
  const monthly =
    sells("monthly") && stock.product_monthly_price ? stock.product_monthly_price + monthlyPremium : undefined;
  if (hourly === undefined && monthly === undefined) return undefined;
  return {
    perHourMicro: Math.round((hourly ?? monthly! / MONTH_HOURS) * 1e6),
    perMonthMicro: Math.round((monthly ?? hourly! * MONTH_HOURS) * 1e6),
  };
}

const countryOf = (country: string | null | undefined): string | undefined =>
  country && /^[a-z]{2}$/i.test(country) ? country.toLowerCase() : undefined;
