import { html } from "hono/html";
import { driftFor } from "../../api/fleet/reads/drift.ts";
import { type DriftCause, GONE } from "../../reconcile/causes.ts";
import { counted } from "../../words/text.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { ago, badge, empty, shortCommit, value } from "../parts/words.ts";
import type { Page, Visit } from "../visit.ts";
import { causeActions } from "./drift-actions.ts";

/** Names of a cause that are there before one asks. */
const TOLD = 8;

/** `/ui/drift`: one row for each thing that has happened, as the last passes have found it. */
export async function driftPage(visit: Visit): Promise<Page> {
  const accounts = await driftFor(visit.parts, await visit.view(), visit.who);
  const now = visit.parts.controller.now();
  const drifted = accounts.filter(({ causes }) => causes.length > 0);
  return {
    title: "Drift",
    place: "drift",
    body: html`<div class="head"><h1>Drift</h1></div>
<p>What somebody or something has changed at the clouds since it was applied.</p>
${drifted.length === 0 ? empty("Nothing differs.") : drifted.map(({ account, causes }) => accountCard(visit, account, causes))}
<section class="card"><h2>Last read</h2><ul class="plain">${accounts.map(
      ({ account, readAt }) =>
        html`<li>${account} <small>${readAt === undefined ? "not yet" : ago(readAt, now)}</small></li>`,
    )}</ul></section>`,
  };
}

const accountCard = (visit: Visit, account: string, causes: readonly DriftCause[]): Markup =>
  html`<section class="card"><h2>${account}</h2><ul class="causes">${causes.map((cause) => causeItem(visit, cause))}</ul></section>`;

function causeItem(visit: Visit, cause: DriftCause): Markup {
  const now = visit.parts.controller.now();
  const { object, path, names, since, wanted } = cause;
  return html`<li><p>${badge("warn", counted(names.length, object === "Server" ? "server" : "firewall"))} ${what(cause)}</p>
<p>${links(cause, names.slice(0, TOLD))}</p>
${names.length <= TOLD ? nothing : html`<details><summary>${names.length - TOLD} more</summary><p>${links(cause, names.slice(TOLD))}</p></details>`}
<p><small>since ${ago(since, now)}${wanted === undefined ? nothing : html`, ${path === GONE ? "last changed" : "wanted"} by ${wanted.name} in ${shortCommit(wanted.commit)}`}</small></p>
${causeActions(visit, cause)}</li>`;
}

function what({ path, desired, actual, names }: DriftCause): Markup {
  if (path === GONE) return html`${names.length === 1 ? "is" : "are"} gone from the cloud`;
  const field = path.startsWith("rules[") ? "rules" : path;
  if (desired === undefined) return html`<code>${field}</code>: has <del>${value(actual)}</del>, which is not wanted`;
  if (actual === undefined) return html`<code>${field}</code>: lacks <ins>${value(desired)}</ins>`;
  return html`<code>${field}</code> is <strong>${value(actual)}</strong>, wanted <ins>${value(desired)}</ins>`;
}

const links = ({ object }: DriftCause, names: readonly string[]): Markup[] =>
  names.map(
    (name, index) =>
      html`${index > 0 ? ", " : ""}${object === "Server" ? html`<a href="/ui/servers/${name}">${name}</a>` : name}`,
  );
