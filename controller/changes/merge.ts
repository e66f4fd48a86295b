import { FleetError } from "../../resources/errors.ts";
import { readDesired } from "../reconcile/desired.ts";
import { objectKey } from "../reconcile/types.ts";
import type { Approval } from "../store/types.ts";
import { goesAhead, isDoneAhead } from "./ahead-rules.ts";
import { missingHashes, overridesOf } from "./approve.ts";
import { requestOf, touched } from "./draft.ts";
import { amend, changeOf, changesAhead, type Ground, isAhead, overlapping, step, waitsFor } from "./steps.ts";
import type { Change } from "./types.ts";

/**
 * Begins to execute an approved change: its commit goes to the main line, and its approvals to where the lanes look for them. What a process that
 * dies in between has left, `merge` goes on with.
 * @throws {FleetError} CHANGE_STATE
 */
export async function execute(ground: Ground, change: Change, by: string, signal: AbortSignal): Promise<Change> {
  const { controller, wake } = ground;
  if (change.pull !== undefined && change.merged === undefined) return await executeAhead(ground, change, by, signal);
  const reason = change.merged === undefined ? await whyAnew(ground, change, signal) : undefined;
  if (reason !== undefined) {
    const again = await step(controller, change, "previewing", { by: BY, reason, executes: true });
    await wake();
    return again;
  }
  const executing = await step(controller, change, "executing", {
    by,
    mergeKey: change.mergeKey ?? `${change.id}.${change.version}`,
    results: [],
  });
  return await merge(ground, executing);
}

/**
 * Begins to execute what was approved of a pull request that nobody has merged, where the main line has it so. From this step on what it changes is held
 * for it. `runAhead` goes on with it.
 * @throws {FleetError} CHANGE_STATE
 */
async function executeAhead(ground: Ground, change: Change, by: string, signal: AbortSignal): Promise<Change> {
  const { controller, wake, ahead } = ground;
  const { id, pull, preview, objects, results, state } = change;
  const { fleet } = await readDesired(controller, ground.main(), signal);
  if (!goesAhead(fleet.forge, change))
    throw new FleetError("CHANGE_STATE", `merge ${pull!.url}: that executes what was approved of it`, { change: id });
  if (isDoneAhead(change)) return change;
  const reason = await whyAnew(ground, change, signal);
  if (reason !== undefined) {
    const again = await step(controller, change, "previewing", { by: BY, reason });
    await wake();
    return again;
  }
  const effects = preview?.effects ?? [];
  const { done: _, ...before } = change.ahead ?? { since: new Date(controller.now()).toISOString(), objects: [] };
  const touched = new Set([...before.objects, ...objects, ...effects.map(({ object }) => objectKey(object))]);
  const executing = await step(controller, change, "executing", {
    by,
    objects: [...touched].sort(),
    ahead: { ...before, by, objects: [...touched].sort(), hashes: effects.map(({ hash }) => hash) },
    results: state === "failed" ? results : [],
  });
  await ahead(id);
  return executing;
}

/** Why an approved change has to be looked at again before it is executed; undefined where it need not. */
async function whyAnew(ground: Ground, change: Change, signal: AbortSignal): Promise<string | undefined> {
  if (change.state !== "approved") return undefined;
  if (await hasMoved(ground, change, signal)) return "the main line has changed what it changes";
  const before = isAhead(change) ? undefined : overlapping(await changesAhead(ground.controller), change);
  return before && waitsFor(before);
}

/** Who takes steps that nobody asked for. */
export const BY = "fleetwright";

/** Whether the main line has changed an object or a file of the change since it was looked at. */
export async function hasMoved({ controller, main }: Ground, change: Change, signal: AbortSignal): Promise<boolean> {
  const now = main();
  if (now === change.base) return false;
  const files = new Set(await controller.repo.changedSince(change.base, now));
  if (change.files.some((path) => files.has(path))) return true;
  if (files.size === 0) return false;
  const objects = new Set(await touched(controller, change.base, now, signal));
  return change.objects.some((key) => objects.has(key));
}

/** Brings what is being executed to the main line and its approvals on record, wherever that was cut off. */
export async function merge(ground: Ground, change: Change): Promise<Change> {
  const { controller } = ground;
  // What is brought back is on the main line already.
  const merged = change.merged ?? (change.reverts ? ground.main() : await land(ground, change));
  if (merged === undefined) return change;
  if (typeof merged !== "string") return merged;
  await controller.store.approve(await approvalsOf(ground, change, merged));
  const done = change.merged === undefined ? await noted(ground, change, merged) : change;
  await controller.repo.dropDrafts([change.id]);
  ground.poke();
  return done;
}

/** Another may have gone on with it meanwhile, and has come to the same commit. */
async function noted({ controller }: Ground, change: Change, merged: string): Promise<Change> {
  try {
    const { reason: _, ...rest } = change;
    return await amend(controller, rest, { merged });
  } catch (error) {
    const now = await changeOf(controller, change.id);
    if (now.merged === merged) return now;
    throw error;
  }
}

/** Its commit on the main line; the change itself when it fits no more; undefined when the remote does not take it now. */
async function land(ground: Ground, change: Change): Promise<string | Change | undefined> {
  const { controller } = ground;
  const { preview, approvals, mergeKey } = change;
  const trailers = {
    "Change-Id": change.id,
    "Effect-Hash": preview!.hash,
    ...(approvals.length > 0 && { "Approved-by": [...new Set(approvals.map(({ by }) => by))].join(", ") }),
  };
  try {
    return await controller.commits.submit({ ...requestOf(change), key: mergeKey!, trailers });
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    if (error.retry) {
      await amend(controller, change, { reason: error.message });
      return undefined;
    }
    const { code, message } = error;
    const mergeKey = `${change.id}.${change.version}`;
    const stale = await step(controller, change, "stale", { by: BY, reason: message, mergeKey });
    // Nobody comes to look at a call again.
    if (change.call === undefined) return stale;
    await controller.repo.dropDrafts([change.id]);
    return await step(controller, stale, "closed", { by: BY, reason: message, refusal: { code, message } });
  }
}

async function approvalsOf(
  { controller }: Ground,
  change: Change,
  commit: string,
): Promise<Omit<Approval, "doneAt">[]> {
  const { effects } = change.preview!;
  const missing = new Set(missingHashes(change));
  const overrides = overridesOf(change);
  const allows = (names: readonly string[] | undefined, name: string) =>
    names?.some((one) => one === "*" || one === name) === true;
  const quotes = await controller.store.quotes(effects.map(({ hash }) => hash));
  return effects
    .filter(({ hash }) => !missing.has(hash))
    .map((effect) => {
      const { hash, object } = effect;
      const given = change.approvals.filter(({ hashes }) => hashes.includes(hash));
      const quote = quotes.get(hash);
      return {
        effectHash: hash,
        object: objectKey(object),
        approvedBy: [...new Set(given.map(({ by }) => by))].join(", "),
        approvedAt: given[0]!.at,
        commit,
        allowReplace: effect.op === "replace" && allows(overrides?.allowReplace, object.name),
        ...(overrides?.allowRemovals !== undefined && { allowRemovals: overrides.allowRemovals }),
        ...(allows(overrides?.allowEnded, object.name) && { allowEnded: true as const }),
        ...(overrides?.outsideWindow && { outsideWindow: true as const }),
        ...(quote && { quote }),
      };
    });
}
