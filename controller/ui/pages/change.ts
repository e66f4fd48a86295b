import { html } from "hono/html";
import { goesAhead, isDoneAhead } from "../../changes/ahead-rules.ts";
import { filesOf } from "../../changes/files.ts";
import { isBusy } from "../../changes/transitions.ts";
import type { Ahead, Change, ChangePull, ChangeState, ChangeStep } from "../../changes/types.ts";
import { passes } from "../../reconcile/preview.ts";
import type { Verdict } from "../../reconcile/types.ts";
import type { RunRecord } from "../../store/types.ts";
import { counted } from "../../words/text.ts";
import { cursorOf, lineOf, liveFrom, streamTo } from "../live.ts";
import { changeBadge } from "../parts/changes.ts";
import { effectTree } from "../parts/effects.ts";
import { fileDiff } from "../parts/file-diff.ts";
import { eventLog } from "../parts/log.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { runLine } from "../parts/runs.ts";
import { ago, badge, empty, facts, money, moneyChange, shortCommit } from "../parts/words.ts";
import { changeOf } from "../reads/changes.ts";
import { progressOf } from "../reads/progress.ts";
import type { Page, Visit } from "../visit.ts";
import { changeActions } from "./change-actions.ts";
import { effectCounts } from "./changes.ts";

/** Of changes of whole fleets only the beginning is shown. */
const MOST_FILES = 50;
const MOST_EFFECTS = 200;

/** `/ui/changes/ID` */
export async function changePage(visit: Visit): Promise<Page> {
  const change = await changeOf(visit, visit.c.req.param("id") ?? "");
  const { controller, service } = visit.parts;
  const [steps, runs, files] = await Promise.all([
    service.changes.steps(change.id),
    service.changes.runs(change),
    filesOf(controller.repo, { ...change, files: change.files.slice(0, MOST_FILES) }),
  ]);
  const before = change.pull !== undefined && goesAhead((await visit.view()).desired.fleet.forge, change);
  const now = controller.now();
  const here = `/ui/changes/${change.id}`;
  const told = isBusy(change) ? await progressOf(visit, change, 0) : { events: [], last: 0 };
  const live = isBusy(change) ? liveFrom(here, `${change.version}.${told.last}`) : nothing;
  return {
    title: change.title,
    place: "changes",
    body: html`<div id="live"${live}>
<div class="head"><h1>${change.title}</h1> <span role="status">${changeBadge(change.state)}</span></div>
${isBusy(change) ? progress(change, here) : nothing}
${change.reason === undefined ? nothing : html`<p class="notice lines ${change.state === "failed" || change.state === "stale" ? "bad" : ""}">${change.reason}</p>`}
${change.state === "executing" ? html`<section class="card"><h2>What happens</h2>${eventLog(told.events)}</section>` : nothing}
${next(change, before)}
${changeActions(visit, change, before)}
<section class="card">${facts([
      ["Asked by", html`${change.author.name} <small>on the ${change.surface}</small>`],
      ["Opened", ago(change.createdAt, now)],
      ["Effects", change.preview && effectCounts(change.preview.effects)],
      ["Costs a month", change.preview && costWords(change)],
      ["Sold for", change.preview && priceWords(change)],
      ["Pull request", change.pull && pullLink(change.pull)],
      ["Executed before its merge", change.ahead?.begun && aheadWords(change.ahead, now)],
      ["Commit", change.merged && shortCommit(change.merged)],
      ["Number", html`<code>${change.id}</code>`],
    ])}</section>
${change.preview === undefined ? nothing : effectsCard(change)}
${change.preview === undefined ? nothing : guardsCard(change.preview.verdicts)}
<section class="card"><h2>Files</h2>${filesShown(change, files)}</section>
<section class="card"><h2>Steps</h2>${stepList(steps, now)}
${runs.length === 0 ? nothing : html`<h3>Runs</h3><ul class="plain">${runs.map((run: RunRecord) => html`<li>${runLine(run, now)}</li>`)}</ul>`}</section>
</div>`,
  };
}

/** `/ui/changes/ID/events`: what is told while it is under way, until nothing more becomes of it by itself. */
export async function changeEvents(visit: Visit): Promise<Response> {
  const { id } = await changeOf(visit, visit.c.req.param("id") ?? "");
  let [version = 0, last = 0] = cursorOf(visit)
    .split(".")
    .map((number) => Number(number) || 0);
  return streamTo(visit, async (stream) => {
    const change = await visit.parts.service.changes.get(id);
    const told = await progressOf(visit, change, last);
    last = told.last;
    for (const event of told.events) await stream.writeSSE({ id: `${version}.${event.seq}`, ...lineOf(event) });
    if (!isBusy(change)) {
      await stream.writeSSE({ event: "end", data: change.state });
      return "end";
    }
    if (change.version !== version) {
      version = change.version;
      await stream.writeSSE({ id: `${version}.${last}`, event: "look", data: change.state });
    }
    return "wait";
  });
}

/** Addresses are the forge's word. */
const pullLink = ({ number, url }: ChangePull): Markup =>
  /^https?:\/\//.test(url) ? html`<a href="${url}" rel="noreferrer">${number}</a>` : html`${number}`;

const aheadWords = ({ since, by, objects }: Ahead, now: number): Markup =>
  html`${ago(since, now)} <small>by ${by.replace(/ <[^>]*>$/, "")}, ${counted(objects.length, "object")}</small>`;

function filesShown(change: Change, files: Awaited<ReturnType<typeof filesOf>>): Markup {
  if (change.reverts !== undefined)
    return html`<p>It changes none: what was changed by hand becomes again what these say.</p><ul class="plain">${change.files.slice(0, MOST_FILES).map((path) => html`<li><code>${path}</code></li>`)}</ul>${more(change.files.length - MOST_FILES, "file")}`;
  if (files === undefined) return empty("Their texts are not kept of a change that was closed.");
  return html`${files.map((file) => fileDiff(file))}${more(change.files.length - files.length, "file")}`;
}

const more = (count: number, what: string): Markup =>
  count > 0 ? html`<p><small>and ${counted(count, `more ${what}`)}</small></p>` : nothing;

function progress({ state, preview, results }: Change, here: string): Markup {
  const all = preview?.effects.length ?? 0;
  const done = results.filter(({ state: end }) => end !== "failed").length;
  const words =
    state === "executing"
      ? `${done} of ${all} done`
      : state === "previewing"
        ? "Looking at what it would do"
        : "About to be executed";
  const meter =
    state === "executing" && all > 0
      ? html`<progress max="${all}" value="${done}" aria-label="Effects done"></progress>`
      : html`<progress aria-label="${words}"></progress>`;
  return html`<p class="progress">${meter} ${words}. <a href="${here}">Look again</a></p>`;
}

const NEXT: Partial<Record<ChangeState, string>> = {
  previewed: "It cannot be executed as it is: see its guards, or what holds it.",
  "needs-approval": "It waits for somebody who approves what is shown below.",
  approved: "It is approved. Executed, it becomes a commit on the main line and then what the clouds have.",
  failed: "An effect has failed. It is tried again by itself.",
  stale: "It does not fit the fleet any more: preview it anew, or close it.",
  draft: "Nobody has looked at it yet.",
};

function next(change: Change, before: boolean): Markup {
  const words = pullWords(change, before) ?? NEXT[change.state];
  return words === undefined ? nothing : html`<p>${words}</p>`;
}

/** Where the next step of a pull request is another than that of other changes. */
function pullWords(change: Change, before: boolean): string | undefined {
  if (change.pull === undefined || change.merged !== undefined) return undefined;
  if (isDoneAhead(change)) return "It is executed: merging it at the forge finds nothing more to do.";
  if (change.state !== "approved") return undefined;
  return before
    ? "It is approved, and to be executed before it is merged."
    : "It is approved. Merging it at the forge executes it.";
}

function effectsCard({ preview, results }: Change): Markup {
  const { effects, held = [], notes } = preview!;
  const byHash = new Map(results.map((result) => [result.effectHash, result]));
  return html`<section class="card"><h2>What it does</h2>
${effects.length + held.length === 0 ? empty("It does nothing to any machine.") : html`${effectTree(effects.slice(0, MOST_EFFECTS), held.slice(0, MOST_EFFECTS), byHash)}${more(effects.length - MOST_EFFECTS, "effect")}${more(held.length - MOST_EFFECTS, "held effect")}`}
${notes.map((note) => html`<p><small>${note}</small></p>`)}</section>`;
}

function guardsCard(verdicts: readonly Verdict[]): Markup {
  if (verdicts.length === 0)
    return html`<section class="card"><h2>Guards</h2><p>${badge("good", "nothing to object")}</p></section>`;
  return html`<section class="card"><h2>Guards</h2><ul class="plain">${verdicts.map(
    (verdict) =>
      html`<li>${passes(verdict) ? badge("good", "passed") : badge("bad", "refuses")} <b>${verdict.guard}</b> ${verdict.message}</li>`,
  )}</ul></section>`;
}

const costWords = ({ preview }: Change): Markup => change(preview!.cost);

function priceWords({ preview }: Change): Markup | undefined {
  const { cost, price } = preview!;
  return JSON.stringify(cost) === JSON.stringify(price) ? undefined : change(price);
}

function change({ before, after }: NonNullable<Change["preview"]>["cost"]): Markup {
  const by = moneyChange(before, after);
  if (before.length + after.length === 0) return html`nothing that has a price`;
  return html`${money(before) || "0"} <span aria-hidden="true">→</span><span class="unseen"> becomes </span> <b>${money(after) || "0"}</b>${by === "" ? nothing : html` <small>(${by})</small>`}`;
}

const stepList = (steps: readonly ChangeStep[], now: number): Markup =>
  html`<ol class="steps">${steps.map(
    ({ to, by, at, reason }) =>
      html`<li>${changeBadge(to)} ${by.replace(/ <[^>]*>$/, "")} <small>${ago(at, now)}</small>${reason === undefined ? nothing : html`<p class="lines"><small>${reason}</small></p>`}</li>`,
  )}</ol>`;
