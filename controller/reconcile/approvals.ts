import { FleetError } from "../../resources/errors.ts";
import type { Controller } from "./context.ts";
import type { Prepared } from "./preview.ts";
import type { Effect } from "./types.ts";

/** What was approved, by whom. `hashes` undefined means: what is already on record, and nothing else. */
export interface Approved {
  /** Effect hashes, or the hash of a whole preview. */
  hashes?: string[];
  by: string;
}

/** Effects that no open approval names and that the fleet's policy does not approve by itself. */
export async function unapproved(controller: Controller, { preview, desired }: Prepared): Promise<Effect[]> {
  const open = await controller.store.openApprovals();
  const automatic = desired.fleet.approval === "auto";
  return preview.effects.filter(({ hash, dataLoss }) => !open.has(hash) && !(automatic && !dataLoss));
}

/**
 * Checks that every effect is in the approved set, now or from an earlier approval that a kill or a failure left open, and records a new one.
 * @throws {FleetError} PREVIEW_STALE when a hash was given and the effects are others; NOT_APPROVED when there is no approval at all.
 */
export async function approvedOnly(controller: Controller, prepared: Prepared, approved: Approved): Promise<void> {
  const { preview } = prepared;
  const open = await controller.store.openApprovals();
  const given = new Set(approved.hashes ?? []);
  const whole = given.has(preview.hash) && preview.hash !== "";
  const missing = whole ? [] : (await unapproved(controller, prepared)).filter(({ hash }) => !given.has(hash));
  if (missing.length > 0)
    throw refusal(
      missing.map(({ object, op }) => `${op} ${object.name}`),
      approved,
    );
  const fresh = preview.effects.filter(({ hash }) => !open.has(hash));
  const approvedAt = new Date(controller.now()).toISOString();
  const by = approved.hashes === undefined ? "policy: approval auto" : approved.by;
  await controller.store.approve(
    fresh.map(({ hash }) => ({
      effectHash: hash,
      approvedBy: by,
      approvedAt,
      commit: preview.commit,
      allowReplace: false,
    })),
  );
}

function refusal(missing: string[], approved: Approved): FleetError {
  const list =
    missing.length > 8 ? `${missing.slice(0, 8).join(", ")} and ${missing.length - 8} more` : missing.join(", ");
  if (approved.hashes === undefined)
    return new FleetError("NOT_APPROVED", `nobody has approved this: ${list}`, { effects: missing.length });
  return new FleetError("PREVIEW_STALE", `this is not what was approved: ${list}; look at a new preview`, {
    effects: missing.length,
  });
}
