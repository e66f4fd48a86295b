import type { AppliedObject } from "../store/types.ts";
import { madeSince } from "./being-made.ts";
import { type Controller, callOn, cloudId, cloudOf } from "./context.ts";
import { type Desired, readDesired } from "./desired.ts";
import { ruledBy, workOf } from "./effects.ts";
import { whenFree } from "./leases.ts";
import { canLook, lookAt } from "./look.ts";
import { isSettled, type Match, matchObjects, readRecords } from "./match.ts";
import { recordOf } from "./record.ts";
import type { ObjectResult } from "./results.ts";
import { changedStacks, checkState, noteState, versionSetting } from "./state-version.ts";

/**
 * Records what somebody else's run did to a stack (`pulumi up` by an operator): objects that state has and the cloud shows as HEAD wants them,
 * and removed ones that both have lost. Answers the names of what was recorded.
 */
export async function absorb(controller: Controller, stack: string, signal: AbortSignal): Promise<string[]> {
  const desired = await readDesired(controller, await controller.repo.head(), signal);
  const matches = matchObjects(desired.objects, await readRecords(controller.store, desired), desired.accounts);
  const engine = await controller.engine();
  const ids = new Map((await engine.resources(stack)).map(({ urn, id }) => [urn, id]));
  const names: string[] = [];
  for (const match of matches) {
    if (match.stack !== stack || isSettled(match)) continue;
    const record = await settledRecord(
      controller,
      desired,
      match,
      ids,
      (type, name) => engine.urn(stack, type, name),
      signal,
    );
    if (record === undefined) continue;
    if (record === "gone") {
      const { account, kind, identity } = match.applied!;
      await controller.store.removeObjects([{ account, kind, identity }]);
    } else await controller.store.putObjects([record]);
    names.push((match.desired?.spec ?? match.applied)!.name);
  }
  await noteState(controller, stack);
  return names;
}

/** Absorbs every stack whose state is not as our last run on it left it. */
export async function absorbForeignRuns(controller: Controller, signal: AbortSignal): Promise<void> {
  for (const { stack, noted } of await changedStacks(controller)) {
    if (noted === undefined) continue;
    // Under its lease, and only if it still differs: another controller may just have ended a run of its own.
    const names = await whenFree(controller, stack, signal, async (held) => {
      const engine = await controller.engine();
      if ((await engine.stateVersion(stack)) === (await controller.store.setting(versionSetting(stack)))) return [];
      await checkState(controller, stack, true);
      return await absorb(controller, stack, held);
    });
    if (names !== undefined && names.length > 0)
      controller.progress({ kind: "note", text: `${stack} was run from outside: recorded ${names.join(", ")}` });
  }
}

async function settledRecord(
  controller: Controller,
  desired: Desired,
  match: Match,
  ids: ReadonlyMap<string, string | undefined>,
  urn: (type: string, name: string) => string,
  signal: AbortSignal,
): Promise<AppliedObject | "gone" | undefined> {
  const account = desired.byIdentity.get(match.account);
  const document = match.desired?.spec ?? match.applied?.document;
  if (account === undefined || document === undefined) return undefined;
  const cloud = cloudOf(controller, account.spec.provider);
  const first =
    document.kind === "Server" ? cloud.group(document, match.identity)[0] : cloud.shared(document, match.identity);
  if (first === undefined) return undefined;
  const raw = ids.get(urn(first.type, first.name));
  const id = raw === undefined ? undefined : cloudId(cloud, document, raw);
  const call = callOn(controller, account.spec, signal);
  if (match.desired === undefined) {
    if (id !== undefined) return undefined;
    const lost = match.applied?.cloudId;
    const there =
      canLook(cloud, document) &&
      lost !== undefined &&
      (await lookAt(cloud, match.applied!, lost, call, controller.sleep)) !== undefined;
    return there ? undefined : "gone";
  }
  const work = workOf(match, { fleetId: desired.fleet.id, ...ruledBy(cloud) });
  if (work === undefined || id === undefined) return undefined;
  const sight = await lookAt(cloud, { document, mark: work.mark }, id, call, controller.sleep);
  if (sight === undefined || sight.drift.length > 0) return undefined;
  const since = sight.provisioning && (await madeSince(controller, account.identity, work));
  const done: ObjectResult = { work, errors: [], id, ...(since === undefined ? {} : { provisioningSince: since }) };
  return recordOf(account.identity, match.stack, desired.commit, done);
}
