import { html } from "hono/html";
import { eventObject, eventWords } from "../../reconcile/event-words.ts";
import type { StoredEvent } from "../../store/types.ts";
import { type Markup, nothing } from "./markup.ts";
import { badge, type Tone, value } from "./words.ts";

const TONES: Readonly<Record<string, Tone>> = {
  failed: "bad",
  succeeded: "good",
  converged: "good",
  killed: "bad",
  error: "bad",
  warning: "warn",
};

/** What has happened, line by line; a stream adds to it. */
export const eventLog = (events: readonly StoredEvent[]): Markup =>
  html`<div role="log"><ol class="log" data-lines>${events.map(eventLine)}</ol></div>`;

export function eventLine({ at, kind, object, data }: StoredEvent): Markup {
  const end = kind.split(".").at(-1) ?? kind;
  return html`<li><time datetime="${at}">${at.slice(11, 19)}</time> ${badge(TONES[end] ?? "idle", kind)} ${object === undefined ? nothing : eventObject(object)} <span class="lines">${words(data)}</span></li>`;
}

function words(data: unknown): string {
  const { told, changes } = eventWords(data);
  return [...told, ...(changes === undefined ? [] : [value(changes)])].join(" ");
}
