import { readDesired } from "../../reconcile/desired.ts";
import { spendingTallies } from "../../reconcile/spending.ts";
import { isOver, type Spending, spendingNow } from "../../reconcile/spending-judge.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { remoteOf } from "../remote/settings.ts";
import { renderSpending } from "../render/spending.ts";
import { withSession } from "../session.ts";

/** `fleetwright spending`: what accounts may cost a month, and what they do. Exit 0; 2 when one is above its limit, or on the way there. */
export async function spendingVerb(flags: GlobalOptions, io: Io): Promise<number> {
  const remote = await remoteOf(flags);
  if (remote !== undefined) return print((await remote.get<{ accounts: Spending[] }>("/spending")).accounts, flags, io);
  return await withSession(flags, io, async ({ controller, signal }) => {
    const desired = await readDesired(controller, await controller.repo.head(), signal);
    const tallies = [...(await spendingTallies(controller, desired)).values()];
    return print(
      tallies.map(spendingNow).sort((a, b) => (a.account < b.account ? -1 : 1)),
      flags,
      io,
    );
  });
}

function print(accounts: readonly Spending[], { json }: GlobalOptions, io: Io): number {
  io.out(json ? JSON.stringify({ accounts }) : renderSpending(accounts, io));
  return accounts.some(isOver) ? EXIT.changes : EXIT.ok;
}
