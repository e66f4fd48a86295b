import { html } from "hono/html";
import type { ChangeResult } from "../../changes/types.ts";
import type { Effect, Change as FieldChange, HeldEffect, Hold } from "../../reconcile/types.ts";
import { label } from "../../words/objects.ts";
import { fieldDiffs } from "./fields.ts";
import { type Markup, nothing } from "./markup.ts";
import { badge, money, moneyChange, type Tone } from "./words.ts";

const TONES: Readonly<Record<Effect["op"], Tone>> = {
  create: "good",
  update: "busy",
  replace: "bad",
  delete: "bad",
  adopt: "good",
  forget: "warn",
};

/** Fields of what is made that are there before one asks. */
const TOLD = 8;

/** What is done to which object of which account, and of it each field. */
export function effectTree(
  effects: readonly Effect[],
  held: readonly HeldEffect[],
  results: ReadonlyMap<string, ChangeResult>,
): Markup {
  const all = [...effects.map((effect) => ({ effect, holds: [] as Hold[] })), ...held];
  const accounts = Map.groupBy(all, ({ effect }) => effect.object.account);
  return html`<ul class="tree">${[...accounts].map(
    ([account, own]) =>
      html`<li><span class="branch">${account}</span><ul>${own.map(({ effect, holds }) => leaf(effect, holds, results.get(effect.hash)))}</ul></li>`,
  )}</ul>`;
}

function leaf(effect: Effect, holds: readonly Hold[], result: ChangeResult | undefined): Markup {
  const { op, object, changes, replaceReasons, dataLoss, notes, commands = [] } = effect;
  return html`<li class="effect"><div class="line">${badge(TONES[op], op)} ${name(object)}${monthly(effect)}${result === undefined ? nothing : end(result)}</div>
${dataLoss ? html`<p class="notice bad">Everything on its disks is lost.</p>` : nothing}
${replaceReasons.length > 0 ? html`<p><small>made anew because of ${replaceReasons.join(", ")}</small></p>` : nothing}
${holds.map(({ what, reason, until }) => html`<p class="notice">Held by ${what}: ${reason}${until === undefined ? nothing : html`, until <time datetime="${until}">${until}</time>`}</p>`)}
${fields(changes)}
${commands.map((command) => html`<p><code>${command}</code></p>`)}
${notes.map((note) => html`<p><small>${note}</small></p>`)}
${result?.message === undefined ? nothing : html`<p class="notice bad lines">${result.message}</p>`}</li>`;
}

function fields(changes: readonly FieldChange[]): Markup {
  if (changes.length <= TOLD) return changes.length === 0 ? nothing : fieldDiffs(changes);
  return html`${fieldDiffs(changes.slice(0, TOLD))}<details><summary>${changes.length - TOLD} more fields</summary>${fieldDiffs(changes.slice(TOLD))}</details>`;
}

const name = (object: Effect["object"]): Markup =>
  object.kind === "Server" ? html`<a href="/ui/servers/${object.name}">${object.name}</a>` : html`${label(object)}`;

function monthly({ cost }: Effect): Markup {
  const by = moneyChange(cost?.before ? [cost.before] : [], cost?.after ? [cost.after] : []);
  if (by !== "") return html` <small>${by} a month</small>`;
  return cost?.after === undefined ? nothing : html` <small>${money(cost.after)} a month, as before</small>`;
}

const ENDS: Readonly<Record<string, Tone>> = { converged: "good", failed: "bad" };

const end = ({ state }: ChangeResult): Markup => html` ${badge(ENDS[state] ?? "busy", state)}`;
