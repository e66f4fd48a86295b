import { html } from "hono/html";
import { CHANGE_STATES, type Change, type ChangeState } from "../../changes/types.ts";
import { changeBadge } from "../parts/changes.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { table } from "../parts/table.ts";
import { ago, empty, moneyChange } from "../parts/words.ts";
import { changesOf } from "../reads/changes.ts";
import type { Page, Visit } from "../visit.ts";

const ON_A_PAGE = 30;

/** What people look for, and the states that it is. */
const LISTS: Readonly<Record<string, { words: string; states?: readonly ChangeState[] }>> = {
  open: { words: "Open", states: CHANGE_STATES.filter((state) => !["converged", "closed"].includes(state)) },
  waiting: { words: "Waiting for somebody", states: ["needs-approval", "previewed", "approved", "stale"] },
  working: { words: "Under way", states: ["previewing", "executing"] },
  failed: { words: "Failed", states: ["failed"] },
  done: { words: "Done", states: ["converged", "closed"] },
  all: { words: "All" },
};

/** `/ui/changes` */
export async function changesPage(visit: Visit): Promise<Page> {
  const query = new URL(visit.c.req.url).searchParams;
  const shown = Object.hasOwn(LISTS, query.get("list") ?? "") ? query.get("list")! : "open";
  const [createdAt, id] = (query.get("before") ?? "").split(" ");
  const before = id && createdAt && !Number.isNaN(Date.parse(createdAt)) ? { id, createdAt } : undefined;
  const { states } = LISTS[shown]!;
  const { changes, next } = await changesOf(visit, { ...(states && { states }), ...(before && { before }) }, ON_A_PAGE);
  const now = visit.parts.controller.now();
  return {
    title: "Changes",
    place: "changes",
    body: html`<div class="head"><h1>Changes</h1></div>
<nav class="tabs" aria-label="Changes by state"><ul>${Object.entries(LISTS).map(
      ([name, { words }]) =>
        html`<li><a href="/ui/changes?list=${name}"${name === shown ? html` aria-current="page"` : nothing}>${words}</a></li>`,
    )}</ul></nav>
${
  changes.length === 0
    ? empty(
        shown === "open"
          ? "Nothing is open: the fleet is as its files say, or on its way there."
          : "There is no such change.",
      )
    : table(
        "Changes",
        COLUMNS,
        changes.map((change) => cells(change, now)),
      )
}
${
  next === undefined
    ? nothing
    : html`<nav class="pager" aria-label="Pages"><span></span><span></span><a rel="next" href="/ui/changes?list=${shown}&amp;before=${encodeURIComponent(`${next.createdAt} ${next.id}`)}">Older →</a></nav>`
}`,
  };
}

const COLUMNS = [
  { words: "Change" },
  { words: "State" },
  { words: "Effects" },
  { words: "A month", isNumber: true },
  { words: "By" },
  { words: "Opened" },
] as const;

function cells({ id, title, state, preview, author, surface, createdAt }: Change, now: number): (Markup | string)[] {
  return [
    html`<a href="/ui/changes/${id}">${title}</a>`,
    changeBadge(state),
    preview === undefined ? "—" : effectCounts(preview.effects),
    (preview && moneyChange(preview.cost.before, preview.cost.after)) || "—",
    html`${author.name} <small>${surface}</small>`,
    ago(createdAt, now),
  ];
}

/** `2 create, 1 update` */
export function effectCounts(effects: readonly { op: string }[]): string {
  const counts = Map.groupBy(effects, ({ op }) => op);
  return [...counts].map(([op, all]) => `${all.length} ${op}`).join(", ") || "none";
}
