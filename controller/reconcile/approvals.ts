import { FleetError } from "../../resources/errors.ts";
import { Git } from "../repo/git.ts";
import type { Approval, Quote } from "../store/types.ts";
import type { Controller } from "./context.ts";
import { mayUseEnded } from "./ended.ts";
import { isCounted, mayReplace, type Overrides } from "./guards.ts";
import type { Prepared } from "./preview.ts";
import { isSameQuote, quotesOf } from "./quotes.ts";
import { type Effect, objectKey, type Preview, type Work } from "./types.ts";

/** What was approved, by whom. `hashes` undefined means: what is already on record, and nothing else. */
export interface Approved {
  /** Effect hashes, or the hash of a whole preview. */
  hashes?: string[];
  by: string;
}

/**
 * Effects that no open approval names and that the fleet's policy does not approve by itself. One that was approved at another price is not
 * approved at this one.
 */
export async function unapproved(
  controller: Controller,
  { works, desired }: Pick<Prepared, "works" | "desired">,
): Promise<Effect[]> {
  const open = await controller.store.openApprovals();
  const automatic = desired.fleet.approval === "auto";
  const approvedWorks = works.filter(({ effect }) => open.get(effect.hash)?.quote !== undefined);
  const quotes = quotesOf(approvedWorks, desired);
  const holds = (hash: string) => {
    const [then, now] = [open.get(hash)?.quote, quotes.get(hash)];
    return open.has(hash) && (then === undefined || now === undefined || isSameQuote(then, now));
  };
  return works.map(({ effect }) => effect).filter(({ hash, dataLoss }) => !holds(hash) && !(automatic && !dataLoss));
}

/**
 * Checks that every effect is in the approved set, now or from an earlier approval that a kill or a failure left open, and records a new one
 * with the overrides that came with it, once `check` has agreed. Who names hashes means these: the fleet's policy then approves nothing beyond them.
 * @throws {FleetError} PREVIEW_STALE when a hash was given and the effects are others; NOT_APPROVED when there is no approval at all.
 */
export async function approvedOnly(
  controller: Controller,
  prepared: Prepared,
  approved: Approved,
  overrides: Overrides,
  check: (isGiven: (effectHash: string) => boolean) => Promise<ReadonlyMap<string, Quote>> = async () => new Map(),
): Promise<void> {
  const { preview, works } = prepared;
  const open = await controller.store.openApprovals();
  const given = new Set(approved.hashes ?? []);
  const whole = given.has(preview.hash) && preview.hash !== "";
  const isGiven = ({ hash }: Effect) => whole || given.has(hash);
  const missing =
    approved.hashes === undefined
      ? (await unapproved(controller, prepared)).filter(({ hash }) => !open.has(hash))
      : preview.effects.filter((effect) => !isGiven(effect) && !open.has(effect.hash));
  if (missing.length > 0)
    throw refusal(
      missing.map(({ object, op }) => `${op} ${object.name}`),
      approved,
    );
  const quotes = await check((hash) => whole || given.has(hash));
  const approvedAt = new Date(controller.now()).toISOString();
  const by = approved.hashes === undefined ? "policy: approval auto" : approved.by;
  const approval = (work: Work): Omit<Approval, "doneAt"> => ({
    effectHash: work.effect.hash,
    object: objectKey(work.effect.object),
    approvedBy: by,
    approvedAt,
    commit: preview.commit,
    ...overridesOf(work, overrides, open.get(work.effect.hash)),
    ...quoted(quotes.get(work.effect.hash)),
  });
  await controller.store.approve(works.filter(({ effect }) => !open.has(effect.hash) || isGiven(effect)).map(approval));
}

const quoted = (quote: Quote | undefined): Pick<Approval, "quote"> => (quote === undefined ? {} : { quote });

/** The overrides that this one effect needs, given now or before; what it does not need is not kept. */
function overridesOf(
  { effect, gone, outsideWindow }: Work,
  overrides: Overrides,
  before: Approval | undefined,
): Pick<Approval, "allowReplace" | "allowRemovals" | "allowEnded" | "outsideWindow"> {
  const replaces = effect.op === "replace" && mayReplace(effect.object.name, overrides);
  const removals = overrides.allowRemovals ?? before?.allowRemovals;
  const counts = isCounted({ effect, ...(gone ? { gone } : {}) });
  const ended = mayUseEnded(effect.object.name, overrides) || before?.allowEnded === true;
  return {
    ...(ended ? { allowEnded: true } : {}),
    ...(outsideWindow || before?.outsideWindow ? { outsideWindow: true } : {}),
    allowReplace: replaces || before?.allowReplace === true,
    ...(counts && removals !== undefined ? { allowRemovals: removals } : {}),
  };
}

/**
 * Closes approvals that history has passed: given for a commit that this one follows, for an effect that is no longer to be done. Otherwise a
 * deletion that was approved, taken back and forgotten would be carried out the day somebody removes the file by accident. `concerns` leaves
 * approvals alone of which the preview says nothing.
 */
export async function closeSuperseded(
  controller: Controller,
  { preview }: { preview: Pick<Preview, "commit" | "effects" | "held"> },
  concerns: (approval: Approval) => boolean = () => true,
): Promise<void> {
  const held = preview.held ?? [];
  const wanted = new Set([...preview.effects, ...held.map(({ effect }) => effect)].map(({ hash }) => hash));
  const open = await controller.store.openApprovals();
  const others = [...open.values()].filter((approval) => !wanted.has(approval.effectHash) && concerns(approval));
  if (others.length === 0) return;
  const running = new Set(
    (await controller.store.openRuns()).flatMap(({ objects }) => objects.map(({ effectHash }) => effectHash)),
  );
  const git = new Git(controller.repo.dir);
  const passed = new Map<string, boolean>();
  for (const { commit } of others) {
    if (passed.has(commit)) continue;
    passed.set(commit, (await git.ask("merge-base", commit, preview.commit))?.trim() === commit);
  }
  await controller.store.closeApprovals(
    others
      .filter(({ effectHash, commit }) => passed.get(commit) && !running.has(effectHash))
      .map(({ effectHash }) => effectHash),
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
