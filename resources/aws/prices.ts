import type { CatalogSize, Price } from "../catalog.ts";
import type { Call } from "../cloud.ts";
import { request } from "../http.ts";
import { ENDPOINT, invalidAnswer, meaningOf, signed } from "./http.ts";
import { isElement } from "./xml.ts";

/** EC2 itself tells no prices. The price list has few addresses, and those in one region know all regions. */
const PRICING = { service: "pricing", region: "us-east-1" };
const HOURS_A_MONTH = 730;
const PAGE_SIZE = 100;

/** Linux on demand, without licences, with shared hardware: what a machine of ours is. */
const OURS = {
  operatingSystem: "Linux",
  tenancy: "Shared",
  preInstalledSw: "NA",
  capacitystatus: "Used",
  licenseModel: "No License required",
  marketoption: "OnDemand",
};

/** Prices of a size where it is sold: those of the first region, and of the others where they differ. Where some have none that is known, each by itself. */
export type PriceOf = (
  size: string,
  regions: readonly string[],
) => Pick<CatalogSize, "pricePerHourMicro" | "pricePerMonthMicro" | "regionPrices">;

/**
 * Reads the AWS Price List, page by page. A size that it does not know has no price.
 * @see https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
 */
export async function pricesIn(call: Call, regions: readonly string[]): Promise<PriceOf> {
  const hourly = new Map<string, Map<string, number>>();
  for (const region of regions) hourly.set(region, await hourlyIn(call, region));
  return (size, places) => {
    const known = places.flatMap((region) => {
      const perHourMicro = hourly.get(region)?.get(size);
      return perHourMicro === undefined ? [] : [[region, priceOf(perHourMicro)] as const];
    });
    const first = known[0]?.[1];
    if (!first) return {};
    if (known.length < places.length) return { regionPrices: Object.fromEntries(known) };
    const others = known.filter(([, price]) => price.perHourMicro !== first.perHourMicro);
    return {
      pricePerHourMicro: first.perHourMicro,
      pricePerMonthMicro: first.perMonthMicro,
      ...(others.length > 0 ? { regionPrices: Object.fromEntries(others) } : {}),
    };
  };
}

function priceOf(perHourMicro: number): Price {
  return { perHourMicro, perMonthMicro: perHourMicro * HOURS_A_MONTH };
}

async function hourlyIn(call: Call, region: string): Promise<Map<string, number>> {
  const prices = new Map<string, number>();
  const fields = { ...OURS, regionCode: region };
  const Filters = Object.entries(fields).map(([Field, Value]) => ({ Type: "TERM_MATCH", Field, Value }));
  const tokens = new Set<string>();
  for (let NextToken: string | undefined; ; ) {
    const asked = { ServiceCode: "AmazonEC2", FormatVersion: "aws_v1", Filters, MaxResults: PAGE_SIZE };
    const page = await getProducts(call, NextToken === undefined ? asked : { ...asked, NextToken });
    for (const text of page.PriceList) addPrice(prices, text);
    NextToken = page.NextToken || undefined;
    if (NextToken === undefined) return prices;
    if (tokens.has(NextToken)) throw invalidAnswer(call, "GetProducts", "it names the same next page again");
    tokens.add(NextToken);
  }
}

async function getProducts(call: Call, json: object): Promise<{ PriceList: string[]; NextToken?: string }> {
  const { account } = call;
  const endpoint = pricingEndpoint(account.endpoint);
  const target = { "content-type": "application/json", "x-amz-target": "AWSPriceListService.GetProducts" };
  const { body } = await request<unknown>(
    { ...call, account: { ...account, endpoint } },
    {
      cloud: "aws",
      method: "POST",
      path: "/",
      json,
      idempotent: true,
      scopes: ["prices"],
      headers: () =>
        signed(
          account,
          { ...PRICING, endpoint },
          { method: "POST", path: "/", headers: target, body: JSON.stringify(json) },
        ),
      errorOf: (_status, error) => (isElement(error) ? String(error.message ?? error.__type ?? "") : undefined),
      meaning: (_status, error) =>
        isElement(error) && typeof error.__type === "string" ? meaningOf(error.__type.replace(/^.*#/, "")) : undefined,
    },
  );
  const { PriceList, NextToken } = (body ?? {}) as { PriceList?: unknown; NextToken?: unknown };
  if (!Array.isArray(PriceList) || !PriceList.every((entry) => typeof entry === "string"))
    throw invalidAnswer(call, "GetProducts", "it has no PriceList");
  return typeof NextToken === "string" ? { PriceList, NextToken } : { PriceList };
}

/** A test's or proxy's address stands for the price list too. */
function pricingEndpoint(endpoint: string): string {
  return endpoint === ENDPOINT ? `https://api.${PRICING.service}.${PRICING.region}.amazonaws.com` : endpoint;
}

interface Product {
  product?: { attributes?: { instanceType?: string } };
  terms?: {
    OnDemand?: Record<string, { priceDimensions?: Record<string, { unit?: string; pricePerUnit?: { USD?: string } }> }>;
  };
}

/** A product is a JSON text in the JSON answer. */
function addPrice(prices: Map<string, number>, text: string): void {
  const { product, terms }: Product = JSON.parse(text);
  const size = product?.attributes?.instanceType;
  const dimensions = Object.values(terms?.OnDemand ?? {}).flatMap(({ priceDimensions }) =>
    Object.values(priceDimensions ?? {}),
  );
  const usd = Number(dimensions.find(({ unit }) => unit === "Hrs")?.pricePerUnit?.USD);
  if (size && usd > 0) prices.set(size, Math.round(usd * 1e6));
}
