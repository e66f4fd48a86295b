import type { Ahead, Change, ChangePull, ChangeState, ChangeStep } from "../../changes/types.ts";
import { clipped } from "../../words/text.ts";
import { span } from "../../words/time.ts";
import type { Io } from "../io.ts";
import { renderPreview } from "./preview.ts";
import type { RunLine } from "./runs.ts";
import { aligned } from "./text.ts";

const TITLE_WIDTH = 50;

export type ListedChange = Pick<Change, "id" | "state" | "title" | "author" | "createdAt" | "reason">;
export type ShownChange = Pick<
  Change,
  "id" | "title" | "state" | "preview" | "merged" | "head" | "base" | "results"
> & {
  pull?: Pick<ChangePull, "url">;
  ahead?: Pick<Ahead, "done">;
};
export type TakenStep = Omit<ChangeStep, "change">;

function painted(state: ChangeState, { color }: Io): (text: string) => string {
  if (state === "converged") return color.green;
  if (state === "failed" || state === "stale") return color.red;
  if (state === "needs-approval" || state === "previewed") return color.yellow;
  return state === "closed" ? color.dim : (text) => text;
}

/** A line for each change, and why it is where it is. */
export function renderChanges(changes: readonly ListedChange[], io: Io, now: number): string {
  if (changes.length === 0) return "No changes.";
  const rows = aligned(
    changes.map(({ id, state, title, author, createdAt }) => [
      id,
      state,
      clipped(title, TITLE_WIDTH),
      author.name,
      span(now - Date.parse(createdAt)),
    ]),
  );
  return changes
    .flatMap(({ state, reason }, index) => [
      painted(state, io)(rows[index]!),
      ...(reason ?? "")
        .split("\n")
        .filter(Boolean)
        .map((line) => io.color.dim(`    ${line}`)),
    ])
    .join("\n");
}

/** A change with its preview, the steps it took, and what it can be told next. */
export function renderChange(
  change: ShownChange,
  steps: readonly TakenStep[],
  io: Io,
  runs: readonly RunLine[],
): string {
  const { color } = io;
  const { id, title, state, preview, merged, head, base, results } = change;
  const lines = [`${color.bold(id)}  ${title}  ${painted(state, io)(state)}`];
  for (const { to, by, at, reason } of steps)
    lines.push(
      color.dim(`  ${at.slice(0, 19).replace("T", " ")}  ${to.padEnd(14)}  ${by}${reason ? `: ${reason}` : ""}`),
    );
  if (preview !== undefined) {
    const { held, ...shown } = preview;
    lines.push("", renderPreview({ ...shown, commit: merged ?? head, base, engineRuns: 0, ...(held && { held }) }, io));
  }
  for (const { name, op, state: end, message } of results)
    lines.push(`  ${end === "failed" ? color.red(end) : end}  ${op} ${name}${message ? `: ${message}` : ""}`);
  for (const { id: run, stack, kind, outcome } of runs)
    lines.push(color.dim(`  run ${run}  ${kind} ${stack}: ${outcome ?? "under way"}`));
  const next = nextOf(change);
  if (next !== undefined) lines.push("", next);
  return lines.join("\n");
}

function nextOf({ id, state, preview, pull, ahead }: ShownChange): string | undefined {
  if (state === "approved" && pull !== undefined && ahead?.done) return `It is executed. Merge it: ${pull.url}`;
  if (state === "needs-approval") return `Approve it: fleetwright change approve ${id} --hash ${preview!.hash}`;
  if (state === "approved") return `Execute it: fleetwright change execute ${id}`;
  if (state === "stale" || state === "draft") return `Look at it anew: fleetwright change preview ${id}`;
  return undefined;
}
