import { html } from "hono/html";
import type { Change, ChangeState } from "../../changes/types.ts";
import type { Markup } from "./markup.ts";
import { ago, badge, type Tone } from "./words.ts";

const TONES: Readonly<Record<ChangeState, Tone>> = {
  draft: "idle",
  previewing: "busy",
  previewed: "warn",
  "needs-approval": "warn",
  approved: "good",
  executing: "busy",
  converged: "good",
  failed: "bad",
  closed: "idle",
  stale: "bad",
};

const WORDS: Partial<Record<ChangeState, string>> = { "needs-approval": "needs approval", previewed: "cannot go on" };

export const changeBadge = (state: ChangeState): Markup => badge(TONES[state], WORDS[state] ?? state);

/** One change in a list. */
export const changeLine = ({ id, title, state, author, createdAt }: Change, now: number): Markup =>
  html`<a href="/ui/changes/${id}">${title}</a> ${changeBadge(state)} <small>${author.name}, ${ago(createdAt, now)}</small>`;
