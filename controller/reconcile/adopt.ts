import type { ActualServer } from "../../resources/actual.ts";
import { FleetError } from "../../resources/errors.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import { findDrift } from "./find-drift.ts";
import { noteMachine } from "./intents.ts";
import { isServer, type Work } from "./types.ts";

/**
 * Puts our owner mark on the machines that a commit adopts by id, and notes the intent under that mark: the run's create is then answered with
 * the machine that carries it, and nothing is bought. All are looked at before the first is marked.
 * @throws {FleetError} GUARD_REFUSED when a machine belongs to another fleet, or differs in what cannot be changed in place; NOT_FOUND when the
 * cloud has no such machine.
 */
export async function observeAdopted(
  controller: Controller,
  works: Work[],
  desired: Desired,
  signal: AbortSignal,
): Promise<void> {
  const claims: (() => Promise<void>)[] = [];
  for (const work of works) {
    if (work.effect.op !== "adopt" || work.desired === undefined || !isServer(work.desired)) continue;
    const { spec, identity } = desired.accounts.get(work.desired.account)!;
    const cloud = cloudOf(controller, spec.provider);
    const call = callOn(controller, spec, signal);
    const id = work.desired.adopt!;
    const actual = await cloud.observe(id, call);
    if (actual === undefined)
      throw new FleetError("NOT_FOUND", `${work.desired.name} is to adopt ${id}, which ${cloud.title} does not have`, {
        id,
      });
    const isStranger = actual.mark !== undefined && actual.mark !== work.mark;
    // An orphan has a mark that this fleet once gave, and that no record has any more.
    if (isStranger && !(await isOrphan(controller, identity, actual.mark!))) {
      throw new FleetError(
        "GUARD_REFUSED",
        `${id} carries the mark ${actual.mark} of another fleet or server: adopting it would take it away`,
        { id },
      );
    }
    refuseUnlike(cloud, work.desired, work.mark, actual);
    claims.push(async () => {
      if (actual.mark !== work.mark) await cloud.claim(id, work.mark, call);
      await noteMachine(controller.store, identity, work.mark, id);
    });
  }
  for (const claim of claims) await claim();
}

async function isOrphan({ store }: Controller, account: string, mark: string): Promise<boolean> {
  if ((await store.intent(account, mark)) === undefined) return false;
  return !(await store.objects({ kind: "Server" })).some((record) => record.mark === mark);
}

/** An adopted machine is never made anew: what its file wants must be within what the cloud changes in place. */
function refuseUnlike(cloud: ReturnType<typeof cloudOf>, spec: ServerSpec, mark: string, actual: ActualServer): void {
  const { inPlace, createOnly = [] } = cloud.capabilities;
  const changeable = new Set<string>([...inPlace, ...createOnly, "power", "stop", "labels", "rules"]);
  const fixed = findDrift(cloud.expect(spec, mark), actual).filter(
    ({ path }) => !changeable.has(path.split(/[.[]/)[0]!),
  );
  if (fixed.length === 0) return;
  const what = fixed.map(({ path, desired, actual }) => `${path} is ${actual} and the file says ${desired}`).join("; ");
  throw new FleetError("GUARD_REFUSED", `${spec.name} cannot adopt ${actual.id}: ${what}`, { id: actual.id });
}
