import type { ForgeSpec } from "../../resources/spec.ts";
import { guardedPath } from "./guarded.ts";
import type { Change, ChangePreview } from "./types.ts";

/**
 * Whether a pull request is to be executed before its merge. One that changes accounts or `fleet.yaml` never is: its own words would count for how
 * it is executed, although nobody has merged them.
 */
export const goesAhead = (
  forge: Pick<ForgeSpec, "execute"> | undefined,
  { pull, merged, files }: Pick<Change, "pull" | "merged" | "files">,
): boolean =>
  forge?.execute === "before-merge" && pull !== undefined && merged === undefined && guardedPath(files) === undefined;

/** Whether all of an open pull request's head is done, so that merging it finds nothing to do. */
export const isDoneAhead = ({ state, ahead, merged, preview }: Change): boolean =>
  ahead?.done !== undefined &&
  merged === undefined &&
  (state === "approved" || (state === "needs-approval" && preview?.effects.length === 0));

/**
 * What a look at a pull request that was executed before its merge means. Where nothing remains it is done, and what was executed stays as its preview.
 * @param at ISO instant of the look
 */
export function seenAhead(
  { ahead, preview: before, results }: Pick<Change, "ahead" | "preview" | "results">,
  look: ChangePreview,
  at: string,
): Pick<Change, "ahead"> & { preview: ChangePreview } {
  if (ahead === undefined) return { preview: look };
  const { done: _, ...rest } = ahead;
  if (look.effects.length > 0 || (look.held ?? []).length > 0) return { ahead: rest, preview: look };
  const ended = new Set(results.filter(({ state }) => state !== "failed").map(({ effectHash }) => effectHash));
  const isKept =
    before !== undefined && before.effects.length > 0 && before.effects.every(({ hash }) => ended.has(hash));
  return { ahead: { ...rest, done: at }, preview: isKept ? before : look };
}
