import { html } from "hono/html";
import { clouds } from "../../../resources/registry.ts";
import { sum } from "../../reconcile/cost.ts";
import type { Cost, SeenServer } from "../../store/types.ts";
import { counted } from "../../words/text.ts";
import { choice } from "../parts/choice.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { paged, pager } from "../parts/pager.ts";
import { table } from "../parts/table.ts";
import { badge, empty, money, type Tone } from "../parts/words.ts";
import { filtered, type ServerFilter, type ServerRow, type Sync, serverRows } from "../reads/servers.ts";
import { may, type Page, type Visit } from "../visit.ts";

const ON_A_PAGE = 50;

export const SYNC_TONES: Readonly<Record<Sync, Tone>> = {
  "in sync": "good",
  "being made": "busy",
  "to be made": "busy",
  "to be changed": "busy",
  "to be checked": "busy",
  drifted: "warn",
  suspended: "idle",
};

const COLUMNS = [
  { words: "Server" },
  { words: "State" },
  { words: "Sync" },
  { words: "Account" },
  { words: "Region" },
  { words: "Size" },
  { words: "A month", isNumber: true },
] as const;

/** `/ui/fleet`: every server that one may see. */
export async function fleetPage(visit: Visit): Promise<Page> {
  const query = new URL(visit.c.req.url).searchParams;
  const filter = filterOf(query);
  const all = await serverRows(visit, filter.sort);
  const found = filtered(all, filter);
  const page = paged(found, query.get("page") ?? undefined, ON_A_PAGE);
  const isFiltered = found.length < all.length;
  return {
    title: "Fleet",
    place: "fleet",
    body: html`<div class="head"><h1>Fleet</h1>
${may(visit, "requester") ? html`<a class="button main" href="/ui/new-server">New server</a>` : nothing}</div>
${tiles(sumOf(all))}
${search(sumOf(all), filter)}
<section id="servers" aria-live="polite">
<p class="count">${counted(found.length, "server")}${isFiltered ? ` of ${all.length}` : ""}${total(found === all ? sumOf(all).cost : sum(found.map(({ cost }) => cost)))}</p>
${
  page.items.length === 0
    ? empty(all.length === 0 ? "There is no server yet." : "No server is like that.")
    : table("Servers", COLUMNS, page.items.map(cells))
}
${pager(page, "/ui/fleet", query)}
</section>`,
  };
}

function filterOf(query: URLSearchParams): ServerFilter {
  const given = ["text", "account", "region", "owner", "sync", "sort"].flatMap((name) => {
    const text = query.get(name)?.trim().slice(0, 200);
    return text ? [[name, text]] : [];
  });
  return Object.fromEntries(given) as ServerFilter;
}

interface Sum {
  bySync: ReadonlyMap<Sync, number>;
  cost: Cost[];
  /** What there is to choose from. */
  choices: Readonly<Record<"account" | "region" | "owner" | "sync", readonly string[]>>;
}

/** Of rows that many ask for, and that nobody changes. */
const sums = new WeakMap<readonly ServerRow[], Sum>();

function sumOf(rows: readonly ServerRow[]): Sum {
  const known = sums.get(rows);
  if (known !== undefined) return known;
  const groups = Map.groupBy(rows, ({ sync }) => sync);
  const of = (pick: (row: ServerRow) => string | undefined) =>
    [...new Set(rows.flatMap((row) => pick(row) ?? []))].sort();
  const made: Sum = {
    bySync: new Map([...groups].map(([sync, all]) => [sync, all.length])),
    cost: sum(rows.map(({ cost }) => cost)),
    choices: {
      account: of(({ account }) => account),
      region: of(({ region }) => region),
      owner: of(({ owner }) => owner),
      sync: [...groups.keys()].sort(),
    },
  };
  sums.set(rows, made);
  return made;
}

/** How the fleet is at a glance; each leads to what it counts. */
function tiles({ bySync: counts, cost }: Sum): Markup {
  const shown = (Object.keys(SYNC_TONES) as Sync[]).filter((sync) => sync === "in sync" || counts.has(sync));
  return html`<ul class="tiles">${shown.map(
    (sync) =>
      html`<li><a class="tile ${SYNC_TONES[sync]}" href="/ui/fleet?sync=${encodeURIComponent(sync)}"><b>${counts.get(sync) ?? 0}</b> ${sync}</a></li>`,
  )}<li><span class="tile"><b>${money(cost) || "—"}</b> a month</span></li></ul>`;
}

const total = (cost: Cost[]): string => (cost.length === 0 ? "" : ` · ${money(cost)} a month`);

/** Finds as one types; without scripts by its button. */
function search({ choices }: Sum, filter: ServerFilter): Markup {
  return html`<form class="search" role="search" method="get" action="/ui/fleet"
hx-get="/ui/fleet" hx-trigger="input changed delay:250ms from:#text, change" hx-target="#servers" hx-select="#servers" hx-swap="outerHTML" hx-replace-url="true">
<label class="grow"><span>Search</span><input id="text" type="search" name="text" value="${filter.text ?? ""}" placeholder="name, label, owner…" maxlength="200"></label>
${choice("account", "Account", choices.account, filter.account)}
${choice("region", "Region", choices.region, filter.region)}
${choice("owner", "Owner", choices.owner, filter.owner)}
${choice("sync", "Sync", choices.sync, filter.sync)}
${choice("sort", "Order", ["account", "cost"], filter.sort, "name")}
<button>Show</button></form>`;
}

function cells(row: ServerRow): (Markup | string)[] {
  const { seen, name, account, provider, region, size, owner, sync, drift, cost } = row;
  return [
    html`<a href="/ui/servers/${name}">${name}</a>${owner === undefined ? nothing : html` <small>${owner}</small>`}`,
    stateBadge(seen, row),
    html`${badge(SYNC_TONES[sync], sync)}${drift > 0 ? html` <small>${counted(drift, "field")}</small>` : nothing}`,
    html`${account} <small>${cloudTitle(provider)}</small>`,
    region,
    size,
    money(cost) || "—",
  ];
}

/** What the last pass has seen, which is no more than some minutes old; before the first, nothing is said. */
export function stateBadge(
  seen: Pick<SeenServer, "state" | "goneSince"> | undefined,
  { power }: Pick<ServerRow, "power">,
): Markup {
  if (seen === undefined) return badge("idle", "not read yet");
  if (seen.goneSince !== undefined) return badge("bad", "gone");
  if (seen.state === "changing") return badge("busy", "changing");
  return badge(seen.state !== power ? "warn" : seen.state === "running" ? "good" : "idle", seen.state);
}

export const cloudTitle = (provider: string): string =>
  (clouds as Readonly<Record<string, { title: string }>>)[provider]?.title ?? provider;
