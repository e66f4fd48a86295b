import { randomUUID } from "node:crypto";
import type { ActualServer } from "../../resources/actual.ts";
import type { Cloud } from "../../resources/cloud.ts";
import { FleetError } from "../../resources/errors.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import type { StateResource } from "../engine/engine.ts";
import type { EngineStep } from "../engine/events.ts";
import { type Controller, callOn, cloudId, cloudOf } from "./context.ts";
import { inParallel } from "./pool.ts";
import { runStack, type StackTask } from "./stack-run.ts";
import type { Work } from "./types.ts";
import { groupsOf } from "./urns.ts";

/** A machine or snapshot that stands already, and the work that is to have it. */
interface Standing {
  work: Work;
  urn: string;
  id: string;
}

/**
 * Writes machines that stand already into state, as a create by their plugin would have left them: declared inputs with the plugin's
 * defaults, and as outputs the same with the id. What a plugin would do in a create (wait until the machine runs, configure it) is not
 * done, so nothing is written to the cloud; the run that follows reads them first. For machines that a commit adopts, and for those that an
 * earlier run made and that do not run now, which a create would wait for in vain. The same for snapshots, which no create could be repeated of:
 * their server may have gone. Answers the works it was done for.
 */
export async function writeEntries(
  controller: Controller,
  task: StackTask,
  commit: string,
  signal: AbortSignal,
): Promise<Work[]> {
  const cloud = cloudOf(controller, task.account.spec.provider);
  const engine = await controller.engine();
  const known = await engine.urns(task.stack);
  const { wanted } = groupsOf(controller, engine, task);
  const unknown = task.declare.flatMap((work) => {
    const urn = wanted.get(work)?.[0];
    const isWritten = work.desired?.kind === "Server" || work.desired?.kind === "Snapshot";
    return isWritten && urn !== undefined && !known.has(urn) ? [{ work, urn }] : [];
  });
  // Most are simply new: nothing was ever asked for under their marks.
  const noted = await controller.store.noted(
    task.account.identity,
    unknown.map(({ work }) => work.mark),
  );
  // Our own provider finds what it made itself, and waits for nothing.
  const asked = unknown.filter(
    ({ work }) => noted.has(work.mark) && (work.effect.op === "adopt" || cloud.gateway !== undefined),
  );
  const found = await inParallel(asked, 8, ({ work, urn }) => standing(controller, cloud, task, work, urn, signal));
  const entries = found.filter((each) => each !== undefined);
  if (entries.length === 0) return [];

  const bare = entries.map(({ work }) => withoutUserData(work));
  const alone = { ...task, declare: bare, remove: [] };
  const { engine: preview } = await runStack(controller, alone, "preview", commit, signal, { inputs: true });
  if (!preview.succeeded) {
    const errors = [...preview.errors.values()].flat().join("\n");
    throw new FleetError("ENGINE_FAILED", `machines that stand already could not be looked at: ${errors}`, {});
  }
  const steps = new Map(preview.steps.map((step) => [step.urn, step]));
  const state = await engine.exportState(task.stack);
  const resources: StateResource[] = state.deployment.resources ?? [];
  for (const { urn, id } of entries) {
    const step = steps.get(urn);
    if (step?.inputs === undefined) continue;
    const provider = providerOf(step, steps, resources);
    if (provider !== undefined) resources.push(entryOf(step, step.inputs, provider, id, resources));
  }
  state.deployment.resources = resources;
  await engine.importState(task.stack, state);
  return entries.map(({ work }) => work);
}

/** The machine of a work that state does not know and the journal does: one that is adopted, or one of an earlier run that does not run. */
async function standing(
  controller: Controller,
  cloud: Cloud,
  { account }: StackTask,
  work: Work,
  urn: string,
  signal: AbortSignal,
): Promise<Standing | undefined> {
  const call = callOn(controller, account.spec, signal);
  if (work.desired?.kind === "Snapshot") {
    const taken = (await cloud.snapshots?.list(call))?.filter(({ mark }) => mark === work.mark) ?? [];
    const [snapshot] = taken;
    return snapshot === undefined || taken.length > 1 || snapshot.pending ? undefined : { work, urn, id: snapshot.id };
  }
  const spec = work.desired as ServerSpec;
  const marked = await cloud.findByMark(work.mark, spec, call);
  const [actual] = marked;
  if (actual === undefined || marked.length > 1) return undefined;
  if (work.effect.op !== "adopt" && !isOff(actual)) return undefined;
  const id = resourceId(cloud, spec, actual.id);
  return id === undefined ? undefined : { work, urn, id };
}

const isOff = ({ power }: ActualServer): boolean => power === "stopped" || power === "suspended";

/** The id that state has, for the one that the core knows the machine by: the last part of it where a cloud puts a place before it. */
function resourceId(cloud: Cloud, spec: ServerSpec, id: string): string | undefined {
  return [id, id.slice(id.lastIndexOf("/") + 1)].find((raw) => cloudId(cloud, spec, raw) === id);
}

/** An adopted machine never got this fleet's user data, and a machine that was made before has had it: neither takes it from state. */
function withoutUserData(work: Work): Work {
  const spec = work.desired;
  if (spec?.kind !== "Server") return work;
  const { userData: _, ...createOnly } = spec.createOnly;
  return { ...work, desired: { ...spec, createOnly } };
}

/** `URN::ID` of the provider in state; made up from what the preview shows where state has none yet. */
function providerOf(
  { provider = "" }: EngineStep,
  steps: ReadonlyMap<string, EngineStep>,
  resources: StateResource[],
): string | undefined {
  const urn = provider.slice(0, provider.lastIndexOf("::"));
  const present = resources.find((resource) => resource.urn === urn);
  if (present?.id !== undefined) return `${urn}::${present.id}`;
  const step = steps.get(urn);
  if (step?.inputs === undefined) return undefined;
  const { __internal: _, ...outputs } = step.inputs;
  const made = { urn, type: typeOf(urn), custom: true, id: randomUUID(), inputs: step.inputs, outputs };
  resources.push(withParent(made, resources));
  return `${urn}::${made.id}`;
}

function entryOf(
  { urn }: EngineStep,
  inputs: Record<string, unknown>,
  provider: string,
  id: string,
  resources: StateResource[],
): StateResource {
  const { __defaults: _, ...outputs } = inputs;
  return withParent(
    { urn, type: typeOf(urn), custom: true, id, inputs, outputs: { ...outputs, id }, provider },
    resources,
  );
}

function withParent<T extends StateResource>(resource: T, resources: readonly StateResource[]): T {
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  return stack === undefined ? resource : { ...resource, parent: stack.urn };
}

const typeOf = (urn: string): string => urn.split("::")[2]!.split("$").at(-1)!;
