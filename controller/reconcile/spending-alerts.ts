import type { NewEvent } from "../store/types.ts";
import type { Controller } from "./context.ts";
import { hasLimits, type Limited, type SpendingTally, spendingTallies } from "./spending.ts";
import { type Spending, spendingNow } from "./spending-judge.ts";

/** Kind of the events that a notifier sends; their data are a `SpendingAlert`. */
export const SPENDING_ALERT = "spending.alert";

/** An account has come to a share of what it may cost in a month. */
export interface SpendingAlert extends Omit<Spending, "from"> {
  /** The share that it has come to, as its file has it. */
  share: number;
  /** `committed`: its machines cost so much a month; `spent`: this month has cost so much already. */
  by: "committed" | "spent";
}

/** Shares that an account has come to, by what it is to pay a month or by what the month has cost so far; the lowest first. Pure. */
export function alertsOf(tally: SpendingTally): SpendingAlert[] {
  const { from: _, ...spending } = spendingNow(tally);
  const { limitMicro, committedMicro, spentMicro = 0 } = spending;
  const level = Math.max(committedMicro, spentMicro);
  return tally.limit.alertAt
    .filter((share) => level > 0 && level >= Math.round(limitMicro * share))
    .sort((a, b) => a - b)
    .map((share) => ({
      ...spending,
      share,
      by: committedMicro >= Math.round(limitMicro * share) ? ("committed" as const) : ("spent" as const),
    }));
}

/**
 * Records for a notifier what accounts have come to: each share once for an account, its limit and a month, over all processes and whatever is killed
 * in between. Another limit begins anew. Answers what was recorded now.
 * @throws {FleetError} STORE_FAILED
 */
export async function tellSpending(
  controller: Pick<Controller, "store" | "now">,
  desired: Limited,
): Promise<SpendingAlert[]> {
  if (!hasLimits(desired)) return [];
  const due = [...(await spendingTallies(controller, desired)).values()].flatMap((tally) =>
    alertsOf(tally).map((alert): NewEvent & { once: string; data: SpendingAlert } => ({
      once: [SPENDING_ALERT, tally.identity, alert.month, alert.limitMicro, alert.currency, alert.share].join(" "),
      kind: SPENDING_ALERT,
      object: tally.identity,
      data: alert,
    })),
  );
  const fresh = await controller.store.eventsOnce(due);
  return due.filter(({ once }) => fresh.has(once)).map(({ data }) => data);
}
