import { html } from "hono/html";
import { runFor } from "../../api/fleet/reads/runs.ts";
import { stacksFor, withStates } from "../../api/fleet/reads/stacks.ts";
import type { FleetView } from "../../api/fleet/view.ts";
import type { LaneState } from "../../jobs/lane-states.ts";
import { suspensionOf } from "../../reconcile/holds.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { paged, pager } from "../parts/pager.ts";
import { runLine } from "../parts/runs.ts";
import { table } from "../parts/table.ts";
import { ago, badge, empty, type Tone } from "../parts/words.ts";
import type { Page, Visit } from "../visit.ts";

const ON_A_PAGE = 50;
/** Runs that are read to find one that somebody may see. */
const LAST_RUNS = 10;

const COLUMNS = [
  { words: "Stack" },
  { words: "State" },
  { words: "Objects", isNumber: true },
  { words: "To be checked", isNumber: true },
  { words: "Last run" },
] as const;

type Stack = Awaited<ReturnType<typeof withStates>>[number];

/** `/ui/stacks`: what the engine keeps of the fleet, and how each part stands. */
export async function stacksPage(visit: Visit): Promise<Page> {
  const query = new URL(visit.c.req.url).searchParams;
  const { controller, memory } = visit.parts;
  const view = await visit.view();
  const all = await stacksFor({ hashes: () => memory.hashes() }, view, visit.who);
  const page = paged(all, query.get("page") ?? undefined, ON_A_PAGE);
  const stacks = await withStates(controller, visit.who, page.items);
  const rows = await Promise.all(stacks.map((stack) => cells(visit, view, stack)));
  return {
    title: "Stacks",
    place: "stacks",
    body: html`<div class="head"><h1>Stacks</h1></div>
<p>Parts of the fleet that the engine keeps and runs by themselves: of each account what its servers share, and its servers.</p>
${rows.length === 0 ? empty("Nothing was applied yet.") : table("Stacks", COLUMNS, rows)}
${pager(page, "/ui/stacks", query)}`,
  };
}

async function cells(visit: Visit, view: FleetView, stack: Stack): Promise<(Markup | string)[]> {
  const { controller } = visit.parts;
  const runs = await controller.store.runs(LAST_RUNS, { stack: stack.name });
  const run = runs.find((one) => runFor(view, visit.who, one) !== undefined);
  const now = controller.now();
  return [
    html`${stack.name} <small>${stack.account}</small>`,
    state(view, stack, now),
    String(stack.objects),
    String(stack.suspects),
    run === undefined ? "—" : runLine(run, now),
  ];
}

function state(view: FleetView, { name, account, busy, lane }: Stack, now: number): Markup {
  const spec = view.desired.accounts.get(account)?.spec;
  const suspension = spec && suspensionOf(spec, name, undefined);
  return html`${busy ? html`${badge("busy", "a run has it")} ` : nothing}${
    suspension === undefined
      ? nothing
      : html`${badge("idle", "suspended")} <small>${suspension.what}: ${suspension.reason}</small> `
  }${lane === undefined ? (busy || suspension ? nothing : "—") : laneState(lane, now)}`;
}

const TONES: Readonly<Record<LaneState["state"], Tone>> = { converged: "good", waiting: "warn", failed: "bad" };
/** Names of what waits that are there before one asks. */
const TOLD = 5;

function laneState({ state, at, reason, until, waiting = [] }: NonNullable<Stack["lane"]>, now: number): Markup {
  const more = waiting.length - TOLD;
  return html`${badge(TONES[state], until === undefined ? state : "held")} <small>${ago(at, now)}${
    until === undefined
      ? nothing
      : html`, until <time datetime="${until}">${until.slice(0, 16).replace("T", " ")}</time>`
  }</small>${reason === undefined ? nothing : html`<p class="lines"><small>${reason}</small></p>`}${
    waiting.length === 0
      ? nothing
      : html`<p><small>waits: ${waiting.slice(0, TOLD).join(", ")}${more > 0 ? ` and ${more} more` : ""}</small></p>`
  }`;
}
