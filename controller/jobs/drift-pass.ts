import type { Logger } from "pino";
import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import { type AccountDrift, findFleetDrift } from "../reconcile/drift.ts";
import type { MatchedAccount } from "../reconcile/match.ts";
import type { Metrics } from "./metrics.ts";

/** One account, read once; what it has, and what differs, is remembered. */
export async function passOver(
  controller: Controller,
  desired: Desired,
  account: MatchedAccount,
  signal: AbortSignal,
): Promise<AccountDrift> {
  const byIdentity = new Map([[account.identity, account]]);
  const [found] = await findFleetDrift(controller, { ...desired, byIdentity }, signal);
  return found!;
}

/** Counts what a pass has found, and tells it line by line. */
export function tellPass(found: AccountDrift, logger: Logger, metrics: Metrics, now: number): void {
  const { account, drifted, orphans, foreign, error } = found;
  if (error !== undefined) {
    logger.error({ reason: error }, "the account could not be read");
    return;
  }
  const count = (kind: string, objects: number) => metrics.drift.set({ account, kind }, objects);
  count("changed", drifted.filter(({ kind }) => kind === "changed").length);
  count("gone", drifted.filter(({ kind }) => kind === "gone").length);
  count("orphan", orphans.length);
  count("foreign", foreign);
  metrics.driftAt.set({ account }, now / 1000);
  for (const { name, kind, fields } of drifted) {
    const text = `${name} is ${kind === "gone" ? "gone" : "not as it was applied"}`;
    logger.warn({ object: name, fields: fields.map(({ path }) => path) }, text);
  }
  logger.info({ drifted: drifted.length, orphans: orphans.length, foreign }, "drift pass");
}
