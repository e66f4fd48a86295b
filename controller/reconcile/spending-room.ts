import type { Controller } from "./context.ts";
import type { Overrides } from "./guards.ts";
import { withLeases } from "./leases.ts";
import { type Limited, limitedBy, limitOf, spendingTallies } from "./spending.ts";
import { spendingVerdicts } from "./spending-judge.ts";
import type { Effect, Verdict } from "./types.ts";

export interface RoomRequest {
  desired: Limited;
  /** Those that are to be approved. */
  effects: readonly Effect[];
  /** Id of the change that they are of. */
  change?: string | undefined;
  overrides: Overrides;
}

/**
 * Judges what is about to be approved by what its accounts are to pay now, and does not let anybody else, in whichever process, approve something
 * that makes the same accounts dearer until `work` has put the approval on record. Where no account has a cap, it waits for nobody.
 * @param work told what the caps say; it approves nothing when one of them refuses
 * @throws {FleetError} STACK_BUSY
 */
export async function whileRoom<T>(
  controller: Controller,
  { desired, effects, change, overrides }: RoomRequest,
  signal: AbortSignal,
  work: (verdicts: Verdict[], signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limited = limitedBy(effects, desired);
  const wanted = new Set(
    [...desired.accounts.values()]
      .filter((account) => limited.has(account.identity) && limitOf(account, desired.fleet)?.cap)
      .map(({ identity }) => identity),
  );
  if (wanted.size === 0) return await work([], signal);
  const leases = [...wanted].map((identity) => `spending ${identity}`);
  return await withLeases(controller, leases, signal, async (signal) => {
    const tallies = await spendingTallies(controller, desired, { wanted, own: change });
    const open = await controller.store.openApprovals();
    return await work(spendingVerdicts(tallies.values(), effects, open, overrides), signal);
  });
}
