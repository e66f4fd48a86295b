import { FleetError } from "../../resources/errors.ts";
import { type Desired, readDesired } from "../reconcile/desired.ts";
import { passes } from "../reconcile/preview.ts";
import type { HeldEffect } from "../reconcile/types.ts";
import { missingHashes, neededHashes } from "./approve.ts";
import { type CallRefusal, overridesOfCall } from "./call.ts";
import { type Judgement, judgeCall } from "./call-policy.ts";
import { tallyOf } from "./call-tally.ts";
import { draftOf } from "./draft.ts";
import { lookAt } from "./look.ts";
import { BY, execute } from "./merge.ts";
import { approvedByPolicy } from "./policy.ts";
import { amend, changesIn, type Ground, step, unlessMovedOn } from "./steps.ts";
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
  const busy = await changesIn(controller, ["executing"]);
  const ready: Change[] = [];
  for (const change of waiting)
    await unlessMovedOn(async () => {
      const drafted = await draftedOn(ground, change, base, signal);
      if (drafted === undefined) return;
      const isBefore = ({ id, objects }: Change) =>
        id !== change.id && objects.some((key) => drafted.objects.includes(key));
      const before = busy.find(isBefore);
      if (before === undefined) ready.push(drafted);
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

const waitsFor = ({ id, title }: Change): string => `waits for ${id} (${title}), which changes the same`;

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

async function conclude(ground: Ground, change: Change, preview: ChangePreview, signal: AbortSignal): Promise<void> {
  const { controller } = ground;
  const { edits, base, head, files, objects } = change;
  const shown = { edits, base, head, files, objects, preview, by: BY };
  const known = { ...change, preview };
  const refused = preview.verdicts.filter((verdict) => !passes(verdict)).map(({ message }) => message);
  const held = preview.held ?? [];
  if (change.call !== undefined) {
    const message = [...refused, ...new Set(held.flatMap(heldFor))].join("\n");
    if (message !== "") return await refuse(ground, known, { code: "GUARD_REFUSED", message });
  }
  if (refused.length > 0) {
    await step(controller, change, "previewed", { ...shown, reason: refused.join("\n") });
    return;
  }
  if (preview.effects.length === 0 && held.length > 0) {
    await step(controller, change, "previewed", { ...shown, reason: [...new Set(held.flatMap(heldFor))].join("; ") });
    return;
  }
  if (change.merged !== undefined && preview.effects.length === 0) {
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
  const at = new Date(controller.now()).toISOString();
  const overrides = overridesOfCall(change.call);
  const given = { hashes: neededHashes(known), at, ...(overrides && { overrides }) };
  const approvals = [...change.approvals, ...(policy ? [{ ...given, by: policy }] : [])];
  if (missingHashes({ preview, approvals }).length > 0) {
    await step(controller, change, "needs-approval", shown);
    return;
  }
  const approved = await step(controller, change, "approved", { ...shown, approvals, by: policy ?? BY });
  // What is on the main line was to be executed already.
  if (approved.executes || approved.merged !== undefined) await execute(ground, approved, BY, signal);
}

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
