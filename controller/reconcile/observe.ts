import type { ActualServer, Call, Cloud } from "../../resources/cloud.ts";
import type { AppliedObject } from "../store/types.ts";
import { type Controller, callOn } from "./context.ts";
import { markOf, type Seen } from "./effects.ts";
import { findDrift } from "./find-drift.ts";
import type { Match, MatchedAccount } from "./match.ts";
import { inParallel } from "./pool.ts";

/** Apart in time so that one stale replica cannot say "gone" twice. */
const SECOND_LOOK_MS = 1_000;

/**
 * Looks at one machine directly. "Gone" needs the cloud's own word twice, apart in time; any fault is thrown, never read as gone.
 */
export async function lookTwice(
  cloud: Cloud,
  id: string,
  call: Call,
  sleep: Controller["sleep"],
): Promise<ActualServer | undefined> {
  const first = await cloud.observe(id, call);
  if (first !== undefined) return first;
  await sleep(SECOND_LOOK_MS, call.signal);
  return await cloud.observe(id, call);
}

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
 * What has become of a recorded machine. Another of our machines under its id says that it is gone too: some clouds give an id again. A machine
 * without our mark, or with a stranger's, is still there and not ours any more.
 */
export function judge(record: AppliedObject, actual: ActualServer | undefined, cloud: Cloud, isOurs: IsOurs): Seen {
  if (actual === undefined) return { gone: true };
  const { document, mark } = record;
  const drift = document.kind === "Server" ? findDrift(cloud.expect(document, mark), actual) : [];
  if (actual.mark === mark || actual.tags.includes(mark)) return { gone: false, drift };
  if (actual.mark === undefined) return { gone: false, drift, holder: "nobody" };
  return isOurs(actual.mark) ? { gone: true } : { gone: false, drift, holder: "another" };
}

/**
 * Step one of a reconcile: the recorded machines that this change touches, as they are now. One call each, a second for one that seems gone.
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
  const recorded = matches.filter(({ applied }) => applied?.kind === "Server" && applied.cloudId !== undefined);
  await inParallel(recorded, 16, async (match) => {
    const place = cloudOfMatch(match);
    if (place === undefined) return;
    const call = callOn(controller, place.account.spec, signal);
    const actual = await lookTwice(place.cloud, match.applied!.cloudId!, call, controller.sleep);
    seen.set(match.key, judge(match.applied!, actual, place.cloud, isOurs));
  });
  return seen;
}
