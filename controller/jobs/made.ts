import type { Logger } from "pino";
import type { Watched } from "../reconcile/being-made.ts";

/** Tells what has become of machines that were being made. */
export function tellMade({ ready, gone, beingMade }: Watched, logger: Logger): void {
  for (const { name, account, differs } of ready) logger.info({ object: name, account, differs }, `${name} is ready`);
  for (const { name, account } of gone) logger.warn({ object: name, account }, `${name} went before it was ready`);
  for (const { name, account, overdue, failed } of beingMade)
    if (overdue || failed)
      logger.warn({ object: name, account }, `${name} is ${failed ? "given up by its cloud" : "overdue"}`);
}
