import { html } from "hono/html";
import type { Offer } from "../../catalog/offers.ts";
import { memoryWords } from "../../catalog/units.ts";
import { gpuWords, perHour, someOf } from "../../words/sizes.ts";
import { counted } from "../../words/text.ts";
import { type Bar, barChart, legend } from "../parts/bars.ts";
import { choice } from "../parts/choice.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { paged, pager } from "../parts/pager.ts";
import { type Column, table } from "../parts/table.ts";
import { empty, money } from "../parts/words.ts";
import {
  ANY_GPU,
  choicesOf,
  compared,
  orderPath,
  type PlanOffers,
  planOffers,
  SIZE_KINDS,
  type Wanted,
  wantedOf,
} from "../reads/catalog.ts";
import { may, type Page, type Visit } from "../visit.ts";
import { cloudTitle } from "./fleet.ts";

const ON_A_PAGE = 25;
const BARS = 12;

type Compared = Awaited<ReturnType<typeof compared>>;

/** `/ui/catalog`: what the clouds sell, beside each other. */
export async function catalogPage(visit: Visit): Promise<Page> {
  const query = new URL(visit.c.req.url).searchParams;
  const wanted = wantedOf(query);
  const found = await compared(visit, wanted);
  const { desired } = await visit.view();
  const plans = planOffers(desired.plans, found.shops, visit.parts.controller.now());
  return {
    title: "Catalog",
    place: "catalog",
    body: html`<div class="head"><h1>Catalog</h1></div>
<p>What the clouds of this fleet sell, compared by price.</p>
${plans.length === 0 ? nothing : html`<section><h2>Plans of this fleet</h2>${planTable(visit, plans)}</section><h2>On sale</h2>`}
${search(found, wanted)}
<section id="offers" aria-live="polite">${offersShown(visit, found, wanted, query)}</section>`,
  };
}

function search({ accounts, shops, others, currency }: Compared, wanted: Wanted): Markup {
  const { regions, countries, gpus } = choicesOf(shops);
  const currencies = [...(currency === undefined ? [] : [currency]), ...others].sort();
  return html`<form class="search" role="search" method="get" action="/ui/catalog"
hx-get="/ui/catalog" hx-trigger="input delay:350ms" hx-target="#offers" hx-select="#offers" hx-swap="outerHTML" hx-replace-url="true">
${least("vcpus", "vCPU, at least", wanted.vcpus)}
<label><span>Memory, at least</span><input name="memory" value="${wanted.memory ?? ""}" placeholder="4 GiB" size="8" maxlength="12" autocomplete="off"></label>
${least("disk", "Disk GiB, at least", wanted.disk)}
${choice("country", "Country", countries, wanted.country)}
${choice("region", "Region", regions, wanted.region)}
${choice("gpu", "GPU", [{ value: ANY_GPU, words: "any GPU" }, ...gpus], wanted.gpu, "with or without")}
${choice("kind", "Kind", SIZE_KINDS, wanted.kind)}
${choice(
  "account",
  "Account",
  accounts.map(({ name }) => name),
  wanted.account,
)}
${currencies.length > 1 ? choice("currency", "Currency", currencies, wanted.currency, currency) : nothing}
${choice("sort", "Cheapest by the", ["hour"], wanted.sort, "month")}
<button>Show</button></form>`;
}

export const least = (name: string, words: string, value: number | undefined): Markup =>
  html`<label><span>${words}</span><input name="${name}" type="number" min="1" value="${value ?? ""}"></label>`;

function offersShown(visit: Visit, found: Compared, wanted: Wanted, query: URLSearchParams): Markup {
  const { offers, notes, unpriced, others, currency } = found;
  const told = [
    ...notes,
    ...(unpriced.length > 0 ? [`${counted(unpriced.length, "offer")} without a known price left out`] : []),
    ...(others.length > 0 ? [`prices in ${others.join(", ")} cannot be compared with those in ${currency}`] : []),
  ];
  const words = told.map((note) => html`<p><small>${note}</small></p>`);
  if (offers.length === 0) return html`${empty("Nothing on sale is like that.")}${words}`;
  const page = paged(offers, query.get("page") ?? undefined, ON_A_PAGE);
  return html`${chart(offers.slice(0, BARS), wanted)}
<p class="count">${counted(offers.length, "offer")}, the cheapest by the ${wanted.sort} first</p>${words}
${table(
  "Offers",
  [...COLUMNS, ...(may(visit, "requester") ? [{ words: "New server" }] : [])],
  page.items.map((offer) => cells(visit, offer)),
)}${pager(page, "/ui/catalog", query)}`;
}

function chart(offers: readonly Offer[], { sort }: Wanted): Markup {
  const providers = [...new Set(offers.map(({ provider }) => provider))];
  const bars = offers.map(({ account, provider, size, cost }): Bar => {
    const told = sort === "hour" ? `${perHour(cost.hourlyMicro)} ${cost.currency}` : money(cost);
    const amount = sort === "hour" ? cost.hourlyMicro : cost.monthlyMicro;
    return { words: `${size.name} on ${account}`, amount, told, series: providers.indexOf(provider) };
  });
  const title = `Price by the ${sort} of ${bars.length === 1 ? "the one offer" : `the ${bars.length} cheapest`}`;
  const about = `From ${bars[0]!.told} for ${bars[0]!.words} to ${bars.at(-1)!.told} for ${bars.at(-1)!.words}. The table below has all of them.`;
  return html`<figure class="card"><figcaption>${title}</figcaption>${legend(providers.map(cloudTitle))}${barChart("offers-chart", title, about, bars)}</figure>`;
}

const COLUMNS: readonly Column[] = [
  { words: "Size" },
  { words: "Account" },
  { words: "vCPU", isNumber: true },
  { words: "Memory", isNumber: true },
  { words: "Disk", isNumber: true },
  { words: "GPU" },
  { words: "Regions" },
  { words: "An hour", isNumber: true },
  { words: "A month", isNumber: true },
];

function cells(visit: Visit, offer: Offer): (Markup | string)[] {
  const { account, provider, size, regions, cost } = offer;
  const order = html`<a href="${orderPath(offer)}">Order<span class="unseen"> ${size.name} on ${account}</span></a>`;
  return [
    html`${size.name} <small>${size.kind}</small>`,
    html`${account} <small>${cloudTitle(provider)}</small>`,
    String(size.vcpus),
    memoryWords(size.memoryMiB),
    `${size.diskGiB} GiB`,
    gpuWords(size) || "—",
    html`<span title="${regions.join(", ")}">${someOf(regions)}</span>`,
    perHour(cost.hourlyMicro),
    money(cost),
    ...(may(visit, "requester") ? [order] : []),
  ];
}

const PLAN_COLUMNS: readonly Column[] = [
  { words: "Plan" },
  { words: "vCPU", isNumber: true },
  { words: "Memory", isNumber: true },
  { words: "Disk", isNumber: true },
  { words: "Sold for a month", isNumber: true },
  { words: "Costs a month at" },
];

const planTable = (visit: Visit, plans: readonly PlanOffers[]): Markup =>
  table(
    "Plans of this fleet",
    PLAN_COLUMNS,
    plans.map(({ plan, at }) => [
      plan.name,
      String(plan.vcpus),
      memoryWords(plan.memoryMiB),
      `${plan.diskGiB} GiB`,
      money({ monthlyMicro: plan.basePriceMicro + plan.markupMicro, hourlyMicro: 0, currency: plan.currency }),
      at.length === 0
        ? "no account that you see"
        : html`<ul class="plain">${at.map((one) => html`<li>${planLine(visit, plan.name, one)}</li>`)}</ul>`,
    ]),
  );

function planLine(visit: Visit, plan: string, { account, size, cost }: PlanOffers["at"][number]): Markup {
  const to = `/ui/new-server?${new URLSearchParams({ account, plan })}`;
  return html`${may(visit, "requester") ? html`<a href="${to}"><span class="unseen">New server of ${plan} on </span>${account}</a>` : account} ${money(cost) || "no price known"} <small>${size}</small>`;
}
