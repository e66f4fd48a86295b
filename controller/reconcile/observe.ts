import type { ActualServer, Call, Cloud } from "../../resources/cloud.ts";
import { type Controller, callOn } from "./context.ts";
import type { Seen } from "./effects.ts";
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

/**
 * Step one of a reconcile: the recorded machines that this change touches, as they are now. One call each, a second for one that seems gone.
 * The drift is against the document that was applied: what somebody changed by hand, not what the commit changes.
 */
export async function observe(
  controller: Controller,
  matches: Match[],
  cloudOfMatch: (match: Match) => { cloud: Cloud; account: MatchedAccount } | undefined,
  signal: AbortSignal,
): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen>();
  const recorded = matches.filter(({ applied }) => applied?.kind === "Server" && applied.cloudId !== undefined);
  await inParallel(recorded, 16, async (match) => {
    const place = cloudOfMatch(match);
    if (place === undefined) return;
    const call = callOn(controller, place.account.spec, signal);
    const actual = await lookTwice(place.cloud, match.applied!.cloudId!, call, controller.sleep);
    if (actual === undefined) return void seen.set(match.key, { gone: true });
    const { document } = match.applied!;
    const drift =
      document.kind === "Server" ? findDrift(place.cloud.expect(document, match.applied!.mark), actual) : [];
    seen.set(match.key, { gone: false, drift });
  });
  return seen;
}
