import { eventObject, eventWords } from "../../reconcile/event-words.ts";
import type { RunRecord, StoredEvent } from "../../store/types.ts";
import { seconds } from "../../words/time.ts";
import type { Io } from "../io.ts";
import { aligned } from "./text.ts";

/** Of a run, what is shown of it in a list. */
export type RunLine = Pick<RunRecord, "id" | "stack" | "kind" | "startedAt" | "finishedAt" | "outcome">;

/** One thing that a run tells. */
export type RunTold = Pick<StoredEvent, "seq" | "at" | "kind" | "object" | "data">;

/** The last that is heard of it. */
export interface RunEnd {
  outcome: string;
}

/** A line for each run, the newest first. */
export function renderRuns(runs: readonly RunLine[], io: Io): string {
  if (runs.length === 0) return "No runs.";
  const rows = aligned(
    runs.map(({ id, stack, kind, startedAt, finishedAt, outcome }) => [
      id,
      `${kind} ${stack}`,
      outcome ?? "under way",
      startedAt.slice(0, 19).replace("T", " "),
      finishedAt === undefined ? "" : seconds(Date.parse(finishedAt) - Date.parse(startedAt)),
    ]),
  );
  return rows.map((row, index) => painted(runs[index]!.outcome, io)(row.trimEnd())).join("\n");
}

/** `12:04:11  outcome  web-1  create` */
export function renderTold({ at, kind, object, data }: RunTold, io: Io): string {
  const name = object && eventObject(object);
  const line = [at.slice(11, 19), kind, name, wordsOf(data)].filter(Boolean).join("  ");
  return kind === "error" ? io.color.red(line) : line;
}

export const renderEnd = ({ outcome }: RunEnd, io: Io): string => painted(outcome, io)(`The run ${endWords(outcome)}.`);

const endWords = (outcome: string): string =>
  ({ succeeded: "has succeeded", failed: "has failed", killed: "was killed", cancelled: "was cancelled" })[outcome] ??
  `has ended: ${outcome}`;

function painted(outcome: string | undefined, { color }: Io): (text: string) => string {
  if (outcome === "succeeded") return color.green;
  return outcome === undefined ? (text) => text : color.red;
}

function wordsOf(data: unknown): string {
  const { told, changes } = eventWords(data);
  const counts = Object.entries((changes ?? {}) as Record<string, unknown>).map(([what, many]) => `${what}=${many}`);
  return [...told, counts.join(", ")].filter(Boolean).join(" ");
}
