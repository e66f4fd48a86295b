import { FleetError } from "../../resources/errors.ts";
import { kindOfPath } from "../fleet/file.ts";
import { type Desired, readDesired } from "../reconcile/desired.ts";
import type { Overrides } from "../reconcile/guards.ts";
import { NO_OVERRIDES, passes } from "../reconcile/preview.ts";
import { BUYS, hasLimits } from "../reconcile/spending.ts";
import { whileRoom } from "../reconcile/spending-room.ts";
import type { Verdict } from "../reconcile/types.ts";
import { overridesOfCall } from "./call.ts";
import { lookOnce } from "./look.ts";
import { type Ground, step } from "./steps.ts";
import type { Change, ChangeApproval } from "./types.ts";

export interface ApproveRequest {
  /** The hash of the preview, or hashes of effects. */
  hashes: readonly string[];
  overrides?: Overrides;
  /** `NAME <MAIL>` */
  by: string;
}

/** What has to be approved before a change is executed: hashes of all its effects, or that of its preview where it has none. */
export function neededHashes({ preview }: Pick<Change, "preview">): string[] {
  if (preview === undefined) return [];
  return preview.effects.length > 0 ? preview.effects.map(({ hash }) => hash) : [preview.hash];
}

/** What is needed and nobody has approved. */
export function missingHashes(change: Pick<Change, "preview" | "approvals">): string[] {
  const given = new Set(change.approvals.flatMap(({ hashes }) => hashes));
  return neededHashes(change).filter((hash) => !given.has(hash));
}

/** All that those who approved have lifted. */
export function overridesOf({ approvals }: Pick<Change, "approvals">): Overrides | undefined {
  const all = approvals.flatMap(({ overrides }) => overrides ?? []);
  if (all.length === 0) return undefined;
  const removals = all.flatMap(({ allowRemovals }) => allowRemovals ?? []);
  return {
    allowReplace: all.flatMap(({ allowReplace }) => allowReplace),
    allowEnded: all.flatMap(({ allowEnded }) => allowEnded ?? []),
    allowSpending: all.flatMap(({ allowSpending }) => allowSpending ?? []),
    ...(removals.length > 0 && { allowRemovals: Math.max(...removals) }),
    ...(all.some(({ outsideWindow }) => outsideWindow) && { outsideWindow: true }),
  };
}

/**
 * Agrees to effects that were shown, all or some of them. Once all are agreed to the change is `approved`.
 * @throws {FleetError} PREVIEW_STALE for a hash that it does not have; GUARD_REFUSED when a guard still refuses; CHANGE_STATE.
 */
export async function approve(
  { controller, main }: Ground,
  change: Change,
  { hashes, overrides, by }: ApproveRequest,
  signal: AbortSignal,
): Promise<Change> {
  const needed = neededHashes(change);
  const given = hashes.includes(change.preview?.hash ?? "") ? needed : [...new Set(hashes)];
  const unknown = given.filter((hash) => !needed.includes(hash));
  if (given.length === 0 || unknown.length > 0)
    throw new FleetError("PREVIEW_STALE", `this is not what ${change.id} would do: look at its preview again`, {
      change: change.id,
    });
  const at = new Date(controller.now()).toISOString();
  const approval: ChangeApproval = { hashes: given, by, at, ...(overrides && { overrides }) };
  const approvals = [...change.approvals, approval];
  const missing = missingHashes({ ...change, approvals });
  const preview = await refuseGuarded({ ...change, approvals }, controller, signal);
  const patch = { approvals, by, ...(preview && { preview }) };
  if (missing.length > 0) return await step(controller, change, "needs-approval", patch);
  const desired = await readDesired(controller, main(), signal);
  return await whileRoomFor(controller, desired, { ...change, approvals }, signal, async (capped) => {
    const refused = capped.filter((verdict) => !passes(verdict));
    if (refused.length > 0) throw guardRefused(change, refused);
    return await step(controller, change, "approved", patch);
  });
}

/**
 * Judges a change that is about to be approved by what its accounts are to pay now, others that were approved since it was shown among it.
 * @param desired the main line
 * @see whileRoom
 */
export async function whileRoomFor<T>(
  controller: Ground["controller"],
  desired: Desired,
  change: Pick<Change, "id" | "head" | "files" | "approvals" | "preview" | "call">,
  signal: AbortSignal,
  work: (verdicts: Verdict[]) => Promise<T>,
): Promise<T> {
  const { id, head, files, preview } = change;
  const effects = preview?.effects ?? [];
  const setsLimits = files.some((path) => kindOfPath(path) === "Account" || kindOfPath(path) === "Fleet");
  if (!(hasLimits(desired) || setsLimits) || !effects.some(({ op }) => BUYS.has(op))) return await work([]);
  const changed = await readDesired(controller, head, signal);
  // It was drafted on an older commit: what others have brought to the main line since counts as well.
  const both = { ...(setsLimits ? changed : desired), objects: [...desired.objects, ...changed.objects] };
  const overrides = overridesOf(change) ?? overridesOfCall(change.call) ?? NO_OVERRIDES;
  return await whileRoom(controller, { desired: both, effects, change: id, overrides }, signal, work);
}

/** @returns the preview with what the guards say now, where they were asked again. */
async function refuseGuarded(
  change: Change,
  controller: Ground["controller"],
  signal: AbortSignal,
): Promise<Change["preview"]> {
  const refused = change.preview!.verdicts.filter((verdict) => !passes(verdict));
  if (refused.length === 0) return undefined;
  const overrides = overridesOf(change);
  const { preview } =
    overrides === undefined
      ? { preview: change.preview! }
      : await lookOnce(controller, change, signal, { overrides, engine: false });
  const still = preview.verdicts.filter((verdict) => !passes(verdict));
  if (still.length > 0) throw guardRefused(change, still);
  return preview;
}

function guardRefused({ id }: Pick<Change, "id">, refused: readonly Verdict[]): FleetError {
  const lines = refused.map(({ message, override }) =>
    override ? `${message} (${override} says that it is meant)` : message,
  );
  return new FleetError("GUARD_REFUSED", lines.join("\n"), { change: id });
}
