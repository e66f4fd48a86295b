import { FleetError } from "../../resources/errors.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import { type Desired, readDesired } from "./desired.ts";
import { noteKept } from "./intents.ts";
import { whenFree } from "./leases.ts";
import { canLook, lookAt } from "./look.ts";
import { RESTORED, restoredSetting } from "./mend-state.ts";
import { inParallel } from "./pool.ts";
import { settledWork } from "./settled.ts";
import { runStack, type StackTask } from "./stack-run.ts";
import type { Work } from "./types.ts";
import { groupsOf } from "./urns.ts";
import { writeEntries } from "./written-entries.ts";

/** Looks through stacks whose state was put back from a copy, each under its lease. */
export async function takeOverRestored(controller: Controller, signal: AbortSignal): Promise<void> {
  for (const [stack, state] of await controller.store.settings(RESTORED)) {
    if (state !== "pending") continue;
    await whenFree(controller, stack, signal, async (held) => {
      const desired = await readDesired(controller, await controller.repo.head(), held);
      await takeOver(controller, desired, stack, held);
      await controller.store.putSetting(restoredSetting(stack), "");
      return true;
    });
  }
}

/**
 * Brings a state that is older than the records up to them: what it has is read from the clouds, and what it lacks is taken over into it where the cloud shows it
 * exactly as it was applied, so nothing is written to a cloud. The rest is left open for the next preview to show.
 */
async function takeOver(controller: Controller, desired: Desired, stack: string, signal: AbortSignal): Promise<void> {
  const { store } = controller;
  const records = await store.objects({ stack });
  const account = desired.byIdentity.get(records[0]?.account ?? "");
  if (account === undefined) return;
  const works = records.map((record): Work => {
    const work = settledWork(record);
    // Adopted, because that is what is written into state without a create.
    return { ...work, refresh: true, effect: { ...work.effect, op: "adopt" } };
  });
  const task: StackTask = { stack, account, declare: works, remove: [] };
  await noteKept(store, account.identity, works);
  const { engine: refreshed } = await runStack(controller, task, "refresh", desired.commit, signal);
  const engine = await controller.engine();
  const known = await engine.urns(stack);
  const { wanted } = groupsOf(controller, engine, task);
  const lost = works.filter((work) => wanted.get(work)?.some((urn) => !known.has(urn)));
  const same = await inParallel(lost, 8, (work) => standsAsApplied(controller, task, work, signal));
  const taken = lost.filter((_, index) => same[index]);
  const failed = new Set<Work>(lost.filter((work) => !taken.includes(work)));
  if (taken.length > 0) {
    controller.progress({
      kind: "note",
      text: `${stack}: the copy of its state lacks ${taken.length} objects that are on record; taking them over again`,
    });
    const part = { ...task, declare: taken };
    try {
      await writeEntries(controller, part, desired.commit, signal);
      const { objects } = await runStack(controller, part, "up", desired.commit, signal);
      for (const { work, errors } of objects) if (errors.length > 0) failed.add(work);
    } catch (error) {
      if (!(error instanceof FleetError) || signal.aborted) throw error;
      controller.progress({ kind: "note", text: `${stack}: ${error.message}` });
      for (const work of taken) failed.add(work);
    }
  }
  // What was not read, or could not be taken over, is not known: the next preview asks clouds and engine what differs.
  const settled = ({ refresh: _, ...applied }: NonNullable<Work["applied"]>) => ({ ...applied, refresh: false });
  const open = (applied: NonNullable<Work["applied"]>) => ({ ...applied, hash: "", refresh: true });
  await store.putObjects(
    works.map((work) => (failed.has(work) || !refreshed.succeeded ? open(work.applied!) : settled(work.applied!))),
  );
}

/** A key is known by its mark alone, which the journal answers for. */
async function standsAsApplied(
  controller: Controller,
  { account }: StackTask,
  { applied }: Work,
  signal: AbortSignal,
): Promise<boolean> {
  const { document, cloudId, mark } = applied!;
  const cloud = cloudOf(controller, account.spec.provider);
  if (!canLook(cloud, document)) return true;
  if (cloudId === undefined) return false;
  const sight = await lookAt(cloud, applied!, cloudId, callOn(controller, account.spec, signal), controller.sleep);
  return sight !== undefined && (sight.mark === mark || sight.tags.includes(mark)) && sight.drift.length === 0;
}
