import { html } from "hono/html";
import { machinesFor } from "../../api/fleet/reads/inventory.ts";
import { compareKeys } from "../../api/fleet/view.ts";
import { sum } from "../../reconcile/cost.ts";
import type { SeenServer } from "../../store/types.ts";
import { counted } from "../../words/text.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { paged, pager } from "../parts/pager.ts";
import { table } from "../parts/table.ts";
import { ago, empty, money } from "../parts/words.ts";
import type { Page, Visit } from "../visit.ts";
import { mayAdopt } from "./adopt.ts";
import { stateBadge } from "./fleet.ts";

const ON_A_PAGE = 50;

const CLASSES = {
  orphan: { words: "Orphans", what: "They carry this fleet's mark, and no file and no record names them." },
  foreign: {
    words: "Foreign",
    what: "They carry no mark, or another fleet's: nothing here touches them unless they are adopted.",
  },
} as const satisfies Partial<Record<SeenServer["class"], object>>;
type Class = keyof typeof CLASSES;

/** `/ui/inventory`: what the accounts have that no file names, as the last passes have seen it. */
export async function inventoryPage(visit: Visit): Promise<Page> {
  const query = new URL(visit.c.req.url).searchParams;
  const { controller } = visit.parts;
  const shown: Class = query.get("class") === "foreign" ? "foreign" : "orphan";
  const all = await machinesFor(
    { controller, hashes: () => visit.parts.memory.hashes() },
    await visit.view(),
    visit.who,
    { gone: false },
  );
  // One that was adopted since the last pass is a server already.
  const of = (one: Class) => all.filter((machine) => machine.class === one && machine.server === undefined);
  const machines = of(shown).sort((a, b) => compareKeys([a.account, a.name], [b.account, b.name]));
  const page = paged(machines, query.get("page") ?? undefined, ON_A_PAGE);
  return {
    title: "Inventory",
    place: "inventory",
    body: html`<div class="head"><h1>Inventory</h1></div>
<p>Machines that the accounts have and no fleet file names.</p>
<nav class="tabs" aria-label="Whose they are"><ul>${(Object.keys(CLASSES) as Class[]).map(
      (one) =>
        html`<li><a href="/ui/inventory?class=${one}"${one === shown ? html` aria-current="page"` : nothing}>${CLASSES[one].words} <small>${of(one).length}</small></a></li>`,
    )}</ul></nav>
<p>${CLASSES[shown].what}</p>
${
  machines.length === 0
    ? empty("There are none.")
    : html`<p class="count">${counted(machines.length, "machine")} · ${money(sum(machines.map(({ monthly }) => monthly))) || "no price known"} a month</p>
${[...Map.groupBy(page.items, ({ account }) => account)].map(([account, own]) => accountMachines(visit, account, own))}${pager(page, "/ui/inventory", query)}`
}`,
  };
}

const COLUMNS = [
  { words: "Machine" },
  { words: "State" },
  { words: "Region" },
  { words: "Size" },
  { words: "A month", isNumber: true },
  { words: "First seen" },
] as const;

type Machine = Awaited<ReturnType<typeof machinesFor>>[number];

/** Machines of an account; chosen, they are shown with the files that would take them over. */
function accountMachines(visit: Visit, account: string, machines: readonly Machine[]): Markup {
  const now = visit.parts.controller.now();
  const isOffered = mayAdopt(visit, account);
  const rows = table(
    `Machines of ${account}`,
    COLUMNS,
    machines.map((machine) => cells(machine, now, isOffered)),
  );
  if (!isOffered) return html`<section><h2>${account}</h2>${rows}</section>`;
  return html`<form method="get" action="/ui/adopt"><h2>${account}</h2><input type="hidden" name="account" value="${account}">${rows}
<p class="actions"><button>Adopt the chosen<span class="unseen"> of ${account}</span></button> <small>Shows their files before anything is opened.</small></p></form>`;
}

function cells(
  { id, name, region, size, power, monthly, firstSeen }: Machine,
  now: number,
  isOffered: boolean,
): (Markup | string)[] {
  const words = html`${name || "without a name"} <small>${id}</small>`;
  return [
    isOffered
      ? html`<label class="check"><input type="checkbox" name="id" value="${id}"> <span>${words}</span></label>`
      : words,
    stateBadge({ state: power }, { power }),
    region,
    size ?? "—",
    money(monthly) || "—",
    ago(firstSeen, now),
  ];
}
