import type { ActualServer } from "../../resources/actual.ts";
import type { Cloud } from "../../resources/cloud.ts";
import { FleetError } from "../../resources/errors.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import { type FieldDrift, findDrift } from "./find-drift.ts";
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

/** Whether a mark is one that this fleet once gave, and that no record has any more. */
export async function isOrphan({ store }: Pick<Controller, "store">, account: string, mark: string): Promise<boolean> {
  if ((await store.intent(account, mark)) === undefined) return false;
  return !(await store.objects({ kind: "Server" })).some((record) => record.mark === mark);
}

/** An adopted machine is never made anew: what its file wants must be within what the cloud changes in place. */
function refuseUnlike(cloud: ReturnType<typeof cloudOf>, spec: ServerSpec, mark: string, actual: ActualServer): void {
  const what = unchangeable(cloud, findDrift(cloud.expect(spec, mark), actual));
  if (what === "") return;
  throw new FleetError("GUARD_REFUSED", `${spec.name} cannot adopt ${actual.id}: ${what}`, { id: actual.id });
}

/** What of these differences no change in place takes away, in words; empty where there is nothing. */
export function unchangeable({ capabilities }: Pick<Cloud, "capabilities">, drift: readonly FieldDrift[]): string {
  const { inPlace, createOnly = [] } = capabilities;
  const changeable = new Set<string>([...inPlace, ...createOnly, "power", "stop", "labels", "rules"]);
  const fixed = drift.filter(({ path }) => !changeable.has(path.split(/[.[]/)[0]!));
  return fixed.map(({ path, desired, actual }) => `${path} is ${actual} and the file says ${desired}`).join("; ");
}
