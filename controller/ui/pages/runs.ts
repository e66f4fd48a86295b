import { html } from "hono/html";
import { runFor, tellsOf } from "../../api/fleet/reads/runs.ts";
import { runTeller } from "../../api/fleet/stream.ts";
import type { FleetView } from "../../api/fleet/view.ts";
import type { StoredEvent } from "../../store/types.ts";
import { notThere } from "../gate.ts";
import { cursorOf, lineOf, liveFrom, streamTo } from "../live.ts";
import { eventLog } from "../parts/log.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { runBadge, runTook } from "../parts/runs.ts";
import { table } from "../parts/table.ts";
import { ago, empty, facts, shortCommit } from "../parts/words.ts";
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
  const { parts, who } = visit;
  const view = await visit.view();
  const run = await foundRun(visit, view);
  const all = await parts.controller.store.runEvents(run.id, MOST_EVENTS);
  const events = all.filter((event) => tellsOf(view, who, event));
  const now = parts.controller.now();
  const here = `/ui/runs/${run.id}`;
  const live = run.outcome === undefined ? liveFrom(here, String(all.at(-1)?.seq ?? 0)) : nothing;
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
<section class="card"><h2>Events</h2>${events.length === 0 && run.outcome !== undefined ? empty("Nothing is told of it.") : eventLog(events)}</section></div>`,
  };
}

/** `/ui/runs/ID/events`: lines of its log as they come. */
export async function runEvents(visit: Visit): Promise<Response> {
  const view = await visit.view();
  const run = await foundRun(visit, view);
  const tells = (event: StoredEvent) => tellsOf(view, visit.who, event);
  const after = Number(cursorOf(visit)) || 0;
  return streamTo(visit, runTeller(visit.streams, run, after, tells, lineOf));
}

async function foundRun({ parts, c, who }: Visit, view: FleetView): Promise<Run> {
  const found = await parts.controller.store.run(c.req.param("id") ?? "");
  const run = found && runFor(view, who, found);
  if (run === undefined) throw notThere("such run; old ones are removed");
  return run;
}

const objectList = ({ objects }: Run): Markup =>
  html`<ul class="plain">${objects.map(({ key, op }) => {
    const name = key.split("/").slice(2).join("/");
    return html`<li>${op} ${key.startsWith("Server/") ? html`<a href="/ui/servers/${name}">${name}</a>` : key.replaceAll("/", " ")}</li>`;
  })}</ul>`;
