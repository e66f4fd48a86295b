import { FleetError } from "../../resources/errors.ts";
import type { CreateRefusal } from "../../resources/journal.ts";
import { hostKey } from "../../resources/mark.ts";
import { requireRoom } from "../room.ts";
import type { Quote } from "../store/types.ts";
import { observeAdopted } from "./adopt.ts";
import { heldAhead } from "./ahead.ts";
import { type Approved, approvedOnly, closeSuperseded } from "./approvals.ts";
import { isCurrent } from "./basis.ts";
import type { BeingMade } from "./being-made.ts";
import type { Controller } from "./context.ts";
import { recordAccounts } from "./desired.ts";
import { forget } from "./forget.ts";
import type { Overrides } from "./guards.ts";
import { holdText, partHeld } from "./holds.ts";
import { withLeases } from "./leases.ts";
import { mendState } from "./mend-state.ts";
import { movedFrom, type Phase, phases } from "./phases.ts";
import { NO_OVERRIDES, type Prepared, type PreviewOptions, passes, prepare, stacksOf } from "./preview.ts";
import { checkQuotes, quotesOf } from "./quotes.ts";
import { recover } from "./recover.ts";
import { recoverStacks } from "./recover-stacks.ts";
import { openReshards } from "./reshard-open.ts";
import { sideBySide, stacksInUse } from "./side-by-side.ts";
import { whileRoom } from "./spending-room.ts";
import type { StackTask } from "./stack-run.ts";
import { runTask, type Settle } from "./task.ts";
import type { Preview, Verdict, Work } from "./types.ts";
import { verdicts } from "./verdicts.ts";
import { type NotBegun, neededBy, pausedIn, wavesOf } from "./waves.ts";

export interface ExecuteOptions {
  /** Options of the preview that was shown. */
  preview: Omit<PreviewOptions, "signal" | "overrides">;
  /** The preview that was shown, when this process made it: used again while nothing has moved. */
  prepared?: Prepared;
  approved: Approved;
  overrides?: Overrides;
  /** What whoever approves now was shown; default: the prices of `prepared`, else those that the last preview has shown. */
  shown?: ReadonlyMap<string, Quote>;
  signal: AbortSignal;
}

/** One object's end. */
export interface Outcome {
  name: string;
  op: string;
  effectHash: string;
  /** `provisioning`: ordered and recorded as applied, and the cloud is still making it ready. */
  state: "converged" | "provisioning" | "failed";
  /** The cloud's or the engine's own words. */
  message?: string;
  /** What the cloud has refused its create with, where that is known. */
  refusal?: CreateRefusal;
  /** How far it is, where its state is `provisioning`. */
  beingMade?: BeingMade;
}

/** What was approved and not begun: its wave comes behind one that failed, or its window has closed. It stays approved. */
export interface LeftOut extends Pick<Outcome, "name" | "op" | "effectHash"> {
  why: string;
}

export interface Execution {
  preview: Preview;
  outcomes: Outcome[];
  /** Absent when all of it was begun. */
  left?: LeftOut[];
  converged: number;
  /** Machines that the cloud is still making ready. */
  provisioning: number;
  failed: number;
  engineRuns: number;
}

/**
 * Executes exactly what was approved: recomputes the effects under the leases of their stacks and refuses, before anything is touched, what is
 * not in the set. One failed server does not stop the others, unless they are to go in waves.
 * @throws {FleetError} PREVIEW_STALE, NOT_APPROVED, CLOUD_OUT_OF_STOCK, GUARD_REFUSED, STACK_BUSY, FLEET_INVALID, DISK_FULL
 */
export async function execute(controller: Controller, options: ExecuteOptions): Promise<Execution> {
  await requireRoom(controller.dataDir);
  await recover(controller, options.signal);
  const overrides = options.overrides ?? NO_OVERRIDES;
  const again = (signal: AbortSignal) => prepare(controller, { ...options.preview, overrides, signal });
  const shown = options.prepared ?? (await again(options.signal));
  const seen = quotesOf(shown.works, shown.desired);
  const stacks = [
    ...new Set([...stacksOf(shown.works), ...[...shown.quiet, ...shown.stale].map(({ stack }) => stack)]),
  ];
  return await withLeases(controller, stacks, options.signal, async (signal, release) => {
    const recovered = await recoverStacks(controller, stacks);
    for (const stack of stacks) await mendState(controller, stack);
    const isSame =
      recovered.length === 0 &&
      (await unmoved(controller, shown, options)) &&
      (await heldNow(controller, shown, shown.works, options)).length === 0;
    const current = isSame ? shown : await again(signal);
    const outside = stacksOf(current.works).filter((stack) => !stacks.includes(stack));
    if (outside.length > 0)
      throw new FleetError(
        "PREVIEW_STALE",
        `the change has come to concern ${outside.join(", ")}: look at a new preview`,
        {},
      );
    const open = await controller.store.openApprovals();
    refuseGuarded(verdicts(current.guarded, current.desired, overrides, open));
    const { effects } = current.preview;
    const room = { desired: current.desired, effects, change: options.preview.change, overrides };
    await whileRoom(controller, room, signal, async (capped, signal) => {
      // Who looks again by itself then leaves out what does not fit any more.
      if (options.preview.approvedOnly === true) refuseOvertaken(capped);
      refuseGuarded(capped);
      await approvedOnly(controller, current, options.approved, overrides, async (isGiven) => {
        const now = await pricesShown(controller, options);
        const before = (hash: string) => (isGiven(hash) ? now.get(hash) : open.get(hash)?.quote);
        return await checkQuotes(controller, current, (hash) => before(hash) ?? seen.get(hash), signal);
      });
    });
    const { stacks: some, revert, objects } = options.preview;
    if (some === undefined && revert === undefined && objects === undefined) await closeSuperseded(controller, current);
    await recordAccounts(controller, current.desired.accounts.values());
    await controller.store.putObjects(current.quiet.filter(({ stack }) => stacks.includes(stack)));
    await controller.store.removeObjects(current.stale.filter(({ stack }) => stacks.includes(stack)));
    const { outcomes, left } = await runPhases(controller, current, stacks, options, signal, release);
    const count = (wanted: Outcome["state"]) => outcomes.filter(({ state }) => state === wanted).length;
    return {
      preview: current.preview,
      outcomes,
      ...(left.length > 0 ? { left: left.map(leftOut) } : {}),
      converged: count("converged"),
      provisioning: count("provisioning"),
      failed: count("failed"),
      engineRuns: current.preview.engineRuns,
    };
  });
}

/** The prices that whoever approves now has seen. */
async function pricesShown(
  { store }: Controller,
  { shown, prepared, approved }: ExecuteOptions,
): Promise<ReadonlyMap<string, Quote>> {
  if (shown !== undefined) return shown;
  if (prepared !== undefined) return quotesOf(prepared.works, prepared.desired);
  return await store.quotes(approved.hashes ?? []);
}

/** Whether documents, records and state are those that the preview was made from, and the engine has had its look. */
async function unmoved(
  controller: Controller,
  { preview, works, basis }: Prepared,
  options: ExecuteOptions,
): Promise<boolean> {
  if (preview.engineRuns === 0 && works.length > 0 && options.preview.engine !== false) return false;
  const head = await controller.repo.head(options.preview.commit);
  return head === preview.commit && (await isCurrent(controller, basis));
}

/** Works that are held by now: a window may close while others are at work. */
async function heldNow(
  controller: Controller,
  { desired, guarded: { policies } }: Prepared,
  works: Work[],
  { preview: { change }, overrides = NO_OVERRIDES }: ExecuteOptions,
): Promise<NotBegun[]> {
  const { store, now } = controller;
  const open = await store.openApprovals();
  const resharding = await openReshards(store);
  const ahead = await heldAhead(controller, desired.commit, change);
  const { held } = partHeld(works, { desired, policies, open, overrides, resharding, ahead, now: now() });
  return held.map(({ work, holds }) => ({
    work,
    why: holds.map(holdText).join("; "),
  }));
}

const leftOut = ({ work: { effect }, why }: NotBegun): LeftOut => ({
  name: effect.object.name,
  op: effect.op,
  effectHash: effect.hash,
  why,
});

function refuseGuarded(verdicts: Verdict[]): void {
  const refused = verdicts.filter((verdict) => !passes(verdict));
  if (refused.length > 0) {
    const lines = refused.map(({ message, override }) =>
      override === undefined ? message : `${message} (${override} says that it is meant)`,
    );
    throw new FleetError("GUARD_REFUSED", lines.join("\n"), { guards: refused.map(({ guard }) => guard).join(",") });
  }
}

/** @throws {FleetError} PREVIEW_STALE when others have been approved meanwhile and have left no room below a cap. */
function refuseOvertaken(capped: Verdict[]): void {
  const refused = capped.filter((verdict) => !passes(verdict));
  if (refused.length > 0)
    throw new FleetError("PREVIEW_STALE", refused.map(({ message }) => message).join("\n"), { guards: "spending" });
}

async function runPhases(
  controller: Controller,
  prepared: Prepared,
  stacks: string[],
  options: ExecuteOptions,
  signal: AbortSignal,
  release: (stack: string) => Promise<void>,
): Promise<{ outcomes: Outcome[]; left: NotBegun[] }> {
  const outcomes = new Map<string, Outcome>();
  const settle: Settle = (work, message, beingMade) => {
    const { effect } = work;
    const earlier = outcomes.get(effect.hash);
    if (earlier?.state === "failed") return;
    const state = message !== undefined ? "failed" : beingMade ? "provisioning" : "converged";
    const outcome: Outcome = { name: effect.object.name, op: effect.op, effectHash: effect.hash, state };
    if (message !== undefined) outcome.message = message;
    if (beingMade !== undefined) outcome.beingMade = beingMade;
    outcomes.set(effect.hash, outcome);
    controller.progress({
      kind: "object",
      name: effect.object.name,
      object: effect.object,
      op: effect.op,
      state: state === "converged" ? "done" : state,
      ...(message === undefined ? {} : { message }),
      ...(beingMade === undefined ? {} : { beingMade }),
    });
  };

  await observeAdopted(controller, prepared.works, prepared.desired, signal);
  const forgotten = prepared.works.filter(({ effect }) => effect.op === "forget");
  const waves = wavesOf(prepared.works, prepared.desired);
  const [first = [], ...later] = waves.waves;
  const phasesOf = (works: Work[]) => phases(works, prepared.desired);
  const steps = [[...waves.before, ...first], ...later, waves.after];
  const busy = stacksInUse(steps.flatMap(phasesOf), [
    ...prepared.works.flatMap((work) => movedFrom(work) ?? []),
    ...forgotten.map(({ stack }) => stack),
  ]);
  for (const stack of stacks.filter(busy.isIdle)) await release(stack);
  const runStep = async (step: Phase[]) => {
    for (const phase of step) {
      signal.throwIfAborted();
      const run = async (task: StackTask) => {
        await runTask(controller, withoutFailed(task, outcomes), phase, prepared, settle, signal);
        // Whoever waits for this stack need not wait for the others.
        if (busy.isDone(task.stack)) await release(task.stack);
      };
      await sideBySide(phase.tasks, controller.stacksAtOnce, run);
    }
  };

  const isFailed = ({ effect }: Work) => outcomes.get(effect.hash)?.state === "failed";
  const left: NotBegun[] = [];
  for (const [index, wave] of waves.waves.entries()) {
    const paused = index === 0 ? [] : pausedIn(waves, index, isFailed);
    const closed = index === 0 ? [] : await heldNow(controller, prepared, without(wave, paused), options);
    left.push(...paused, ...closed);
    const works = without(wave, [...paused, ...closed]);
    if (works.length > 0 && waves.waves.length > 1) tellWave(controller, index + 1, waves.waves.length, works);
    await runStep(phasesOf(index === 0 ? [...waves.before, ...works] : works));
  }
  if (waves.waves.length === 0) await runStep(phasesOf(waves.before));
  left.push(...neededBy(waves.after, left));
  await runStep(phasesOf(without(waves.after, left)));
  signal.throwIfAborted();
  if (forgotten.length > 0) await forget(controller, forgotten, settle);
  return { outcomes: await explained(controller, prepared, [...outcomes.values()]), left };
}

/** With what the clouds have said of creates, and of moves of hosts, that failed. */
async function explained(
  { store }: Controller,
  { works, desired }: Prepared,
  outcomes: readonly Outcome[],
): Promise<Outcome[]> {
  const byHash = new Map(works.map((work) => [work.effect.hash, work]));
  return await Promise.all(
    outcomes.map(async (outcome) => {
      if (outcome.state !== "failed") return outcome;
      const { mark, effect } = byHash.get(outcome.effectHash)!;
      const { kind, name } = effect.object;
      const key = kind === "AggregateHost" ? hostKey(name) : mark;
      const identity = desired.accounts.get(effect.object.account)?.identity;
      const refusal = identity === undefined ? undefined : await store.createRefusal(identity, key);
      return refusal === undefined ? outcome : { ...outcome, refusal };
    }),
  );
}

function without(works: readonly Work[], left: readonly NotBegun[]): Work[] {
  const out = new Set(left.map(({ work }) => work));
  return works.filter((work) => !out.has(work));
}

function tellWave({ progress }: Controller, number: number, of: number, works: Work[]): void {
  const names = works.map(({ effect }) => effect.object.name);
  const which = names.length > 8 ? `${names.length} servers, ${names[0]} to ${names.at(-1)}` : names.join(", ");
  progress({ kind: "phase", text: `wave ${number} of ${of}: ${which}` });
}

/** What failed in an earlier phase is not gone on with: a server that could not leave its account is not made in the next. */
function withoutFailed(task: StackTask, outcomes: ReadonlyMap<string, Outcome>): StackTask {
  const goes = (work: Work) => outcomes.get(work.effect.hash)?.state !== "failed";
  return { ...task, declare: task.declare.filter(goes), remove: task.remove.filter(goes) };
}
