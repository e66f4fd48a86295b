import type { Logger } from "pino";
import type { ProgressEvent } from "../reconcile/progress.ts";
import type { Metrics } from "./metrics.ts";

/** Tells what the steps of a reconcile do, and counts runs of the engine. */
export function tellProgress(event: ProgressEvent, logger: Logger, metrics: Metrics): void {
  if (event.kind === "note" || event.kind === "phase") {
    logger.info(event.text);
  } else if (event.kind === "run") {
    const { id, stack, run, commit, outcome, ms } = event;
    metrics.engineRuns.inc({ kind: run, outcome });
    const level = outcome === "succeeded" ? "info" : "warn";
    logger[level]({ ...(id && { run: id }), stack, commit, outcome, ms }, `engine ${run} ${outcome}`);
  } else {
    const { name, op, state, message, object, run } = event;
    const about = { ...(run && { run }), object: name, op, state, ...(object && { account: object.account }) };
    if (state === "failed") logger.error({ ...about, reason: message }, `${op} ${name} failed`);
    else logger.info(about, `${op} ${name} ${state}`);
  }
}
