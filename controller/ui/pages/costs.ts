import { html } from "hono/html";
import { costHistoryFor, type HistoryBy } from "../../api/fleet/reads/costs.ts";
import { spendingFor } from "../../api/fleet/reads/spending.ts";
import { accountsFor } from "../../api/fleet/reads/state.ts";
import type { CostHistory, DayPoint } from "../../reconcile/cost-history.ts";
import { isOver, type Spending, shareWords } from "../../reconcile/spending-judge.ts";
import { counted } from "../../words/text.ts";
import { areaChart } from "../parts/areas.ts";
import { legend, SERIES } from "../parts/bars.ts";
import { choice } from "../parts/choice.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { table } from "../parts/table.ts";
import { empty, money, moneyChange } from "../parts/words.ts";
import type { Page, Visit } from "../visit.ts";

const SPANS: Readonly<Record<string, string>> = { "30": "30 days", "90": "90 days", "365": "a year", "730": "2 years" };
const BY: Readonly<Record<HistoryBy, string>> = { account: "account", owner: "owner", class: "whose they are" };
const DEFAULT_DAYS = "90";

/** Groups that have a colour of their own; what is beyond them is one. */
const SHOWN = SERIES - 1;

/** `/ui/costs`: what the machines of the accounts cost a month, day by day. */
export async function costsPage(visit: Visit): Promise<Page> {
  const query = new URL(visit.c.req.url).searchParams;
  const days = Object.hasOwn(SPANS, query.get("days") ?? "") ? query.get("days")! : DEFAULT_DAYS;
  const by = Object.hasOwn(BY, query.get("by") ?? "") ? (query.get("by") as HistoryBy) : "account";
  const account = query.get("account")?.slice(0, 100) || undefined;
  const view = await visit.view();
  const wanted = { by, days: Number(days), ...(account !== undefined && { account }) };
  const { currencies, unpriced } = await costHistoryFor(visit.parts, view, visit.who, wanted);
  const accounts = accountsFor(view, visit.who).map(({ spec }) => spec.name);
  return {
    title: "Costs",
    place: "costs",
    body: html`<div class="head"><h1>Costs</h1></div>
<p>What the machines of the accounts cost a month, as the last reading of each day has seen them; also those that no file names. It is kept for two years.</p>
${limits(await spendingFor(visit.parts, view, visit.who))}
<form class="search" method="get" action="/ui/costs" hx-get="/ui/costs" hx-trigger="change" hx-target="#costs" hx-select="#costs" hx-swap="outerHTML" hx-replace-url="true">
${choice("days", "Span", choicesBut(SPANS, DEFAULT_DAYS), days === DEFAULT_DAYS ? undefined : days, SPANS[DEFAULT_DAYS])}
${choice("by", "By", choicesBut(BY, "account"), by === "account" ? undefined : by, BY.account)}
${choice("account", "Account", accounts, account)}
<button>Show</button></form>
<section id="costs" aria-live="polite">
${currencies.length === 0 ? empty("Nothing is known yet: costs are written down by the passes that look for drift.") : currencies.map((history) => shown(history, by))}
${unpriced === 0 ? nothing : html`<p><small>${counted(unpriced, "machine")} whose price is not known ${unpriced === 1 ? "is" : "are"} in no sum.</small></p>`}
</section>`,
  };
}

/** What accounts with a limit may cost, and do; nothing where none has one. */
function limits(accounts: readonly Spending[]): Markup {
  if (accounts.length === 0) return nothing;
  return html`<section id="limits">${table("What accounts may cost a month", LIMIT_COLUMNS, accounts.map(limitCells))}
<p><small>A month: all machines, those that were approved and are not made yet among them. By its end: what the month has cost so far, and the same machines until its end.</small></p></section>`;
}

const LIMIT_COLUMNS = [
  { words: "Account" },
  { words: "A month", isNumber: true },
  { words: "Limit", isNumber: true },
  { words: "Share", isNumber: true },
  { words: "This month so far", isNumber: true },
  { words: "By its end", isNumber: true },
  { words: "Kind" },
] as const;

function limitCells(spending: Spending): string[] {
  const { account, committedMicro, limitMicro, spentMicro, projectedMicro, currency, cap, uncounted } = spending;
  const amount = (micro: number | undefined) =>
    micro === undefined ? "—" : money({ monthlyMicro: micro, hourlyMicro: 0, currency });
  const left = uncounted === 0 ? "" : `; ${counted(uncounted, "machine")} without a price in ${currency}`;
  return [
    account,
    amount(committedMicro),
    amount(limitMicro),
    shareWords(spending) ?? "—",
    amount(spentMicro),
    amount(projectedMicro),
    `${isOver(spending) ? "Over; " : ""}${cap ? "capped" : "alerts only"}${left}`,
  ];
}

const choicesBut = (words: Readonly<Record<string, string>>, without: string) =>
  Object.entries(words).flatMap(([value, text]) => (value === without ? [] : [{ value, words: text }]));

interface Group {
  name: string;
  points: readonly DayPoint[];
}

function shown({ currency, total, groups }: CostHistory, by: HistoryBy): Markup {
  const named = few(groups.map(({ key, points }) => ({ name: key ?? "of no owner", points })));
  const tell = (monthlyMicro: number) => money({ monthlyMicro, hourlyMicro: 0, currency });
  const [first, last] = [total[0]!, total.at(-1)!];
  const title = `Costs a month in ${currency} by ${BY[by]}`;
  const about = `From ${tell(first.monthlyMicro)} on ${first.day} to ${tell(last.monthlyMicro)} on ${last.day}. The tables below have the figures.`;
  const id = `costs-${currency.toLowerCase()}`;
  return html`<figure class="card"><figcaption>${title}</figcaption>
<p class="figure"><b>${tell(last.monthlyMicro)}</b> a month now ${sinceFirst(total, currency)}</p>
${legend(named.map(({ name }) => name))}${areaChart({
  id,
  title,
  about,
  days: total.map(({ day }) => day),
  series: named.map(({ points }) => points.map(({ monthlyMicro }) => monthlyMicro)),
  tell: (amount) => tell(Math.round(amount)),
})}</figure>
${table(title, COLUMNS, [
  ...named.map((group) => cells(group, currency)),
  ...(named.length > 1 ? [cells({ name: "Total", points: total }, currency)] : []),
])}
<details class="card"><summary>Day by day</summary>${table(
    `Day by day in ${currency}`,
    DAY_COLUMNS,
    total.map((point, index) => dayCells(point, total[index - 1], currency)).reverse(),
  )}</details>`;
}

const COLUMNS = [
  { words: "What" },
  { words: "Machines", isNumber: true },
  { words: "A month at the beginning", isNumber: true },
  { words: "A month now", isNumber: true },
  { words: "Change", isNumber: true },
] as const;

function cells({ name, points }: Group, currency: string): string[] {
  const [first, last] = [points[0]!, points.at(-1)!];
  const [before, after] = [costOf(first, currency), costOf(last, currency)];
  return [name, String(last.servers), money(before), money(after), moneyChange([before], [after]) || "—"];
}

const DAY_COLUMNS = [
  { words: "Day" },
  { words: "Machines", isNumber: true },
  { words: "A month", isNumber: true },
  { words: "Change", isNumber: true },
] as const;

function dayCells(point: DayPoint, before: DayPoint | undefined, currency: string): string[] {
  const change = before && moneyChange([costOf(before, currency)], [costOf(point, currency)]);
  return [point.day, String(point.servers), money(costOf(point, currency)), change || "—"];
}

const costOf = ({ monthlyMicro }: DayPoint, currency: string) => ({ monthlyMicro, hourlyMicro: 0, currency });

function sinceFirst(total: readonly DayPoint[], currency: string): Markup {
  const [first, last] = [total[0]!, total.at(-1)!];
  const change = moneyChange([costOf(first, currency)], [costOf(last, currency)]);
  return change === "" ? nothing : html`<small>${change} since ${first.day}</small>`;
}

/** As many as have a colour, and all others as one. Pure. */
function few(groups: readonly Group[]): Group[] {
  if (groups.length <= SHOWN + 1) return [...groups];
  const rest = groups.slice(SHOWN);
  const points = rest[0]!.points.map(({ day }, index) => ({
    day,
    servers: rest.reduce((sum, group) => sum + group.points[index]!.servers, 0),
    monthlyMicro: rest.reduce((sum, group) => sum + group.points[index]!.monthlyMicro, 0),
  }));
  return [...groups.slice(0, SHOWN), { name: `${rest.length} others`, points }];
}
