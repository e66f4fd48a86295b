import { isOver, type Spending, shareWords, units } from "../../reconcile/spending-judge.ts";
import type { Io } from "../io.ts";
import { aligned } from "./text.ts";

/** A line an account: what it costs a month of what it may, what the month has cost, and what it comes to by its end. */
export function renderSpending(accounts: readonly Spending[], { color }: Io): string {
  if (accounts.length === 0)
    return "No account has a limit: `spending` of its file, or `policies.spending` of fleet.yaml, gives it one.";
  const lines = aligned(accounts.map(cells));
  return lines.map((line, index) => (isOver(accounts[index]!) ? color.red(line) : line)).join("\n");
}

function cells(spending: Spending): string[] {
  const { account, committedMicro, limitMicro, currency, spentMicro, projectedMicro, month, from, uncounted, cap } =
    spending;
  const share = shareWords(spending);
  return [
    account,
    `${units(committedMicro)} of ${units(limitMicro)} ${currency} a month${share === undefined ? "" : ` (${share})`}`,
    spentMicro === undefined
      ? `${month} has not been read`
      : `${units(spentMicro)} spent in ${month}${from?.endsWith("-01") ? "" : `, since ${from}`}`,
    projectedMicro === undefined ? "" : `${units(projectedMicro)} by its end`,
    cap ? "capped" : "alerts only",
    uncounted === 0 ? "" : `${uncounted} without a price in ${currency} in no sum`,
  ];
}
