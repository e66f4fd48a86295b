import { FleetError } from "../../resources/errors.ts";
import { type Execution, execute } from "../reconcile/execute.ts";
import { overridesOf } from "./approve.ts";
import { draftOf } from "./draft.ts";
import { resultsWith } from "./follow.ts";
import { BY, hasMoved } from "./merge.ts";
import {
  amend,
  changeOf,
  changesAhead,
  changesIn,
  type Ground,
  isAhead,
  onLatest,
  overlapping,
  step,
  waitsFor,
} from "./steps.ts";
import type { Change, ChangeState } from "./types.ts";

/**
 * Goes on with a pull request that is being executed before its merge, wherever that was cut off: executes what was approved of its head on top of the
 * main line, and has it looked at again, which says whether anything remains.
 * @throws {FleetError} what a later try may mend; the change has failed until then.
 */
export async function runAhead(ground: Ground, id: string, signal: AbortSignal): Promise<void> {
  const { controller, wake } = ground;
  try {
    const change = await onLatest(async () => await begin(ground, id, signal));
    if (change === undefined) return;
    await conclude(ground, id, await executed(ground, change, signal));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof FleetError)) throw error;
    const isOthers = !error.retry || error.code === "PREVIEW_STALE";
    await onLatest(async () => {
      const now = await changeOf(controller, id);
      if (!isUnderWay(now)) return await overtaken(ground, now);
      if (isOthers) await step(controller, now, "previewing", { by: BY, reason: error.message });
      else if (now.state === "executing") await step(controller, now, "failed", { by: BY, reason: error.message });
    });
    if (!isOthers) throw error;
  } finally {
    await letGo(ground, id);
    await wake();
  }
}

const isUnderWay = (change: Change): boolean =>
  isAhead(change) && (change.state === "executing" || change.state === "failed");

/** The change on top of the main line as it is; undefined where there is nothing to execute, or not yet. */
async function begin(ground: Ground, id: string, signal: AbortSignal): Promise<Change | undefined> {
  const { controller, main } = ground;
  const change = await changeOf(controller, id);
  if (!isUnderWay(change)) return undefined;
  const { ahead, ...rest } = change;
  // Others that have begun in the same moment see this one as this sees them: whoever sees another gives way.
  const others = ahead!.begun
    ? []
    : [...(await changesIn(controller, ["executing"])), ...(await changesAhead(controller))];
  const before = overlapping(others, change);
  const moved = (await hasMoved(ground, change, signal)) ? "the main line has changed what it changes" : undefined;
  const reason = before === undefined ? moved : waitsFor(before);
  if (reason !== undefined) {
    await step(controller, ahead!.begun ? change : rest, "previewing", { by: BY, reason });
    return undefined;
  }
  const base = main();
  const draft = change.base === base ? {} : await draftOf(controller, change, base, signal);
  return await amend(controller, change, { ...draft, ahead: { ...ahead!, begun: true } });
}

async function executed({ controller }: Ground, change: Change, signal: AbortSignal): Promise<Execution> {
  const overrides = overridesOf(change);
  return await execute(controller, {
    preview: { commit: change.head, objects: new Set(change.objects), change: change.id },
    approved: { hashes: change.ahead!.hashes, by: [...new Set(change.approvals.map(({ by }) => by))].join(", ") },
    ...(overrides && { overrides }),
    signal,
  });
}

/** @throws {FleetError} VERIFY_FAILED when some of it has failed: that comes again. */
async function conclude(ground: Ground, id: string, { outcomes, failed }: Execution): Promise<void> {
  const { controller } = ground;
  await onLatest(async () => {
    const now = await changeOf(controller, id);
    const results = resultsWith(now, outcomes);
    if (!isUnderWay(now)) return await overtaken(ground, now);
    if (failed > 0) await amend(controller, now, { results });
    else await step(controller, now, "previewing", { by: BY, results });
  });
  if (failed === 0) return;
  const failures = outcomes.filter(({ state }) => state === "failed");
  throw new FleetError("VERIFY_FAILED", failures.map(({ name, message }) => `${name}: ${message}`).join("\n"), {
    change: id,
    failed,
  });
}

/** Whose look may have seen the world from before. */
const LOOKED: readonly ChangeState[] = ["previewed", "needs-approval", "approved", "stale"];

/** Another head, or a person, has taken it on meanwhile: what is shown is to show what was done. */
async function overtaken({ controller }: Ground, now: Change): Promise<void> {
  if (!isAhead(now)) return;
  const reason = "what it does was executed meanwhile, or some of it";
  if (now.state === "previewing") await amend(controller, now, { reason });
  else if (LOOKED.includes(now.state)) await step(controller, now, "previewing", { by: BY, reason });
}

/** What was approved for this and not done is nobody else's to do. Once it is merged, lanes do it. */
async function letGo({ controller }: Ground, id: string): Promise<void> {
  const { ahead, merged } = await changeOf(controller, id);
  if (ahead !== undefined && merged === undefined) await controller.store.closeApprovals(ahead.hashes);
}
