import { FleetError } from "../../resources/errors.ts";
import { type BeingMade, beingMadeOf, madeSince } from "./being-made.ts";
import { type Controller, cloudOf } from "./context.ts";
import { beyondUpdate } from "./engine-preview.ts";
import { fenceOf } from "./leases.ts";
import type { Phase } from "./phases.ts";
import type { Prepared } from "./preview.ts";
import { record } from "./record.ts";
import type { ObjectResult } from "./results.ts";
import { isLeaseLost, runStack, type StackTask } from "./stack-run.ts";
import { takeBack } from "./take-back.ts";
import { trimFirewalls } from "./trim.ts";
import type { Work } from "./types.ts";
import { describeDrift, type Verified, verify } from "./verify.ts";
import { writeEntries } from "./written-entries.ts";

/** Tells how an object has ended; without a message it has converged, or is being made ready. */
export type Settle = (work: Work, message?: string, beingMade?: BeingMade) => void;

/**
 * One task of an execution: the engine's run, a fresh look at what it did, a second run for what still differs, and the records of what has
 * converged. What has not is suspect from then on, and failed with a message; nothing of that stops other tasks.
 */
export async function runTask(
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
  const { commit } = prepared.preview;
  try {
    const cloud = cloudOf(controller, task.account.spec.provider);
    const lost = await takeBack(controller, task, commit, signal);
    await writeEntries(controller, task, commit, signal);
    const first = [
      ...(await runAll(controller, { ...task, remove: task.remove.filter((work) => !lost.has(work)) }, commit, signal)),
      ...[...lost].map(([work, problem]): ObjectResult => ({ work, errors: [problem] })),
    ];
    const done = first.filter(({ errors }) => errors.length === 0);
    await trimFirewalls(controller, cloud, task.account, done, signal);
    const verified = await verify(controller, cloud, task.account, done, signal);
    const again = verified
      .filter(({ drift, result }) => drift.length > 0 && result.work.desired !== undefined)
      .map(({ result }) => result.work);
    const second = again.length === 0 ? [] : await runAgain(controller, task, again, verified, commit, signal);
    const last = new Map([...verified, ...second].map((verdict) => [verdict.result.work.effect.hash, verdict]));
    await conclude(controller, task, phase, prepared, first, last, settle);
  } catch (error) {
    // Records of a stack that another controller has now are its to write.
    if (isLeaseLost(signal)) throw error;
    await markSuspect(controller, works);
    if (signal.aborted || !(error instanceof FleetError)) throw error;
    for (const work of works) settle(work, error.message);
  }
}

/** Runs the engine until it has come to everything: one object's failure may stop it, and the others then run again without that one. */
async function runAll(
  controller: Controller,
  task: StackTask,
  commit: string,
  signal: AbortSignal,
): Promise<ObjectResult[]> {
  const ended: ObjectResult[] = [];
  for (let left = task; ; ) {
    const { objects, engine } = await runStack(controller, left, "up", commit, signal);
    const unreached = objects.filter((object) => object.unreached);
    const reached = objects.filter((object) => !object.unreached);
    ended.push(...reached);
    if (unreached.length === 0 || reached.length === 0 || signal.aborted) return [...ended, ...unreached];
    const again = new Set(unreached.map(({ work }) => work));
    const rerun = (works: Work[]) =>
      works.filter((work) => again.has(work)).map((work) => (engine.killed ? { ...work, refresh: true } : work));
    left = { ...left, declare: rerun(left.declare), remove: rerun(left.remove) };
  }
}

/** What still differs after its run (a taken-over machine, a plugin that believed its state) is read from the cloud and run once more. */
async function runAgain(
  controller: Controller,
  task: StackTask,
  works: Work[],
  verified: Verified[],
  commit: string,
  signal: AbortSignal,
): Promise<Verified[]> {
  const cloud = cloudOf(controller, task.account.spec.provider);
  const suspects = { ...task, declare: works.map((work) => ({ ...work, refresh: true })), remove: [] };
  const beyond = await beyondUpdate(controller, suspects, commit, signal);
  const declare = suspects.declare.filter((work) => !beyond.has(work));
  const objects =
    declare.length === 0 ? [] : (await runStack(controller, { ...suspects, declare }, "up", commit, signal)).objects;
  const failed = objects.filter(({ errors }) => errors.length > 0);
  const done = objects.filter(({ errors }) => errors.length === 0);
  const first = new Map(verified.map((verdict) => [verdict.result.work.effect.hash, verdict]));
  return [
    ...(await verify(controller, cloud, task.account, done, signal)),
    ...failed.map((result) => ({ result, drift: [], problem: result.errors.join("\n") })),
    ...[...beyond].map(([work, why]) => {
      const { result, drift } = first.get(work.effect.hash)!;
      return { result, drift: [], problem: `${describeDrift(work.effect.object.name, drift).message}; ${why}` };
    }),
  ];
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
  const ends: Parameters<Settle>[] = [];
  for (const object of objects) {
    const { work } = object;
    const verdict = verified.get(work.effect.hash);
    const message = failureOf(object, verdict);
    if (message !== undefined) {
      suspects.push(work);
      ends.push([work, message]);
      continue;
    }
    const done: ObjectResult = { ...object, ...(verdict?.result.id === undefined ? {} : { id: verdict.result.id }) };
    const { provisioning } = verdict ?? {};
    if (provisioning === undefined) {
      converged.push(done);
      ends.push([work]);
      continue;
    }
    const provisioningSince = await madeSince(controller, task.account.identity, work);
    converged.push({ ...done, provisioningSince });
    const { name } = work.effect.object;
    const id = done.id ?? work.applied?.cloudId;
    ends.push([work, undefined, beingMadeOf(controller, task.account, { name, provisioningSince, id }, provisioning)]);
  }
  fenceOf(controller, task.stack).check();
  await record(controller, task, phase, prepared, converged);
  // A move has converged when the machine stands in its new account.
  if (phase.name !== "moved away") await controller.store.closeApprovals(converged.map(({ work }) => work.effect.hash));
  await markSuspect(controller, suspects);
  for (const end of ends) settle(...end);
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
