import type { StackObject } from "../../resources/spec.ts";
import type { AppliedObject } from "../store/types.ts";
import { forgetAttachments } from "./attached.ts";
import type { Controller } from "./context.ts";
import { withCounters } from "./counters.ts";
import type { Phase } from "./phases.ts";
import { movedFrom } from "./phases.ts";
import type { Prepared } from "./preview.ts";
import type { ObjectResult } from "./results.ts";
import type { StackTask } from "./stack-run.ts";

/** Writes down what has converged. State was saved when the engine ended, so a record never knows more than state does. */
export async function record(
  controller: Controller,
  task: StackTask,
  phase: Phase,
  prepared: Prepared,
  converged: ObjectResult[],
): Promise<void> {
  const gone = converged.filter(({ work }) => work.desired === undefined);
  const present = converged.filter(({ work }) => work.desired !== undefined);
  if (gone.length > 0 && phase.name !== "moved away") {
    for (const { applied } of gone.map(({ work }) => work)) {
      // Whoever gets this name next gets this mark again, and must not be answered with the machine that is gone.
      if (applied?.kind === "Server" && applied.cloudId !== undefined)
        await controller.store.dropIntent(applied.account, applied.mark);
    }
    await controller.store.removeObjects(
      gone.map(({ work: { applied } }) => ({
        account: applied!.account,
        kind: applied!.kind,
        identity: applied!.identity,
      })),
    );
  }
  if (present.length > 0) {
    const { identity } = task.account;
    const at = new Date(controller.now()).toISOString();
    const records = present.map((object) => {
      // Whether its machine has it, the next pass sees.
      const provisioningSince = isForMachine(object.work.desired) ? at : object.provisioningSince;
      const seen = provisioningSince === undefined ? object : { ...object, provisioningSince };
      return recordOf(identity, task.stack, prepared.preview.commit, seen);
    });
    const before = new Map(present.map(({ work }) => [work.identity, work.applied?.cloudId]));
    const madeAnew = records.filter((record) => {
      const id = before.get(record.identity);
      return (record.kind === "Firewall" || record.kind === "Port") && id !== undefined && id !== record.cloudId;
    });
    // Before their own records, which say that all is well.
    await forgetAttachments(controller, identity, madeAnew);
    await controller.store.putObjects(records);
  }
  // After the new records: between the two a server has both, of which the one of the higher generation counts.
  const left = prepared.works.filter(
    (work) => movedFrom(work) !== undefined && present.some((object) => object.work.effect.hash === work.effect.hash),
  );
  if (left.length > 0) {
    await controller.store.removeObjects(
      left.map(({ applied }) => ({ account: applied!.account, kind: applied!.kind, identity: applied!.identity })),
    );
  }
}

const isForMachine = (desired: StackObject | undefined): boolean =>
  desired?.kind === "Port" && desired.machine !== undefined;

/** The record of an object that has converged. */
export function recordOf(
  account: string,
  stack: string,
  commit: string,
  { work, id, provisioningSince }: ObjectResult,
): AppliedObject {
  const spec = work.desired!;
  const record: AppliedObject = {
    account,
    kind: spec.kind,
    name: spec.name,
    identity: work.identity,
    stack,
    generation: work.generation,
    mark: work.mark,
    hash: work.desiredHash,
    document: withCounters(spec, work.applied?.document),
    commit,
    refresh: false,
    ...(provisioningSince === undefined ? {} : { provisioningSince }),
  };
  const cloudId = id ?? (work.applied?.generation === work.generation ? work.applied.cloudId : undefined);
  return cloudId === undefined ? record : { ...record, cloudId };
}
