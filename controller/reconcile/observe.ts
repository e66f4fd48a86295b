import type { Cloud } from "../../resources/cloud.ts";
import type { AppliedObject } from "../store/types.ts";
import { type Controller, callOn } from "./context.ts";
import { markOf, type Seen } from "./effects.ts";
import { canLook, lookAt, type Sight } from "./look.ts";
import type { Match, MatchedAccount } from "./match.ts";
import { inParallel } from "./pool.ts";

/** Tells whether a mark is of an object of this fleet: one on record, or one that a change under way gives. */
export type IsOurs = (mark: string) => boolean;

/** All marks of a fleet that machines may carry now. Only worked out when a machine carries an unexpected one. */
export function ownMarks(fleetId: string, matches: Match[]): IsOurs {
  let marks: Set<string> | undefined;
  const all = () =>
    new Set(
      matches.flatMap((match) => {
        const { applied, identity, account } = match;
        const kind = (match.desired?.spec ?? match.applied!).kind;
        const next = markOf(fleetId, { kind, identity, account }, applied === undefined ? 0 : applied.generation + 1);
        return applied === undefined ? [next] : [applied.mark, next];
      }),
    );
  return (mark) => {
    marks ??= all();
    return marks.has(mark);
  };
}

/**
 * What has become of a recorded machine or firewall. Another of our machines under its id says that it is gone too: some clouds give an id again.
 * What is without our mark, or has a stranger's, is still there and not ours any more.
 */
export function judge({ mark }: AppliedObject, sight: Sight | undefined, isOurs: IsOurs): Seen {
  if (sight === undefined) return { gone: true };
  const { drift } = sight;
  if (sight.mark === mark || sight.tags.includes(mark)) return { gone: false, drift };
  // One that is being made ready may show its mark later.
  if (sight.mark === undefined && sight.provisioning !== undefined) return { gone: false, drift };
  if (sight.mark === undefined) return { gone: false, drift, holder: "nobody" };
  return isOurs(sight.mark) ? { gone: true } : { gone: false, drift, holder: "another" };
}

/**
 * Step one of a reconcile: the recorded machines and firewalls that this change touches, as they are now. One call each, a second for one that
 * seems gone.
 * The drift is against the document that was applied: what somebody changed by hand, not what the commit changes.
 */
export async function observe(
  controller: Controller,
  matches: Match[],
  cloudOfMatch: (match: Match) => { cloud: Cloud; account: MatchedAccount } | undefined,
  isOurs: IsOurs,
  signal: AbortSignal,
): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen>();
  await inParallel(matches, 16, async (match) => {
    const { applied } = match;
    if (applied?.cloudId === undefined) return;
    const place = cloudOfMatch(match);
    if (place === undefined || !canLook(place.cloud, applied.document)) return;
    const call = callOn(controller, place.account.spec, signal);
    const sight = await lookAt(place.cloud, applied, applied.cloudId, call, controller.sleep);
    seen.set(match.key, judge(applied, sight, isOurs));
  });
  return seen;
}
