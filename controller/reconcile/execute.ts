import { FleetError } from "../../resources/errors.ts";
import { observeAdopted } from "./adopt.ts";
import { type Approved, approvedOnly } from "./approvals.ts";
import { type Controller, cloudOf } from "./context.ts";
import { recordAccounts } from "./desired.ts";
import { forget } from "./forget.ts";
import type { Overrides } from "./guards.ts";
import { withLeases } from "./leases.ts";
import { type Phase, phases } from "./phases.ts";
import { inParallel } from "./pool.ts";
import { NO_OVERRIDES, type Prepared, type PreviewOptions, passes, prepare, stateMark } from "./preview.ts";
import { record } from "./record.ts";
import { recover } from "./recover.ts";
import { type ObjectResult, runStack, type StackTask } from "./stack-run.ts";
import type { Preview, Work } from "./types.ts";
import { describeDrift, type Verified, verify } from "./verify.ts";

export interface ExecuteOptions {
  /** Options of the preview that was shown. */
  preview: Omit<PreviewOptions, "signal" | "overrides">;
  /** The preview that was shown, when this process made it: used again while nothing has moved. */
  prepared?: Prepared;
  approved: Approved;
  overrides?: Overrides;
  signal: AbortSignal;
}

/** One object's end. */
export interface Outcome {
  name: string;
  op: string;
  effectHash: string;
  state: "converged" | "failed";
  /** The cloud's or the engine's own words. */
  message?: string;
}

export interface Execution {
  preview: Preview;
  outcomes: Outcome[];
  converged: number;
  failed: number;
  engineRuns: number;
}

/**
 * Executes exactly what was approved: recomputes the effects under the leases of their stacks and refuses, before anything is touched, what is
 * not in the set. One failed server does not stop the others.
 * @throws {FleetError} PREVIEW_STALE, NOT_APPROVED, GUARD_REFUSED, STACK_BUSY, FLEET_INVALID
 */
export async function execute(controller: Controller, options: ExecuteOptions): Promise<Execution> {
  await recover(controller, options.signal);
  const shown = options.prepared ?? (await prepareAgain(controller, options, options.signal));
  const stacks = stacksOf(shown.works);
  return await withLeases(controller, stacks, options.signal, async (signal) => {
    const current =
      options.prepared && (await unmoved(controller, options.prepared))
        ? shown
        : await prepareAgain(controller, options, signal);
    const outside = stacksOf(current.works).filter((stack) => !stacks.includes(stack));
    if (outside.length > 0)
      throw new FleetError(
        "PREVIEW_STALE",
        `the change has come to concern ${outside.join(", ")}: look at a new preview`,
        {},
      );
    refuseGuarded(current);
    await approvedOnly(controller, current, options.approved);
    await recordAccounts(controller, current.desired.accounts.values());
    if (current.quiet.length > 0) await controller.store.putObjects(current.quiet);
    const outcomes = await runPhases(controller, current, signal);
    await controller.store.closeApprovals(
      outcomes.filter(({ state }) => state === "converged").map(({ effectHash }) => effectHash),
    );
    const failed = outcomes.filter(({ state }) => state === "failed").length;
    return {
      preview: current.preview,
      outcomes,
      converged: outcomes.length - failed,
      failed,
      engineRuns: current.preview.engineRuns,
    };
  });
}

async function prepareAgain(controller: Controller, options: ExecuteOptions, signal: AbortSignal): Promise<Prepared> {
  const overrides = options.overrides ?? NO_OVERRIDES;
  return await prepare(controller, { ...options.preview, overrides, signal });
}

/** Whether documents, records and state are those that the preview was made from. */
async function unmoved(controller: Controller, prepared: Prepared): Promise<boolean> {
  const [head, mark] = await Promise.all([controller.repo.head(prepared.preview.commit), stateMark(controller)]);
  return head === prepared.preview.commit && mark === prepared.stateMark;
}

function refuseGuarded(current: Prepared): void {
  const refused = current.preview.verdicts.filter((verdict) => !passes(verdict));
  if (refused.length > 0) {
    const lines = refused.map(({ message, override }) =>
      override === undefined ? message : `${message} (${override} says that it is meant)`,
    );
    throw new FleetError("GUARD_REFUSED", lines.join("\n"), { guards: refused.map(({ guard }) => guard).join(",") });
  }
}

const stacksOf = (works: Work[]): string[] => [
  ...new Set(works.flatMap((work) => [work.stack, ...(work.applied ? [work.applied.stack] : [])])),
];

async function runPhases(controller: Controller, prepared: Prepared, signal: AbortSignal): Promise<Outcome[]> {
  const outcomes = new Map<string, Outcome>();
  const settle = (work: Work, message?: string) => {
    const { effect } = work;
    const earlier = outcomes.get(effect.hash);
    if (earlier?.state === "failed") return;
    const state = message === undefined ? "converged" : "failed";
    const outcome: Outcome = { name: effect.object.name, op: effect.op, effectHash: effect.hash, state };
    if (message !== undefined) outcome.message = message;
    outcomes.set(effect.hash, outcome);
    const event = {
      kind: "object" as const,
      name: effect.object.name,
      object: effect.object,
      op: effect.op,
      state: message === undefined ? ("done" as const) : ("failed" as const),
    };
    controller.progress(message === undefined ? event : { ...event, message });
  };

  await observeAdopted(controller, prepared.works, prepared.desired, signal);
  for (const phase of phases(prepared.works, prepared.desired)) {
    signal.throwIfAborted();
    await inParallel(phase.tasks, controller.stacksAtOnce, (task) =>
      runTask(controller, withoutFailed(task, outcomes), phase, prepared, settle, signal),
    );
  }
  const forgotten = prepared.works.filter(({ effect }) => effect.op === "forget");
  if (forgotten.length > 0) await forget(controller, forgotten, settle);
  return [...outcomes.values()];
}

/** What failed in an earlier phase is not gone on with: a server that could not leave its account is not made in the next. */
function withoutFailed(task: StackTask, outcomes: ReadonlyMap<string, Outcome>): StackTask {
  const goes = (work: Work) => outcomes.get(work.effect.hash)?.state !== "failed";
  return { ...task, declare: task.declare.filter(goes), remove: task.remove.filter(goes) };
}

type Settle = (work: Work, message?: string) => void;

async function runTask(
  controller: Controller,
  task: StackTask,
  phase: Phase,
  prepared: Prepared,
  settle: Settle,
  signal: AbortSignal,
): Promise<void> {
  const works = [...task.declare, ...task.remove];
  if (works.length === 0) return;
  controller.progress({
    kind: "phase",
    text: `${task.stack}: ${phase.name}, ${works.length} ${works.length === 1 ? "object" : "objects"}`,
  });
  try {
    const cloud = cloudOf(controller, task.account.spec.provider);
    const first = await runStack(controller, task, "up", prepared.preview.commit, signal);
    const done = first.objects.filter(({ errors }) => errors.length === 0);
    const verified = await verify(controller, cloud, task.account, done, signal);
    const again = verified
      .filter(({ drift, result }) => drift.length > 0 && result.work.desired !== undefined)
      .map(({ result }) => result.work);
    const second = again.length === 0 ? [] : await runAgain(controller, task, again, prepared.preview.commit, signal);
    const last = new Map([...verified, ...second].map((verdict) => [verdict.result.work.effect.hash, verdict]));
    await conclude(controller, task, phase, prepared, first.objects, last, settle);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    await markSuspect(controller, works);
    for (const work of works) settle(work, error.message);
  }
}

/** What still differs after its run (a taken-over machine, a plugin that believed its state) is read from the cloud and run once more. */
async function runAgain(
  controller: Controller,
  task: StackTask,
  works: Work[],
  commit: string,
  signal: AbortSignal,
): Promise<Verified[]> {
  const cloud = cloudOf(controller, task.account.spec.provider);
  const suspects = works.map((work) => ({ ...work, refresh: true }));
  const { objects } = await runStack(controller, { ...task, declare: suspects, remove: [] }, "up", commit, signal);
  const failed = objects.filter(({ errors }) => errors.length > 0);
  const verified = await verify(
    controller,
    cloud,
    task.account,
    objects.filter(({ errors }) => errors.length === 0),
    signal,
  );
  return [...verified, ...failed.map((result) => ({ result, drift: [], problem: result.errors.join("\n") }))];
}

async function conclude(
  controller: Controller,
  task: StackTask,
  phase: Phase,
  prepared: Prepared,
  objects: ObjectResult[],
  verified: ReadonlyMap<string, Verified>,
  settle: Settle,
): Promise<void> {
  const converged: ObjectResult[] = [];
  const suspects: Work[] = [];
  const messages = new Map<Work, string | undefined>();
  for (const object of objects) {
    const verdict = verified.get(object.work.effect.hash);
    const message = failureOf(object, verdict);
    if (message === undefined)
      converged.push({ ...object, ...(verdict?.result.id === undefined ? {} : { id: verdict.result.id }) });
    else suspects.push(object.work);
    messages.set(object.work, message);
  }
  await record(controller, task, phase, prepared, converged);
  await markSuspect(controller, suspects);
  for (const [work, message] of messages) settle(work, message);
}

function failureOf(object: ObjectResult, verdict: Verified | undefined): string | undefined {
  if (object.errors.length > 0) return object.errors.join("\n");
  if (verdict?.problem !== undefined) return verdict.problem;
  if (verdict !== undefined && verdict.drift.length > 0)
    return describeDrift(object.work.effect.object.name, verdict.drift).message;
  return undefined;
}

/** The next run of these reads them from the cloud first. */
async function markSuspect(controller: Controller, works: Work[]): Promise<void> {
  const records = works.flatMap(({ applied }) => (applied === undefined ? [] : [{ ...applied, refresh: true }]));
  if (records.length > 0) await controller.store.putObjects(records);
}
