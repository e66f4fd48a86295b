import type { ServerSpec } from "../../resources/spec.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import { noteMachine } from "./intents.ts";
import { canLook, lookAt, lookAtServer } from "./look.ts";
import { inParallel } from "./pool.ts";
import { runStack, type StackTask } from "./stack-run.ts";
import type { Work } from "./types.ts";
import { groupsOf } from "./urns.ts";
import { writeEntries } from "./written-entries.ts";

/**
 * Takes machines, firewalls, ports and snapshots back into state that are to be removed and that state has lost, because a plugin believed a false 404: the engine can only
 * delete what it knows. Their creates are answered with what carries their marks. Nothing is taken back that is gone or not ours.
 * Answers why some could not be.
 */
export async function takeBack(
  controller: Controller,
  task: StackTask,
  commit: string,
  signal: AbortSignal,
): Promise<Map<Work, string>> {
  const { all } = groupsOf(controller, await controller.engine(), task);
  const known = await (await controller.engine()).urns(task.stack);
  const cloud = cloudOf(controller, task.account.spec.provider);
  const lost = task.remove
    .filter(({ applied }) => applied?.cloudId !== undefined && canLook(cloud, applied.document))
    .filter((work) => !known.has(all.get(work)![0]!));
  const found = (await inParallel(lost, 8, (work) => standing(controller, task, work, signal))).filter(
    (work) => work !== undefined,
  );
  const problems = new Map<Work, string>();
  if (found.length === 0) return problems;
  controller.progress({
    kind: "note",
    text: `${task.stack}: state has lost ${found.length} objects that are still there; taking them back to remove them`,
  });
  const declare = found.map(({ declared }) => declared);
  await writeEntries(controller, { ...task, declare, remove: [] }, commit, signal);
  const { objects } = await runStack(controller, { ...task, declare, remove: [] }, "up", commit, signal);
  for (const { work, declared } of found) {
    const errors = objects.find((object) => object.work === declared)?.errors ?? [];
    if (errors.length > 0) problems.set(work, errors.join("\n"));
  }
  return problems;
}

/** The machine, firewall, port or snapshot as it is, declared without what hangs on it; undefined when it is gone, or no longer ours. */
async function standing(
  controller: Controller,
  { account }: StackTask,
  work: Work,
  signal: AbortSignal,
): Promise<{ work: Work; declared: Work } | undefined> {
  const { mark, generation, cloudId, document } = work.applied!;
  const cloud = cloudOf(controller, account.spec.provider);
  const call = callOn(controller, account.spec, signal);
  if (document.kind === "Firewall" || document.kind === "Port" || document.kind === "Snapshot") {
    const sight = await lookAt(cloud, work.applied!, cloudId!, call, controller.sleep);
    if (sight?.mark !== mark) return undefined;
    await noteMachine(controller.store, account.identity, mark, cloudId!, document.kind);
    return { work, declared: { ...work, desired: document, mark, generation, refresh: false } };
  }
  const actual = await lookAtServer(cloud, cloudId!, call, controller.sleep);
  if (actual === undefined || !(actual.mark === mark || actual.tags.includes(mark))) return undefined;
  await noteMachine(controller.store, account.identity, mark, cloudId!);
  const spec = document as ServerSpec;
  const power = actual.power === "changing" ? spec.power : actual.power;
  const desired: ServerSpec = { ...spec, firewalls: [], power };
  return { work, declared: { ...work, desired, mark, generation, refresh: true } };
}
