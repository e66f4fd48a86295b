import { FleetError } from "../../resources/errors.ts";
import type { EngineStep, StepOp } from "../engine/events.ts";
import { canonicalJson, sha256 } from "../fleet/canonical.ts";
import { type Controller, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import { phases } from "./phases.ts";
import { inParallel } from "./pool.ts";
import { runStack, type StackTask } from "./stack-run.ts";
import type { Effect, Work } from "./types.ts";

/** What the engine may do to the machine of an effect without being more than what the effect says. */
const WITHIN: Record<Effect["op"], StepOp[]> = {
  create: ["create", "update", "same", "refresh", "read"],
  adopt: ["create", "update", "same", "refresh", "read"],
  update: ["update", "same", "refresh", "read"],
  replace: ["replace", "create", "delete", "update", "same", "refresh", "read"],
  delete: ["delete", "same", "refresh", "read"],
  forget: ["same", "refresh", "read"],
};

/**
 * The engine's own look at the effects, stack by stack: what a plugin would do beyond the effect becomes part of the effect, and so of its
 * hash and of the guards' verdicts. Answers how many engine processes it took.
 * @throws {FleetError} ENGINE_FAILED when a plugin refuses what the files want, with its own words.
 */
export async function checkWithEngine(
  controller: Controller,
  desired: Desired,
  works: Work[],
  signal: AbortSignal,
): Promise<number> {
  const tasks = phases(works, desired).flatMap((phase) => phase.tasks);
  await inParallel(tasks, controller.stacksAtOnce, async (task) => {
    const { engine, objects } = await runStack(controller, task, "preview", desired.commit, signal);
    const refused = objects.flatMap(({ work, errors }) =>
      errors.map((error) => `${work.effect.object.name}: ${error}`),
    );
    if (refused.length > 0) throw new FleetError("ENGINE_FAILED", refused.join("\n"), { stack: task.stack });
    if (!engine.succeeded)
      throw new FleetError("ENGINE_FAILED", [...engine.errors.values()].flat().join("\n"), { stack: task.stack });
    for (const work of [...task.declare, ...task.remove])
      takeIn(controller, task, work, engine.steps, await controller.engine());
  });
  return tasks.length;
}

function takeIn(
  controller: Controller,
  task: StackTask,
  work: Work,
  steps: EngineStep[],
  engine: { urn(stack: string, type: string, name: string): string },
): void {
  const document = work.desired ?? work.applied?.document;
  if (document?.kind !== "Server") return;
  const [machine] = cloudOf(controller, task.account.spec.provider).group(document, work.identity);
  if (machine === undefined) return;
  const urn = engine.urn(task.stack, machine.type, machine.name);
  const beyond = steps.find((step) => step.urn === urn && !WITHIN[work.effect.op].includes(step.op));
  if (beyond === undefined) return;
  const { effect } = work;
  const reasons = beyond.replacePaths.length > 0 ? beyond.replacePaths : beyond.paths;
  effect.notes.push(
    `the plugin would ${beyond.op} the machine${reasons.length > 0 ? ` because of ${reasons.join(", ")}` : ""}`,
  );
  if (beyond.op === "replace" || beyond.op === "delete") {
    effect.op = "replace";
    effect.dataLoss = true;
    effect.replaceReasons = reasons.length > 0 ? reasons : ["the plugin's own"];
  }
  effect.hash = sha256(canonicalJson({ effect: effect.hash, beyond: beyond.op, reasons })).slice(0, 32);
}
