import { createHash } from "node:crypto";
import { FleetError } from "../../resources/errors.ts";
import { draftOf, touched, unlookedDraftOf } from "./draft.ts";
import { changeId } from "./id.ts";
import { BY } from "./merge.ts";
import { toChange, toStored } from "./records.ts";
import { amend, changeOf, type Ground, onLatest, type Patch, step, tell } from "./steps.ts";
import { OPEN } from "./transitions.ts";
import type { Change, ChangePull, ChangeState } from "./types.ts";

/** A pull request as a change is made of it. */
export interface PullWish extends Pick<Change, "id" | "title" | "author" | "role" | "openedBy"> {
  pull: ChangePull;
}

/** Of a pull request at a forge: the same as often as it is asked for. `earlier`: the change that came to an end before it was opened again. */
export const pullChangeId = (forge: string, number: number, earlier = ""): string =>
  changeId(
    createHash("sha256")
      .update(JSON.stringify(["pull", forge, number, earlier]))
      .digest(),
  );

/**
 * Opens the change of a pull request, or gives it another head. Behind a gate it is only checked, and stays a draft. Undefined: it changes nothing of
 * the main line.
 * @throws {FleetError} COMMIT_CONFLICT, FLEET_INVALID when it does not fit on the main line and there is no change of it yet.
 */
export async function putPullChange(ground: Ground, wish: PullWish, signal: AbortSignal): Promise<Change | undefined> {
  const stored = await ground.controller.store.change(wish.id);
  return stored === undefined
    ? await openPull(ground, wish, signal)
    : await onLatest(async () => await revise(ground, await changeOf(ground.controller, wish.id), wish, signal));
}

async function openPull(ground: Ground, wish: PullWish, signal: AbortSignal): Promise<Change | undefined> {
  const { controller, main, wake } = ground;
  const draft = await drafted(ground, wish, main(), signal);
  if (draft.files.length === 0) return undefined;
  const at = new Date(controller.now()).toISOString();
  const change: Change = {
    version: 1,
    ...wish,
    ...draft,
    state: wish.pull.gate === undefined ? "previewing" : "draft",
    surface: "pull-request",
    executes: false,
    approvals: [],
    results: [],
    createdAt: at,
    updatedAt: at,
    ...(wish.pull.gate !== undefined && { reason: wish.pull.gate }),
  };
  if (await controller.store.addChange(toStored(change), { change: change.id, to: change.state, by: BY, at }))
    await tell(controller, change, BY);
  await wake();
  return toChange((await controller.store.change(change.id))!);
}

const drafted = (
  { controller }: Ground,
  wish: PullWish & Pick<Change, "ahead">,
  base: string,
  signal: AbortSignal,
): ReturnType<typeof unlookedDraftOf> =>
  wish.pull.gate === undefined
    ? draftOf(controller, { ...wish, edits: [] }, base, signal)
    : unlookedDraftOf(controller, { ...wish, edits: [] }, base);

async function revise(ground: Ground, change: Change, wish: PullWish, signal: AbortSignal): Promise<Change> {
  const { controller, main, wake } = ground;
  const { pull, title } = wish;
  if (change.merged !== undefined || !OPEN.includes(change.state)) return change;
  if (change.pull?.head === pull.head)
    return change.title === title ? change : await amend(controller, change, { title });
  // What was shown was of another head.
  const { preview: _, ...known } = change;
  let state: ChangeState = pull.gate === undefined ? "previewing" : "draft";
  let patch: Patch & { reason?: string } = { pull, title };
  try {
    const { ahead } = change;
    const draft = await drafted(ground, { ...wish, ...(ahead && { ahead }) }, main(), signal);
    patch = { ...patch, ...draft, ...(pull.gate && { reason: pull.gate }) };
  } catch (error) {
    if (!(error instanceof FleetError) || error.retry) throw error;
    state = "stale";
    patch.reason = error.message;
  }
  const revised = await moved(controller, known, state, patch);
  await wake();
  return revised;
}

/** To a state, or on in the one that it is in. */
async function moved(
  controller: Ground["controller"],
  change: Change,
  state: ChangeState,
  patch: Patch & { reason?: string },
): Promise<Change> {
  if (change.state !== state) return await step(controller, change, state, { ...patch, by: BY });
  const { reason: _, ...rest } = change;
  return await amend(controller, rest, patch);
}

/** @throws {FleetError} FORBIDDEN while nobody has admitted the head of a pull request. */
export function refuseGated({ pull }: Pick<Change, "pull">): void {
  if (pull?.gate === undefined) return;
  const message = `${pull.gate}: an operator who has read it comments \`fleetwright preview ${pull.head}\` on ${pull.url}`;
  throw new FleetError("FORBIDDEN", message, {});
}

/**
 * Has a pull request previewed that waits behind a gate: this head of it, and no later one.
 * @throws {FleetError} PREVIEW_STALE for another head; COMMIT_CONFLICT, FLEET_INVALID
 */
export async function admitPull(
  ground: Ground,
  id: string,
  { head, by }: { head: string; by: string },
  signal: AbortSignal,
): Promise<Change> {
  const { controller, main, wake } = ground;
  const admitted = await onLatest(async () => {
    const change = await changeOf(controller, id);
    const { gate: _, ...pull } = change.pull!;
    if (pull.head !== head)
      throw new FleetError("PREVIEW_STALE", `the head is ${pull.head} by now: read it, and say that one`, {
        change: id,
      });
    const draft = await draftOf(controller, { ...change, pull }, main(), signal);
    return await step(controller, change, "previewing", { ...draft, pull, by });
  });
  await wake();
  return admitted;
}

/**
 * A pull request was merged: what was approved of it is executed, and the rest waits for approval on the main line. False while the main line here
 * does not have it yet.
 */
export async function mergePull(ground: Ground, id: string, merged: string, signal: AbortSignal): Promise<boolean> {
  const { controller, main, wake, poke } = ground;
  const { repo } = controller;
  if (!(await repo.isAncestor(merged, main()))) {
    poke();
    return false;
  }
  await onLatest(async () => {
    const change = await changeOf(controller, id);
    if (change.merged !== undefined || !OPEN.includes(change.state)) return;
    const own = await touched(controller, await repo.head(`${merged}^`), merged, signal);
    const { gate: _, ...pull } = change.pull!;
    // Of several commits without one that merges them, the drafts know more than the last one.
    const objects = [...new Set([...change.objects, ...own])].sort();
    const patch = { merged, pull, objects, executes: true };
    await moved(controller, change, "previewing", patch);
  });
  await wake();
  return true;
}

/** A pull request was closed, or touches the fleet no more. What it was executed for goes back as anything goes that the main line says otherwise. */
export async function closePull({ controller, poke }: Ground, id: string, why: string): Promise<void> {
  await onLatest(async () => {
    const change = await changeOf(controller, id);
    if (change.merged !== undefined || !OPEN.includes(change.state)) return;
    const reason = change.ahead?.begun ? `${why}. ${LEFT}` : why;
    // What runs is finished by whoever runs it; what is given up is looking at it.
    const isRunning = change.state === "executing" || change.state === "failed";
    const idle = isRunning ? await step(controller, change, "previewing", { by: BY, reason }) : change;
    await step(controller, idle, "closed", { by: BY, reason });
  });
  await controller.repo.dropDrafts([id]);
  const { ahead, merged } = await changeOf(controller, id);
  if (ahead === undefined || merged !== undefined) return;
  await controller.store.closeApprovals(ahead.hashes);
  poke();
}

const LEFT =
  "It was executed before, and nobody has merged it: what it has changed is held no more, and is not as the main line says. Going back waits for an approval there, as `fleetwright preview` shows it";
