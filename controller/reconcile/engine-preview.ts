import { FleetError } from "../../resources/errors.ts";
import type { EngineStep, StepOp } from "../engine/events.ts";
import { canonicalJson, sha256 } from "../fleet/canonical.ts";
import { bounded, boundedTexts } from "./bounded.ts";
import type { Controller } from "./context.ts";
import type { Desired } from "./desired.ts";
import { markOf } from "./effects.ts";
import { phases } from "./phases.ts";
import { inParallel } from "./pool.ts";
import { runStack, type StackTask } from "./stack-run.ts";
import type { Effect, Work } from "./types.ts";
import { groupsOf } from "./urns.ts";

/** What the engine may do to the machine of an effect without being more than what the effect says. */
const WITHIN: Record<Effect["op"], StepOp[]> = {
  create: ["create", "update", "same", "refresh", "read"],
  adopt: ["create", "update", "same", "refresh", "read"],
  // A machine that state has lost is taken back into it by its mark.
  update: ["create", "update", "same", "refresh", "read"],
  replace: ["replace", "create", "delete", "update", "same", "refresh", "read"],
  delete: ["delete", "same", "refresh", "read"],
  forget: ["same", "refresh", "read"],
};

/**
 * The engine's own look at the effects, stack by stack: what a plugin would do beyond the effect becomes part of the effect, and so of its
 * hash and of the guards' verdicts. Answers how many engine processes it took.
 * @throws {FleetError} ENGINE_FAILED when a plugin refuses what the files want, with its own words; CLOUD_AUTH when its cloud has refused the credential.
 */
export async function checkWithEngine(
  controller: Controller,
  desired: Desired,
  works: Work[],
  signal: AbortSignal,
): Promise<number> {
  const tasks = phases(works, desired).flatMap((phase) => phase.tasks);
  await inParallel(tasks, controller.stacksAtOnce, async (task) => {
    const { engine, objects, isUnauthorized } = await runStack(controller, task, "preview", desired.commit, signal);
    const refused = objects.flatMap(({ work, errors }) =>
      errors.map((error) => `${work.effect.object.name}: ${error}`),
    );
    const code = isUnauthorized ? "CLOUD_AUTH" : "ENGINE_FAILED";
    if (refused.length > 0) throw new FleetError(code, refused.join("\n"), { stack: task.stack });
    if (!engine.succeeded)
      throw new FleetError(code, [...engine.errors.values()].flat().join("\n"), { stack: task.stack });
    const { all } = groupsOf(controller, await controller.engine(), task);
    for (const [work, urns] of all) {
      if (work.applied?.hash === "" && work.effect.changes.length === 0) fillIn(work, urns, engine.steps);
      if (work.effect.object.kind === "Server") takeIn(desired, work, urns[0], engine.steps);
    }
  });
  return tasks.length;
}

/**
 * What a second run of some works would do to their machines that is more than an update, by work. Nobody was shown it, so it is not done: a
 * machine that was taken over must not be made anew because its region differs.
 */
export async function beyondUpdate(
  controller: Controller,
  task: StackTask,
  commit: string,
  signal: AbortSignal,
): Promise<Map<Work, string>> {
  const { engine, objects } = await runStack(controller, task, "preview", commit, signal);
  const { all } = groupsOf(controller, await controller.engine(), task);
  const refused = new Map<Work, string>();
  for (const { work, errors } of objects) {
    const beyond = engine.steps.find(({ urn, op }) => urn === all.get(work)?.[0] && !WITHIN.update.includes(op));
    if (beyond !== undefined) {
      const because = [...beyond.replacePaths, ...beyond.paths].slice(0, 4).join(", ");
      refused.set(
        work,
        `to be as its file says, the machine would have to be made anew (${because}), which nobody approved`,
      );
    } else if (errors.length > 0 || !engine.succeeded) {
      refused.set(work, [...errors, ...(engine.errors.get("") ?? [])].join("\n") || "the engine could not look at it");
    }
  }
  return refused;
}

/**
 * Of some works those that the engine would change something of, but not their machine. A firewall whose rules are as wanted may still be changed
 * itself: what then differs are names of rules, which nothing reads, or that state has lost it.
 */
export async function stateOnly(
  controller: Controller,
  task: StackTask,
  commit: string,
  signal: AbortSignal,
): Promise<Work[]> {
  const { engine } = await runStack(controller, task, "preview", commit, signal);
  if (!engine.succeeded) return [];
  const { all } = groupsOf(controller, await controller.engine(), task);
  const changing = new Set(engine.steps.filter(({ op }) => !IDLE.includes(op)).map(({ urn }) => urn));
  const beyond = new Set(engine.steps.filter(({ op }) => !WITHIN.update.includes(op)).map(({ urn }) => urn));
  return task.declare.filter((work) => {
    const [machine = "", ...others] = all.get(work) ?? [];
    if (work.effect.object.kind === "Firewall")
      return [machine, ...others].some((urn) => changing.has(urn)) && !beyond.has(machine);
    return !changing.has(machine) && others.some((urn) => changing.has(urn));
  });
}

/** What the engine would change of an object whose applied document is not known. */
function fillIn({ effect }: Work, urns: string[], steps: EngineStep[]): void {
  const changing = steps.filter(({ urn, op }) => urns.includes(urn) && !IDLE.includes(op));
  const paths = changing.flatMap((step) => (step.paths.length > 0 ? step.paths : [step.urn.split("::").at(-1)!]));
  effect.changes = bounded([...new Set(paths)].map((path) => ({ path })));
}

const IDLE: StepOp[] = ["same", "refresh", "read"];

/** What the plugin would do to the machine beyond the effect. A machine that it would make anew gets a mark of its own. */
function takeIn({ fleet }: Desired, work: Work, machine: string | undefined, steps: EngineStep[]): void {
  const { effect } = work;
  const beyond = steps.find((step) => step.urn === machine && !WITHIN[effect.op].includes(step.op));
  if (beyond === undefined) return;
  const reasons = beyond.replacePaths.length > 0 ? beyond.replacePaths : beyond.paths;
  const why = reasons.length > 0 ? ` because of ${reasons.join(", ")}` : "";
  effect.notes.push(...boundedTexts([`the plugin would ${beyond.op} the machine${why}`]));
  if (beyond.op === "replace" || beyond.op === "delete") {
    effect.op = "replace";
    effect.dataLoss = true;
    effect.replaceReasons = boundedTexts(reasons.length > 0 ? reasons : ["the plugin's own"]);
    work.generation += 1;
    work.mark = markOf(fleet.id, { kind: "Server", identity: work.identity, account: "" }, work.generation);
  }
  effect.hash = sha256(canonicalJson({ effect: effect.hash, beyond: beyond.op, reasons })).slice(0, 32);
}
