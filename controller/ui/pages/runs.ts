import { html } from "hono/html";
import { runFor, tellsOf } from "../../api/fleet/reads/runs.ts";
import { wordsOf } from "../../cli/render/runs.ts";
import type { StoredEvent } from "../../store/types.ts";
import { notThere } from "../gate.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { runBadge, runTook } from "../parts/runs.ts";
import { table } from "../parts/table.ts";
import { ago, badge, empty, facts, shortCommit, type Tone } from "../parts/words.ts";
import type { Page, Visit } from "../visit.ts";

const ON_A_PAGE = 40;
/** Rows that are read for one page, most of which may be of others. */
const MOST_READ = 800;
const MOST_EVENTS = 2_000;

type Run = NonNullable<ReturnType<typeof runFor>>;

/** `/ui/runs` */
export async function runsPage(visit: Visit): Promise<Page> {
  const query = new URL(visit.c.req.url).searchParams;
  const [startedAt, id] = (query.get("before") ?? "").split(" ");
  const before = id && startedAt && !Number.isNaN(Date.parse(startedAt)) ? { id, startedAt } : undefined;
  const { runs, next } = await runsOf(visit, before);
  const now = visit.parts.controller.now();
  return {
    title: "Runs",
    place: "runs",
    body: html`<div class="head"><h1>Runs</h1></div><p>Every run of the engine that was to change something; old ones are removed.</p>
${
  runs.length === 0
    ? empty("There was none yet.")
    : table(
        "Runs",
        COLUMNS,
        runs.map((run) => cells(run, now)),
      )
}
${
  next === undefined
    ? nothing
    : html`<nav class="pager" aria-label="Pages"><span></span><span></span><a rel="next" href="/ui/runs?before=${encodeURIComponent(`${next.startedAt} ${next.id}`)}">Older →</a></nav>`
}`,
  };
}

const COLUMNS = [
  { words: "Run" },
  { words: "Outcome" },
  { words: "Objects", isNumber: true },
  { words: "Commit" },
  { words: "Begun" },
  { words: "Took", isNumber: true },
] as const;

const cells = (run: Run, now: number): (Markup | string)[] => [
  html`<a href="/ui/runs/${run.id}">${run.kind} of ${run.stack}</a>`,
  runBadge(run),
  String(run.objects.length),
  shortCommit(run.commit),
  ago(run.startedAt, now),
  runTook(run) || "—",
];

type Before = Pick<Run, "id" | "startedAt">;

async function runsOf({ parts, who, view }: Visit, from: Before | undefined): Promise<{ runs: Run[]; next?: Before }> {
  const runs: Run[] = [];
  const fleet = await view();
  let before = from;
  for (let read = 0; read < MOST_READ; read += ON_A_PAGE) {
    const some = await parts.controller.store.runs(ON_A_PAGE, { ...(before && { before }) });
    for (const run of some) {
      const shown = runFor(fleet, who, run);
      if (shown !== undefined) runs.push(shown);
      before = run;
      if (runs.length === ON_A_PAGE) return { runs, next: before };
    }
    if (some.length < ON_A_PAGE) return { runs };
  }
  return { runs, ...(before && { next: before }) };
}

/** `/ui/runs/ID`, with what happened in it. */
export async function runPage(visit: Visit): Promise<Page> {
  const { parts, who, c } = visit;
  const view = await visit.view();
  const id = c.req.param("id") ?? "";
  const found = await parts.controller.store.run(id);
  const run = found && runFor(view, who, found);
  if (run === undefined) throw notThere("such run; old ones are removed");
  const all = await parts.controller.store.runEvents(run.id, MOST_EVENTS);
  const events = all.filter((event) => tellsOf(view, who, event));
  const now = parts.controller.now();
  const here = `/ui/runs/${run.id}`;
  const live =
    run.outcome === undefined
      ? html` hx-get="${here}" hx-trigger="every 2s" hx-select="#live" hx-swap="outerHTML"`
      : nothing;
  return {
    title: `${run.kind} of ${run.stack}`,
    place: "runs",
    body: html`<div id="live"${live}><div class="head"><h1>${run.kind} of ${run.stack}</h1> ${runBadge(run)}</div>
${run.outcome === undefined ? html`<p class="progress"><progress aria-label="Under way"></progress> It is under way. <a href="${here}">Look again</a></p>` : nothing}
<section class="card">${facts([
      ["Begun", ago(run.startedAt, now)],
      ["Took", runTook(run)],
      ["Commit", shortCommit(run.commit)],
      ["Number", html`<code>${run.id}</code>`],
    ])}</section>
<section class="card"><h2>Objects</h2>${run.objects.length === 0 ? empty("It was to touch none.") : objectList(run)}</section>
<section class="card"><h2>Events</h2>${events.length === 0 ? empty("Nothing is told of it.") : eventTable(events)}</section></div>`,
  };
}

const objectList = ({ objects }: Run): Markup =>
  html`<ul class="plain">${objects.map(({ key, op }) => {
    const name = key.split("/").slice(2).join("/");
    return html`<li>${op} ${key.startsWith("Server/") ? html`<a href="/ui/servers/${name}">${name}</a>` : key.replaceAll("/", " ")}</li>`;
  })}</ul>`;

const TONES: Readonly<Record<string, Tone>> = {
  failed: "bad",
  succeeded: "good",
  converged: "good",
  killed: "bad",
  error: "bad",
  warning: "warn",
};

const eventTable = (events: readonly StoredEvent[]): Markup =>
  html`<ol class="log">${events.map(({ at, kind, object, data }) => {
    const end = kind.split(".").at(-1) ?? kind;
    return html`<li><time datetime="${at}">${at.slice(11, 19)}</time> ${badge(TONES[end] ?? "idle", kind)} ${object === undefined ? nothing : nameOf(object)} <span class="lines">${wordsOf(data)}</span></li>`;
  })}</ol>`;

/** `Server//web-1` is `web-1`. */
const nameOf = (key: string): string => key.replace(/^Server\/\//, "").replaceAll("/", " ");
