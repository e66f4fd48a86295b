import type { Execution } from "../reconcile/execute.ts";
import { holdText } from "../reconcile/holds.ts";
import type { Effect } from "../reconcile/types.ts";

/** A rollout that has failed in one of its waves is a person's: coming again would begin the servers behind it. */
export function pausedBy({
  outcomes,
  left = [],
  failed,
}: Pick<Execution, "outcomes" | "left" | "failed">): string | undefined {
  if (failed === 0 || left.length === 0) return undefined;
  const failures = outcomes.flatMap(({ name, state, message }) => (state === "failed" ? [`${name}: ${message}`] : []));
  return ["the rollout is paused", ...failures].join("\n");
}

type Ended = Pick<Execution, "left"> & { preview: Pick<Execution["preview"], "held" | "effects"> };

/** What of a lane is not done now, and when it may be. */
interface HeldBy {
  effects: Effect[];
  reasons: string[];
  /** The earliest time at which one of them may be done. */
  until?: string;
}

/** Undefined when all of it may be done now. */
export function heldBy({ preview: { held = [], effects }, left = [] }: Ended): HeldBy | undefined {
  if (held.length === 0 && left.length === 0) return undefined;
  const ends = held.flatMap(({ holds }) => {
    const untils = holds.map(({ until }) => until);
    return untils.every((until) => until !== undefined) ? [untils.sort().at(-1)!] : [];
  });
  // What was to be done when its window closed is looked at anew at once, and then says when the next one opens.
  const [until] = left.length > 0 ? [new Date(0).toISOString()] : ends.sort();
  const late = new Set(left.map(({ effectHash }) => effectHash));
  return {
    effects: [...held.map(({ effect }) => effect), ...effects.filter(({ hash }) => late.has(hash))],
    reasons: [...held.flatMap(({ holds }) => holds.map(holdText)), ...left.map(({ why }) => why)],
    ...(until === undefined ? {} : { until }),
  };
}
