import { type Reading, readMarketplace, readSale } from "../../../catalog/cache.ts";
import { byHour, compareOn } from "../../../catalog/compare.ts";
import type { Needs, Offer } from "../../../catalog/offers.ts";
import { missing } from "../problems.ts";
import { type Parameter, type Route, route } from "../route.ts";
import { filter, listOf, nameIn, oneOf, record, ref, text, whole } from "../shapes.ts";
import { accountsFor } from "./state.ts";

const count: Parameter["schema"] = { type: "integer", minimum: 1, maximum: 1_000_000_000 };
const names: Parameter["schema"] = {
  type: "array",
  maxItems: 50,
  items: { type: "string", minLength: 1, maxLength: 200 },
};

interface NeedQuery {
  account?: string[];
  region?: string[];
  vcpus?: number;
  memoryMiB?: number;
  diskGiB?: number;
  gpus?: number;
  gpuType?: string;
  kind?: NonNullable<Needs["kind"]>;
  currency?: string;
  limit: number;
  maxHourlyMicro?: number;
}

const NEEDS: readonly Parameter[] = [
  filter("account", "Only on these accounts.", names),
  filter("region", "Only in these regions, those liked most first.", names),
  filter("vcpus", "Virtual processors at least.", count),
  filter("memoryMiB", "Memory at least.", count),
  filter("diskGiB", "Disk at least.", count),
  filter("gpus", "GPUs at least.", count),
  filter("gpuType", "Part of what the cloud calls the GPU, in any case."),
  filter("kind", "Only of this kind.", oneOf("shared", "dedicated", "gpu", "metal")),
  filter("currency", "Only in this currency. Default: US dollars where there are any.", {
    type: "string",
    pattern: "^[A-Z]{3}$",
  }),
  filter("limit", "Offers at most.", { type: "integer", minimum: 1, maximum: 500, default: 50 }),
];

const OFFER = record({
  account: text,
  provider: text,
  size: text,
  title: text,
  kind: oneOf("shared", "dedicated", "gpu", "metal"),
  vcpus: whole,
  memoryMiB: { type: "number" },
  diskGiB: { type: "number" },
  "gpus?": whole,
  "gpuType?": text,
  regions: listOf(text),
  cost: ref("Cost"),
});

const OFFERS = record({
  "currency?": text,
  offers: listOf(OFFER),
  more: { ...whole, description: "Offers that `limit` has left out." },
  notes: { ...listOf(text), description: "What could not be compared, and why." },
});

/** What the clouds sell. A reading that is older than an hour is taken anew. */
export const catalogRoutes: readonly Route[] = [
  route<{ account: string; part: "sizes" | "regions" | "images" | "marketplace" }>({
    id: "getCatalog",
    method: "get",
    path: "/fleet/v1/accounts/{account}/catalog/{part}",
    tag: "catalog",
    role: "viewer",
    summary: "Get what an account's cloud sells",
    description:
      "Items have the cloud's own names and whatever it tells of them; prices are whole micro-units of their currency.",
    parameters: [
      nameIn("account", "The account's name."),
      { ...nameIn("part", "Which part."), schema: oneOf("sizes", "regions", "images", "marketplace") },
    ],
    answers: {
      200: {
        description: "All of that part.",
        schema: record({
          account: text,
          part: text,
          ageSeconds: whole,
          "stale?": { ...text, description: "Why it is an old reading: the cloud's own words." },
          items: listOf({ type: "object", required: ["name"] }),
        }),
      },
    },
    run: async (api, { principal, parameters: { account, part }, signal }) => {
      const view = await api.view();
      const spec = accountsFor(view, principal).find((one) => one.spec.name === account)?.spec;
      if (spec === undefined) return missing(`account ${account}`);
      const told = (items: readonly unknown[], { ageMs, stale }: Reading<unknown>) => ({
        body: { account, part, ageSeconds: Math.round(ageMs / 1000), ...(stale !== undefined && { stale }), items },
      });
      if (part === "marketplace") {
        const reading = await readMarketplace(api.controller, spec, { signal });
        return told(reading.content, reading);
      }
      const reading = await readSale(api.controller, spec, { signal });
      return told(reading.content[part], reading);
    },
  }),
  offers("findCheapest", "cheapest", "Find the cheapest sizes that do", "By the month, then by the hour.", []),
  offers("compareOffers", "compare", "Compare sizes across clouds", "By the hour, up to a price.", [
    filter("maxHourlyMicro", "Price an hour at most, in micro-units of the currency.", { type: "integer", minimum: 0 }),
  ]),
];

function offers(id: string, name: string, summary: string, description: string, more: readonly Parameter[]): Route {
  return route<NeedQuery>({
    id,
    method: "get",
    path: `/fleet/v1/${name}`,
    tag: "catalog",
    role: "viewer",
    summary,
    description,
    parameters: [...NEEDS, ...more],
    answers: { 200: { description: "Offers of one currency, which is the only way to compare them.", schema: OFFERS } },
    run: async (api, { principal, parameters, signal }) => {
      const { account, region: regions, currency: wanted, limit, maxHourlyMicro, ...needs } = parameters;
      const view = await api.view();
      const specs = accountsFor(view, principal).flatMap(({ spec }) =>
        view.desired.accounts.has(spec.name) && (account?.includes(spec.name) ?? true) ? [spec] : [],
      );
      const asked = { ...needs, ...(regions && { regions }) };
      const options = { signal, ...(wanted !== undefined && { currency: wanted }) };
      const compared = await compareOn(api.controller, specs, asked, options);
      const { currency, offers, others, unpriced, notes } = compared;
      const fits = offers.filter(({ cost }) => cost.hourlyMicro <= (maxHourlyMicro ?? Number.POSITIVE_INFINITY));
      const chosen = name === "compare" ? fits.sort(byHour) : fits;
      const left = [
        ...(unpriced.length > 0 ? [`sizes without a price: ${unpriced.length}`] : []),
        ...(others.length > 0 ? [`prices in ${others.join(", ")}: give \`currency\``] : []),
      ];
      return {
        body: {
          ...(currency !== undefined && { currency }),
          offers: chosen.slice(0, limit).map(offerOf),
          more: Math.max(0, chosen.length - limit),
          notes: [...notes, ...left],
        },
      };
    },
  });
}

function offerOf({ account, provider, size, regions, cost }: Offer) {
  const { name, title, kind, vcpus, memoryMiB, diskGiB, gpus, gpuType } = size;
  const gpu = { ...(gpus !== undefined && { gpus }), ...(gpuType !== undefined && { gpuType }) };
  return { account, provider, size: name, title, kind, vcpus, memoryMiB, diskGiB, ...gpu, regions, cost };
}
