import { FleetError } from "../../resources/errors.ts";
import { type Desired, readDesired } from "../reconcile/desired.ts";
import { passes } from "../reconcile/preview.ts";
import type { HeldEffect, Verdict } from "../reconcile/types.ts";
import { seenAhead } from "./ahead-rules.ts";
import { missingHashes, neededHashes, whileRoomFor } from "./approve.ts";
import { type CallRefusal, overridesOfCall } from "./call.ts";
import { type Judgement, judgeCall } from "./call-policy.ts";
import { tallyOf } from "./call-tally.ts";
import { draftOf } from "./draft.ts";
import { lookAt } from "./look.ts";
import { BY, execute } from "./merge.ts";
import { approvedByPolicy } from "./policy.ts";
import {
  amend,
  changesAhead,
  changesIn,
  type Ground,
  isAhead,
  overlapping,
  step,
  unlessMovedOn,
  waitsFor,
} from "./steps.ts";
import { takeBack } from "./take-back.ts";
import type { Change, ChangePreview } from "./types.ts";

/**
 * Previews every change that waits for it, on the main line as it is now; those that need no person any more are approved, and executed where
 * that was asked for. One that touches what another is being executed on waits for its end: its preview shows the world after that.
 * @throws {FleetError} what a later look may mend; such changes still wait.
 */
export async function showWaiting(ground: Ground, signal: AbortSignal): Promise<void> {
  const { controller, main } = ground;
  const waiting = await changesIn(controller, ["previewing"]);
  if (waiting.length === 0) return;
  const base = main();
  const busy = [...(await changesIn(controller, ["executing"])), ...(await changesAhead(controller))];
  const ready: Change[] = [];
  for (const change of waiting)
    await unlessMovedOn(async () => {
      const drafted = await draftedOn(ground, change, base, signal);
      if (drafted === undefined) return;
      // What holds something waits for nobody who waits for that.
      const before = isAhead(drafted) ? undefined : overlapping(busy, drafted);
      if (before === undefined) ready.push(drafted);
      else if (drafted.call !== undefined && isAhead(before))
        await refuse(ground, drafted, { code: "GUARD_REFUSED", message: waitsFor(before) });
      else if (drafted.reason !== waitsFor(before)) await amend(controller, drafted, { reason: waitsFor(before) });
    });

  const looks = await lookAt(controller, ready, signal);
  const failures: FleetError[] = [];
  for (const change of ready)
    await unlessMovedOn(async () => {
      const look = looks.get(change.id)!;
      if (!(look instanceof FleetError)) return await conclude(ground, change, look, signal);
      if (change.call !== undefined) return void (await refuse(ground, change, look));
      if (!look.retry) return void (await step(controller, change, "stale", { by: BY, reason: look.message }));
      failures.push(look);
      if (change.reason !== look.message) await amend(controller, change, { reason: look.message });
    });
  if (failures.length > 0) throw failures[0]!;
}

/** The change made anew on the main line; undefined where it has come to an end by that. */
async function draftedOn(
  ground: Ground,
  change: Change,
  base: string,
  signal: AbortSignal,
): Promise<Change | undefined> {
  const { controller } = ground;
  if (change.merged !== undefined) return { ...change, base, head: base };
  if (change.base === base) return change;
  try {
    const draft = await draftOf(controller, change, base, signal);
    if (draft.files.length > 0) return { ...change, ...draft };
    if (change.pull !== undefined) return await awaitMerge(controller, change);
    await step(controller, change, "closed", { by: BY, reason: "the main line says all of it already" });
  } catch (error) {
    if (!(error instanceof FleetError) || error.retry) throw error;
    if (change.call !== undefined) return void (await refuse(ground, change, error));
    await step(controller, change, "stale", { by: BY, reason: error.message });
  }
  return undefined;
}

/** Whether it was merged, or somebody else has done the same, only the forge can tell. */
async function awaitMerge(controller: Ground["controller"], change: Change): Promise<undefined> {
  const reason = "the main line says all of it already";
  if (change.reason !== reason) await amend(controller, change, { reason });
  return undefined;
}

async function conclude(ground: Ground, change: Change, look: ChangePreview, signal: AbortSignal): Promise<void> {
  const { controller } = ground;
  const { edits, base, head, files, objects } = change;
  const now = new Date(controller.now()).toISOString();
  const { preview, ...executed } = seenAhead(change, look, now);
  const shown = { edits, base, head, files, objects, preview, ...executed, by: BY };
  const known = { ...change, preview };
  const refused = preview.verdicts.filter((verdict) => !passes(verdict));
  const held = preview.held ?? [];
  if (change.call !== undefined) {
    const refusal = refusalOf(refused, held);
    if (refusal !== undefined) return await refuse(ground, known, refusal);
  }
  if (refused.length > 0) {
    await step(controller, change, "previewed", { ...shown, reason: wordsOf(refused) });
    return;
  }
  if (preview.effects.length === 0 && held.length > 0) {
    await step(controller, change, "previewed", { ...shown, reason: [...new Set(held.flatMap(heldFor))].join("; ") });
    return;
  }
  if (change.merged !== undefined && look.effects.length === 0) {
    await step(controller, change, "converged", shown);
    return;
  }
  if (change.reverts !== undefined && preview.effects.length === 0) {
    await step(controller, change, "closed", { ...shown, reason: "all of it is as the files say" });
    return;
  }
  const desired = await readDesired(controller, base, signal);
  const judged = await judgedBy(controller, desired, known);
  if (judged !== undefined && "refuses" in judged) return await refuse(ground, known, judged.refuses);
  const policy =
    missingHashes(known).length === 0
      ? undefined
      : (judged?.approves ?? approvedByPolicy(desired.fleet, change, preview));
  const overrides = overridesOfCall(change.call);
  const given = { hashes: neededHashes(known), at: now, ...(overrides && { overrides }) };
  const approvals = [...change.approvals, ...(policy ? [{ ...given, by: policy }] : [])];
  if (missingHashes({ preview, approvals }).length > 0) {
    await step(controller, change, "needs-approval", shown);
    return;
  }
  const approved = await whileRoomFor(controller, desired, { ...known, approvals }, signal, async (capped) => {
    const full = capped.filter((verdict) => !passes(verdict));
    if (full.length === 0) return await step(controller, change, "approved", { ...shown, approvals, by: policy ?? BY });
    const now = { ...preview, verdicts: [...preview.verdicts.filter(({ guard }) => guard !== "spending"), ...capped] };
    const refusal = change.call && refusalOf(full, held);
    if (refusal !== undefined) return await refuse(ground, { ...change, preview: now }, refusal);
    return void (await step(controller, change, "previewed", { ...shown, preview: now, reason: wordsOf(full) }));
  });
  if (approved === undefined) return;
  // What is on the main line was to be executed already.
  if (approved.executes || approved.merged !== undefined) await execute(ground, approved, BY, signal);
}

const wordsOf = (refused: readonly Verdict[]): string => refused.map(({ message }) => message).join("\n");

/** Why a call comes to nothing, where guards refuse it or something holds it. What an account may cost is a limit as those of a policy are. */
function refusalOf(refused: readonly Verdict[], held: readonly HeldEffect[]): CallRefusal | undefined {
  if (refused.length === 0 && held.length === 0) return undefined;
  const isLimit = held.length === 0 && refused.every(({ guard }) => guard === "spending");
  const message = [...new Set([...refused.map(toldToCaller), ...held.flatMap(heldFor)])].join("\n");
  return { code: isLimit ? "FORBIDDEN" : "GUARD_REFUSED", message };
}

/** A caller may be anybody's customer: what an account costs altogether is not told. */
const toldToCaller = ({ guard, message, override = "" }: Verdict): string =>
  guard === "spending"
    ? `it would bring the account ${override.split(" ").at(-1)} above what it may cost a month (spending)`
    : message;

const heldFor = ({ holds }: HeldEffect): string[] => holds.map(({ what, reason }) => `${what}: ${reason}`);

async function judgedBy(
  controller: Ground["controller"],
  desired: Desired,
  { call, ...change }: Change & { preview: ChangePreview },
): Promise<Judgement | undefined> {
  if (call === undefined) return undefined;
  const called = { ...change, call };
  return judgeCall(desired.fleet, called, change.preview, await tallyOf(controller, desired, called));
}

/** What its policy does not cover waits for nobody. */
async function refuse(ground: Ground, change: Change, { code, message }: CallRefusal): Promise<void> {
  const { controller } = ground;
  const refusal = { code, message };
  if (change.merged !== undefined) return void (await takeBack(ground, change, refusal));
  const { preview } = change;
  await step(controller, change, "closed", { by: BY, reason: message, refusal, ...(preview && { preview }) });
  await controller.repo.dropDrafts([change.id]);
}
