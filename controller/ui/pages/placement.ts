import { html } from "hono/html";
import type { Offer } from "../../catalog/offers.ts";
import { memoryWords } from "../../catalog/units.ts";
import { perHour, someOf } from "../../words/sizes.ts";
import { counted } from "../../words/text.ts";
import { choice } from "../parts/choice.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { type Column, table } from "../parts/table.ts";
import { empty, money } from "../parts/words.ts";
import { choicesOf, compared, type Wanted, wantedOf } from "../reads/catalog.ts";
import { accountsToChoose } from "../reads/new-server.ts";
import type { Visit } from "../visit.ts";
import { least } from "./catalog.ts";
import { cloudTitle } from "./fleet.ts";

/** As many as one compares by eye. */
const SHOWN = 8;
const AT = "/ui/new-server";

/** Whether the address asks for what fits, rather than for the form of what was chosen. */
export const isLooking = (query: URLSearchParams): boolean => query.get("fit") !== null;

/** Above the form: leads to what fits. */
export const placementLink = html`<p><a href="${AT}?fit=1">Find the cheapest that fits</a>, whatever account has it.</p>`;

/** What is needed, and the cheapest offers of all accounts that have it, as `fleetwright place` would choose: the first one is its choice. */
export async function placementShown(visit: Visit, query: URLSearchParams): Promise<Markup> {
  const wanted = wantedOf(query);
  const clouds = query.getAll("cloud");
  const open = new Set((await accountsToChoose(visit)).map(({ name }) => name));
  const found = await compared(visit, wanted);
  const isAsked = ({ account, provider }: Offer) =>
    open.has(account) && (clouds.length === 0 || clouds.includes(provider));
  const offers = found.offers.filter(isAsked);
  const providers = [
    ...new Set(found.accounts.filter(({ name }) => open.has(name)).map(({ provider }) => provider)),
  ].sort();
  return html`<form class="search" role="search" method="get" action="${AT}"
hx-get="${AT}" hx-trigger="input delay:350ms" hx-target="#fits" hx-select="#fits" hx-swap="outerHTML" hx-replace-url="true">
<input type="hidden" name="fit" value="1">${needFields(wanted, found)}
<fieldset><legend>Clouds</legend>${providers.map(
    (name) =>
      html`<label class="check"><input type="checkbox" name="cloud" value="${name}"${clouds.includes(name) ? html` checked` : nothing}> ${cloudTitle(name)}</label> `,
  )}</fieldset>
<button>Find</button></form>
<section id="fits" aria-live="polite">${fits(offers)}
${found.notes.map((note) => html`<p><small>${note}</small></p>`)}</section>`;
}

function needFields(wanted: Wanted, { shops }: Awaited<ReturnType<typeof compared>>): Markup {
  const { regions, countries } = choicesOf(shops);
  return html`${least("vcpus", "vCPU, at least", wanted.vcpus)}
<label><span>Memory, at least</span><input name="memory" value="${wanted.memory ?? ""}" placeholder="4 GiB" size="8" maxlength="12" autocomplete="off"></label>
${least("disk", "Disk GiB, at least", wanted.disk)}
${choice("country", "Country", countries, wanted.country)}
${choice("region", "Region", regions, wanted.region)}`;
}

const COLUMNS: readonly Column[] = [
  { words: "Size" },
  { words: "Account" },
  { words: "vCPU", isNumber: true },
  { words: "Memory", isNumber: true },
  { words: "Disk", isNumber: true },
  { words: "Regions" },
  { words: "An hour", isNumber: true },
  { words: "A month", isNumber: true },
  { words: "Pick" },
];

function fits(offers: readonly Offer[]): Markup {
  if (offers.length === 0) return empty("Nothing in stock has that.");
  const more = offers.length - SHOWN;
  return html`${table("The cheapest that fit", COLUMNS, offers.slice(0, SHOWN).map(cells))}
${more > 0 ? html`<p class="count">and ${counted(more, "offer")} that cost more</p>` : nothing}`;
}

function cells(offer: Offer, index: number): (Markup | string)[] {
  const { account, provider, size, regions, cost } = offer;
  return [
    html`${size.name}${index === 0 ? html` <small>the cheapest</small>` : nothing}`,
    html`${account} <small>${cloudTitle(provider)}</small>`,
    String(size.vcpus),
    memoryWords(size.memoryMiB),
    `${size.diskGiB} GiB`,
    html`<span title="${regions.join(", ")}">${someOf(regions)}</span>`,
    perHour(cost.hourlyMicro),
    money(cost),
    html`<a href="${chosenPath(offer)}">Pick<span class="unseen"> ${size.name} on ${account}</span></a>`,
  ];
}

/** The form with account, region and size filled in: of several regions the first, as a placement has it. */
const chosenPath = ({ account, size, regions }: Offer): string =>
  `${AT}?${new URLSearchParams({ account, size: size.name, ...(regions[0] !== undefined && { region: regions[0] }) })}`;
