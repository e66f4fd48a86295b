import { FleetError } from "../../resources/errors.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import { isServer, type Work } from "./types.ts";

/**
 * Puts our owner mark on the machines that a commit adopts by id, and notes the intent under that mark: the run's create is then answered with
 * the machine that carries it, and nothing is bought.
 * @throws {FleetError} GUARD_REFUSED when the machine belongs to another fleet; NOT_FOUND when the cloud has no such machine.
 */
export async function observeAdopted(
  controller: Controller,
  works: Work[],
  desired: Desired,
  signal: AbortSignal,
): Promise<void> {
  for (const work of works) {
    if (work.effect.op !== "adopt" || work.desired === undefined || !isServer(work.desired)) continue;
    const { spec } = desired.accounts.get(work.desired.account)!;
    const cloud = cloudOf(controller, spec.provider);
    const call = callOn(controller, spec, signal);
    const id = work.desired.adopt!;
    const actual = await cloud.observe(id, call);
    if (actual === undefined)
      throw new FleetError("NOT_FOUND", `${work.desired.name} is to adopt ${id}, which ${cloud.title} does not have`, {
        id,
      });
    if (actual.mark !== undefined && actual.mark !== work.mark) {
      throw new FleetError(
        "GUARD_REFUSED",
        `${id} carries the mark ${actual.mark} of another fleet or server: adopting it would take it away`,
        { id },
      );
    }
    await controller.store.journal.begin({ account: spec.name, kind: "Server", key: work.mark });
    if (actual.mark === undefined) await cloud.claim(id, work.mark, call);
    await controller.store.journal.answered(spec.name, work.mark, id);
  }
}
