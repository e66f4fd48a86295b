import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { Outcome } from "../reconcile/execute.ts";
import { type Effect, objectKey } from "../reconcile/types.ts";
import type { CallRefusal } from "./call.ts";
import { BY, execute, hasMoved, merge } from "./merge.ts";
import { amend, changesIn, type Ground, step, unlessMovedOn } from "./steps.ts";
import { takeBack } from "./take-back.ts";
import type { Change, ChangeResult } from "./types.ts";

/** What one pass over a lane has come to. */
export interface LaneTold {
  /** That it was at: of what came to the main line later it says nothing. */
  commit: string;
  outcomes: readonly Outcome[];
  /** Effects that nobody has approved. */
  waiting: readonly Effect[];
  /** `objectKey` of what it was to bring back and has found as the files say. */
  right?: readonly string[];
  /** What the guards refused all of it for. */
  refused: readonly string[];
  /** What could not be bought, so that nothing was begun. */
  notBought?: CallRefusal & { effects: ReadonlySet<string> };
}

/** Writes what has become of the effects of changes that are being executed. */
export async function takeOutcomes(
  ground: Ground,
  { commit, outcomes, waiting, refused, right = [], notBought }: LaneTold,
): Promise<void> {
  const { controller, wake } = ground;
  if (outcomes.length + waiting.length + right.length === 0 && notBought === undefined) return;
  const byHash = new Map(outcomes.map((outcome) => [outcome.effectHash, outcome]));
  const take = async (change: Change) => {
    const hashes = new Set(change.preview!.effects.map(({ hash }) => hash));
    // A later pass may buy it for others; whoever has called is told.
    const lost = change.call === undefined ? [] : notBoughtOf(change, notBought);
    if (lost.length > 0) return await takeOwn(ground, change, lost);
    const own = [...byHash.values()].filter(({ effectHash }) => hashes.has(effectHash));
    if (change.reverts !== undefined) own.push(...rightAlready(change, right));
    const others = waiting.filter(
      ({ hash, object }) => !hashes.has(hash) && change.objects.includes(objectKey(object)),
    );
    if (others.length > 0) {
      const what = others.map(({ op, object }) => `${op} ${object.name}`).join(", ");
      await step(controller, change, "previewing", {
        by: BY,
        reason: `what it does has become something else: ${what}`,
      });
      return await wake();
    }
    const isRefused = refused.length > 0 && waiting.some(({ hash }) => hashes.has(hash));
    const reason = refused.join("\n");
    if (own.length > 0) await takeOwn(ground, change, own);
    else if (isRefused && change.reason !== reason) await amend(controller, change, { reason });
  };
  for (const change of await changesIn(controller, ["executing", "failed"]))
    if (await isIn(controller, change, commit)) await unlessMovedOn(() => take(change));
}

/** What of a change could not be bought, as its outcomes. */
const notBoughtOf = ({ preview }: Change, notBought: LaneTold["notBought"]): Outcome[] => {
  if (notBought === undefined) return [];
  const { code, message, effects } = notBought;
  return preview!.effects
    .filter(({ hash }) => effects.has(hash))
    .map(({ hash, op, object: { name } }) => {
      return { effectHash: hash, op, name, state: "failed", message, refusal: { code, message } };
    });
};

/** What somebody else has brought back meanwhile needs nothing any more. */
const rightAlready = ({ preview }: Change, right: readonly string[]): Outcome[] =>
  preview!.effects
    .filter(({ object }) => right.includes(objectKey(object)))
    .map(({ hash, op, object }) => ({ effectHash: hash, op, name: object.name, state: "converged" }));

async function takeOwn(ground: Ground, change: Change, outcomes: readonly Outcome[]): Promise<void> {
  const { controller } = ground;
  const all = resultsWith(change, outcomes);
  const failed = all.filter(({ state }) => state === "failed");
  const patch = { results: all, by: BY };
  if (failed.length > 0 && change.state === "executing") {
    const known = await step(controller, change, "failed", { ...patch, reason: failed.map(told).join("\n") });
    await giveUp(ground, known);
  } else if (failed.length === 0 && change.state === "failed") await step(controller, change, "executing", patch);
  else await amend(controller, change, { results: all });
}

/** What has come of a change's effects, with what is new. */
export function resultsWith({ results }: Pick<Change, "results">, outcomes: readonly Outcome[]): ChangeResult[] {
  const all = new Map(results.map((result) => [result.effectHash, result]));
  for (const { effectHash, name, op, state, message, refusal } of outcomes)
    all.set(effectHash, {
      effectHash,
      name,
      op,
      state,
      ...(message !== undefined && { message }),
      ...(refusal !== undefined && { refusal }),
    });
  return [...all.values()];
}

/** Whoever has called was not told that it comes again: what the cloud refuses is taken back. */
async function giveUp(ground: Ground, change: Change): Promise<boolean> {
  const refusal = change.call && change.results.find((result) => result.state === "failed" && result.refusal)?.refusal;
  if (refusal === undefined) return false;
  await takeBack(ground, change, refusal);
  return true;
}

const told = ({ name, message }: ChangeResult): string => `${name}: ${message ?? "failed"}`;

/**
 * Looks where changes stand, with the main line as it is now: what is being executed and as the files say has converged; what was cut off goes on;
 * what the main line has changed under an open change is shown anew.
 * @param unsettled `objectKey` of everything that is not as the files say
 * @param checked by id, the version and the commit up to which the main line is known to leave an open change alone
 */
export async function follow(
  ground: Ground,
  desired: Desired,
  unsettled: () => Promise<ReadonlySet<string>>,
  checked: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const { controller, wake } = ground;
  const running = await changesIn(controller, ["executing", "failed"]);
  const objects = running.length === 0 ? new Set<string>() : await unsettled();
  for (const change of running) await unlessMovedOn(async () => await followRunning(ground, change, desired, objects));
  for (const change of await changesIn(controller, SHOWN))
    await unlessMovedOn(async () => {
      // Of another version it is another look that was taken.
      const mark = `${change.version} ${desired.commit}`;
      if (checked.get(change.id) !== mark && (await hasMoved(ground, change, signal))) {
        const reason = "the main line has changed what it changes";
        await step(controller, change, "previewing", { by: BY, reason });
        return;
      }
      checked.set(change.id, mark);
      if (change.state === "approved" && change.executes) await execute(ground, change, BY, signal);
    });
  if ((await controller.store.changes({ states: ["previewing"] }, 1)).length > 0) await wake();
}

/** Their previews say something that may come to be wrong. */
const SHOWN = ["previewed", "needs-approval", "approved"] as const;

async function followRunning(
  ground: Ground,
  change: Change,
  { commit }: Desired,
  unsettled: ReadonlySet<string>,
): Promise<void> {
  const { controller } = ground;
  if (change.merged === undefined && change.pull !== undefined) {
    // One that has failed comes again by its job.
    if (change.state === "executing") await ground.ahead(change.id);
    return;
  }
  if (change.merged === undefined) {
    await merge(ground, change);
    return;
  }
  if (change.state === "failed" && (await giveUp(ground, change))) return;
  if (!(await isIn(controller, change, commit)) || change.objects.some((key) => unsettled.has(key))) return;
  // The records have been as the files say all along.
  if (change.reverts !== undefined && !isBroughtBack(change)) return;
  await step(controller, change, "converged", { by: BY, results: converged(change) });
}

function isBroughtBack({ preview, results }: Change): boolean {
  const done = new Set(results.filter(({ state }) => state !== "failed").map(({ effectHash }) => effectHash));
  return preview!.effects.every(({ hash }) => done.has(hash));
}

/** Changes that are bringing something back: no commit of theirs tells of it, and the records do not differ. */
export async function revertsUnderWay(controller: Pick<Controller, "store">): Promise<Change[]> {
  const running = await changesIn(controller, ["executing", "failed"]);
  return running.filter((change) => change.reverts && change.merged !== undefined && !isBroughtBack(change));
}

/** `objectKey` of what changes that are being executed bring back. */
export async function beingReverted(controller: Pick<Controller, "store">): Promise<ReadonlySet<string>> {
  return new Set((await revertsUnderWay(controller)).flatMap(({ reverts = [] }) => reverts));
}

/** Whether a commit of the main line has the change. */
async function isIn({ repo }: Ground["controller"], { merged }: Change, commit: string): Promise<boolean> {
  return merged !== undefined && (merged === commit || (await repo.isAncestor(merged, commit)));
}

/** What was told of each effect, and of the others that they are as the files say too: whoever carried them. */
function converged({ preview, results }: Change): ChangeResult[] {
  const known = new Map(results.map((result) => [result.effectHash, result]));
  return preview!.effects.map(({ hash, op, object }) => {
    const { message: _, ...result } = known.get(hash) ?? { effectHash: hash, op, name: object.name };
    return { ...result, state: "converged" as const };
  });
}
