import type { CatalogSize } from "../../../resources/catalog.ts";
import type { AccountSpec, PlanSpec } from "../../../resources/spec.ts";
import { accountsFor } from "../../api/fleet/reads/state.ts";
import { byHour, type Comparison, compareOn } from "../../catalog/compare.ts";
import { dayOf, endedPlan } from "../../catalog/ended.ts";
import { type Needs, type Offer, priceIn, type Shop } from "../../catalog/offers.ts";
import { toMiB } from "../../catalog/units.ts";
import type { Cost } from "../../store/types.ts";
import type { Choice } from "../parts/schema-form.ts";
import type { Visit } from "../visit.ts";

/** What is looked for, as it stands in the address of the page. */
export interface Wanted {
  vcpus?: number;
  memory?: string;
  disk?: number;
  gpu?: string;
  kind?: CatalogSize["kind"];
  account?: string;
  region?: string;
  country?: string;
  currency?: string;
  sort: "month" | "hour";
}

export const SIZE_KINDS = ["shared", "dedicated", "gpu", "metal"] as const satisfies readonly CatalogSize["kind"][];
/** Any GPU. */
export const ANY_GPU = "any";

/** What makes no sense is not asked for. Pure. */
export function wantedOf(query: URLSearchParams): Wanted {
  const text = (name: string) => query.get(name)?.trim().slice(0, 100) || undefined;
  const count = (name: string) => (/^\d{1,9}$/.test(text(name) ?? "") ? Number(text(name)) || undefined : undefined);
  const kind = SIZE_KINDS.find((one) => one === text("kind"));
  const given = {
    vcpus: count("vcpus"),
    memory: toMiB(withUnit(text("memory"))) === undefined ? undefined : text("memory"),
    disk: count("disk"),
    gpu: text("gpu"),
    kind,
    account: text("account"),
    region: text("region"),
    country: text("country")?.toLowerCase(),
    currency: text("currency"),
  };
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...known, sort: text("sort") === "hour" ? "hour" : "month" };
}

/** Whoever writes a number alone means GiB. */
const withUnit = (memory = ""): string => (/^[\d.]+$/.test(memory) ? `${memory}GiB` : memory);

function needsOf({ vcpus, memory, disk, gpu, kind, region }: Wanted): Needs {
  const memoryMiB = toMiB(withUnit(memory));
  return {
    ...(vcpus !== undefined && { vcpus }),
    ...(memoryMiB !== undefined && { memoryMiB }),
    ...(disk !== undefined && { diskGiB: disk }),
    ...(gpu !== undefined && { gpus: 1 }),
    ...(gpu !== undefined && gpu !== ANY_GPU && { gpuType: gpu }),
    ...(kind !== undefined && { kind }),
    ...(region !== undefined && { regions: [region] }),
  };
}

/** What the clouds of the accounts that somebody may see sell of what is wanted. */
export async function compared(visit: Visit, wanted: Wanted): Promise<Comparison & { accounts: AccountSpec[] }> {
  const view = await visit.view();
  const accounts = accountsFor(view, visit.who).flatMap(({ spec }) =>
    view.desired.accounts.has(spec.name) ? [spec] : [],
  );
  const asked = accounts.filter(({ name }) => (wanted.account ?? name) === name);
  const { currency, country } = wanted;
  const found = await compareOn(visit.parts.controller, asked, needsOf(wanted), {
    signal: visit.signal,
    ...(currency !== undefined && { currency }),
    ...(country !== undefined && { country }),
  });
  return { ...found, offers: wanted.sort === "hour" ? found.offers.sort(byHour) : found.offers, accounts };
}

/** Regions, countries and GPUs that there are. Pure. */
export function choicesOf(shops: readonly Shop[]): Record<"regions" | "countries" | "gpus", Choice[]> {
  const regions = new Map<string, string>();
  const countries = new Set<string>();
  const gpus = new Set<string>();
  for (const { cloud, catalog } of shops) {
    for (const { name, title, country } of catalog.regions) {
      regions.set(name, `${name} — ${title === name ? "" : `${title}, `}${cloud.title}`);
      if (country !== undefined) countries.add(country);
    }
    for (const { gpuType } of catalog.sizes) if (gpuType !== undefined) gpus.add(gpuType);
  }
  const byWords = (a: Choice, b: Choice) => a.words.localeCompare(b.words, "en");
  return {
    regions: [...regions].map(([value, words]) => ({ value, words })).sort(byWords),
    countries: [...countries].map((value) => ({ value, words: countryWords(value) })).sort(byWords),
    gpus: [...gpus].map((value) => ({ value, words: value })).sort(byWords),
  };
}

const COUNTRIES = new Intl.DisplayNames("en", { type: "region", fallback: "code" });

function countryWords(code: string): string {
  return /^[a-z]{2}$/.test(code) ? (COUNTRIES.of(code.toUpperCase()) ?? code) : code;
}

/** A plan of the fleet with what it costs at each account that can have it, the cheapest first. */
export interface PlanOffers {
  plan: PlanSpec;
  at: { account: string; provider: string; size: string; cost?: Cost }[];
}

/** Plans that are still sold. Pure. */
export function planOffers(plans: readonly PlanSpec[], shops: readonly Shop[], now: number): PlanOffers[] {
  const day = dayOf(now);
  return plans
    .filter((plan) => endedPlan(plan, day).length === 0)
    .map((plan) => ({ plan, at: shops.flatMap((shop) => planAt(plan, shop)).sort(byCost) }));
}

function planAt(plan: PlanSpec, { account, catalog }: Shop): PlanOffers["at"] {
  const size = catalog.sizes.find(({ name }) => name === plan.sizes[account.provider]);
  if (size === undefined) return [];
  const cost = priceIn(size, "");
  return [{ account: account.name, provider: account.provider, size: size.name, ...(cost && { cost }) }];
}

const byCost = (a: { cost?: Cost }, b: { cost?: Cost }): number =>
  (a.cost?.monthlyMicro ?? Number.MAX_SAFE_INTEGER) - (b.cost?.monthlyMicro ?? Number.MAX_SAFE_INTEGER);

/** The form of a new server with this chosen. Pure. */
export function orderPath({ account, size, regions }: Pick<Offer, "account" | "regions" | "size">): string {
  const [region, ...others] = regions;
  const chosen = { account, size: size.name, ...(others.length === 0 && region !== undefined && { region }) };
  return `/ui/new-server?${new URLSearchParams(chosen)}`;
}
