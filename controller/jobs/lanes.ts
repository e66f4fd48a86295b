import { isOwnStack } from "../reconcile/cells.ts";
import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import { isSettled, type Match, matchObjects, readRecords } from "../reconcile/match.ts";
import { objectKey } from "../reconcile/types.ts";

/**
 * What is reconciled by one job: the stacks of one account, whose order matters (what servers share goes first), or a stack that a machine has
 * for itself, whose run may take hours. Lanes know nothing of each other: one that fails holds up no other.
 */
export interface Lane {
  /** The account's identity, or the name of the stack. */
  name: string;
  /** Identity of the account. */
  account: string;
  /** Stacks with something to do. */
  stacks: string[];
  /** `objectKey` of what is not as the files say, or to be brought back. */
  objects: Set<string>;
}

/**
 * Lanes in which something is not as the files say, by name; decided from files and records alone.
 * @param besides `objectKey` of what is to be brought back, although it is on record as the files say
 */
export async function unsettledLanes(
  controller: Controller,
  desired: Desired,
  besides: ReadonlySet<string> = new Set(),
): Promise<Map<string, Lane>> {
  const applied = await readRecords(controller.store, desired);
  const all = matchObjects(desired.objects, applied, desired.accounts);
  return lanesOf(all.filter((match) => !isSettled(match) || besides.has(match.key)));
}

export function lanesOf(unsettled: Match[]): Map<string, Lane> {
  const lanes = new Map<string, Lane>();
  for (const match of unsettled) {
    const name = isOwnStack(match.stack) ? match.stack : match.account;
    const lane = lanes.get(name) ?? { name, account: match.account, stacks: [], objects: new Set<string>() };
    if (!lane.stacks.includes(match.stack)) lane.stacks.push(match.stack);
    lane.objects.add(objectKey((match.desired?.spec ?? match.applied)!));
    lanes.set(name, lane);
  }
  return lanes;
}
