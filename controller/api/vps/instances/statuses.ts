import type { ActualServer } from "../../../../resources/actual.ts";
import type { ServerSpec } from "../../../../resources/spec.ts";

/** Where an instance is between being asked for and being gone. */
export type Phase = "creating" | "running" | "stopped" | "suspended" | "failed" | "deleting" | "deleted";

/** The one table of this dialect's words. */
export const STATUS_WORDS: Readonly<Record<Phase, string>> = {
  creating: "provisioning",
  running: "running",
  stopped: "stopped",
  suspended: "suspended",
  failed: "failed",
  deleting: "deleting",
  deleted: "deleted",
};

/** What is known of a machine; nothing of one that is still to be made. */
export type Known = Pick<ActualServer, "power" | "provisioning" | "leaving"> | undefined;

/**
 * While the cloud is at work on a machine that has been there, it counts as what it is to become: only one that never was is being made. Pure.
 */
export function phaseOf(
  { power }: Pick<ServerSpec, "power">,
  known: Known,
  { isNew, isGone, isLeaving }: { isNew: boolean; isGone: boolean; isLeaving: boolean },
): Phase {
  if (isGone) return isLeaving ? "deleted" : "failed";
  if (isLeaving || known?.leaving) return "deleting";
  if (known?.provisioning?.failed) return "failed";
  if (known === undefined || known.provisioning) return "creating";
  if (known.power !== "changing") return known.power;
  return isNew ? "creating" : power;
}
