import { html } from "hono/html";
import type { Change } from "../../reconcile/types.ts";
import { type Markup, nothing } from "./markup.ts";
import { value } from "./words.ts";

/** Field by field what was and what is to be: signs tell it as well as colours. */
export const fieldDiffs = (changes: readonly Change[]): Markup =>
  html`<ul class="fields">${changes.map(
    (change) =>
      html`<li><code>${change.path}</code> ${words(change)}${change.drift ? html` <em>changed by hand</em>` : nothing}</li>`,
  )}</ul>`;

function words({ path, before, after, secret }: Change): Markup {
  if (secret) return html`<em>hidden</em>`;
  if (path === "…") return html`${value(after ?? before)}`;
  if (before === undefined) return html`<ins>${value(after)}</ins>`;
  if (after === undefined) return html`<del>${value(before)}</del>`;
  return html`<del>${value(before)}</del> <span aria-hidden="true">→</span><span class="unseen"> becomes </span> <ins>${value(after)}</ins>`;
}
