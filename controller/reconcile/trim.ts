import type { Cloud } from "../../resources/cloud.ts";
import { type Controller, callOn } from "./context.ts";
import type { MatchedAccount } from "./match.ts";
import type { ObjectResult } from "./results.ts";
import { isRulePath } from "./rules.ts";

/**
 * Takes rules away that a hand has added, where the plugin does not know them: the engine's run has left them as they were. Only in firewalls that
 * still carry our mark, and only where the approved effect is to bring rules back.
 */
export async function trimFirewalls(
  controller: Controller,
  cloud: Cloud,
  account: MatchedAccount,
  results: readonly ObjectResult[],
  signal: AbortSignal,
): Promise<void> {
  const { firewalls } = cloud;
  if (firewalls?.trim === undefined) return;
  const call = callOn(controller, account.spec, signal);
  for (const { work, id = work.applied?.cloudId } of results) {
    const { desired, effect, mark } = work;
    if (desired?.kind !== "Firewall" || id === undefined) continue;
    if (!effect.changes.some(({ path, drift }) => drift && isRulePath(path))) continue;
    const actual = await firewalls.observe(id, call);
    if (actual?.mark === mark) await firewalls.trim(id, desired, call);
  }
}
