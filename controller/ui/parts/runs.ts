import { html } from "hono/html";
import type { RunRecord } from "../../store/types.ts";
import { seconds } from "../../words/time.ts";
import { type Markup, nothing } from "./markup.ts";
import { ago, badge, type Tone } from "./words.ts";

type Shown = Pick<RunRecord, "id" | "stack" | "kind" | "startedAt" | "finishedAt" | "outcome">;

const TONES: Readonly<Record<NonNullable<RunRecord["outcome"]>, Tone>> = {
  succeeded: "good",
  failed: "bad",
  cancelled: "idle",
  killed: "bad",
};

export const runBadge = ({ outcome }: Pick<Shown, "outcome">): Markup =>
  outcome === undefined ? badge("busy", "under way") : badge(TONES[outcome], outcome);

export const runTook = ({ startedAt, finishedAt }: Pick<Shown, "startedAt" | "finishedAt">): string =>
  finishedAt === undefined ? "" : seconds(Date.parse(finishedAt) - Date.parse(startedAt));

/** One run in a list. */
export const runLine = (run: Shown, now: number): Markup =>
  html`<a href="/ui/runs/${run.id}">${run.kind} of ${run.stack}</a> ${runBadge(run)} <small>${ago(run.startedAt, now)}${run.finishedAt === undefined ? nothing : `, ${runTook(run)}`}</small>`;
