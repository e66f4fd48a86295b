import type { AppliedObject } from "../store/types.ts";
import type { Controller } from "./context.ts";
import type { Phase } from "./phases.ts";
import { movedFrom } from "./phases.ts";
import type { Prepared } from "./preview.ts";
import type { ObjectResult, StackTask } from "./stack-run.ts";
import type { Work } from "./types.ts";

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
    await controller.store.removeObjects(
      gone.map(({ work: { applied } }) => ({
        account: applied!.account,
        kind: applied!.kind,
        identity: applied!.identity,
      })),
    );
  }
  const left = prepared.works.filter(
    (work) => movedFrom(work) !== undefined && present.some((object) => object.work.effect.hash === work.effect.hash),
  );
  if (left.length > 0) {
    await controller.store.removeObjects(
      left.map(({ applied }) => ({ account: applied!.account, kind: applied!.kind, identity: applied!.identity })),
    );
  }
  if (present.length > 0)
    await controller.store.putObjects(
      present.map((object) => recordOf(task.account.identity, task.stack, prepared.preview.commit, object)),
    );
}

/** The record of an object that has converged. */
export function recordOf(account: string, stack: string, commit: string, { work, id }: ObjectResult): AppliedObject {
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
    document: withCounters(work),
    commit,
    refresh: false,
  };
  const cloudId = id ?? (work.applied?.generation === work.generation ? work.applied.cloudId : undefined);
  return cloudId === undefined ? record : { ...record, cloudId };
}

/** Counters are remembered at their highest: lowering one in a file must not make room to raise it again. */
function withCounters(work: Work): AppliedObject["document"] {
  const spec = work.desired!;
  const before = work.applied?.document;
  if (spec.kind !== "Server" || before?.kind !== "Server") return spec;
  return {
    ...spec,
    rebuild: Math.max(spec.rebuild, before.rebuild),
    restarts: {
      reboot: Math.max(spec.restarts.reboot, before.restarts.reboot),
      reset: Math.max(spec.restarts.reset, before.restarts.reset),
    },
  };
}
