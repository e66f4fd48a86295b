import { AsyncResource } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { FleetError } from "../../resources/errors.ts";
import type { EngineResult, EngineRunOptions } from "../engine/engine.ts";
import type { RunEvent } from "../engine/events.ts";
import { processStartTime } from "../processes.ts";
import { isOwnStack } from "./cells.ts";
import { type Controller, cloudId, cloudOf } from "./context.ts";
import { notReady, programInput } from "./declared.ts";
import { endRun } from "./end-run.ts";
import { readdress } from "./gateway-address.ts";
import { noteKept } from "./intents.ts";
import { fenceOf } from "./leases.ts";
import type { MatchedAccount } from "./match.ts";
import { openPlugins, type Plugins } from "./plugins.ts";
import { type ObjectResult, resultsOf } from "./results.ts";
import { RunLog } from "./run-log.ts";
import { secretsToSend } from "./secrets-to-send.ts";
import { checkState, noteState } from "./state-version.ts";
import { objectKey, type Work } from "./types.ts";
import { type Groups, groupsOf, untoldPowers, withoutPowers } from "./urns.ts";

/** Part of an execution on one stack: what the program declares, and what it no longer declares. */
export interface StackTask {
  stack: string;
  account: MatchedAccount;
  declare: Work[];
  remove: Work[];
}

export type RunKind = "preview" | "up" | "refresh";

export interface StackResult {
  engine: EngineResult;
  objects: ObjectResult[];
  /** Its cloud has refused the credential: whatever else the plugin says, that is why it failed. */
  isUnauthorized?: true;
}

/**
 * One run of the engine on one stack, targeted on the groups of its works. Groups that are suspect are read from the cloud first, in the same
 * process where that can be, because the engine refuses a refresh that names something it does not know yet. `whole` leaves the targets out:
 * everything the stack holds is compared, and what the program does not declare would be deleted. Only for previews.
 */
export async function runStack(
  controller: Controller,
  task: StackTask,
  kind: RunKind,
  commit: string,
  signal: AbortSignal,
  options: { whole?: boolean; inputs?: boolean } = {},
): Promise<StackResult> {
  const unready = kind === "up" ? await notReady(controller, task) : new Map<Work, string>();
  const refused = [...unready].map(([work, reason]): ObjectResult => ({ work, errors: [reason] }));
  // The engine refuses a preview whose own refresh takes away what it is to remove.
  const vanished = kind === "preview" && !options.whole ? task.remove.filter(({ gone }) => gone) : [];
  const ready = {
    ...task,
    declare: task.declare.filter((work) => !unready.has(work)),
    remove: task.remove.filter((work) => !vanished.includes(work)),
  };
  const { objects, ...result } = await runReady(controller, ready, kind, commit, signal, options);
  return { ...result, objects: [...objects, ...refused, ...vanished.map((work) => ({ work, errors: [] }))] };
}

async function runReady(
  controller: Controller,
  task: StackTask,
  kind: RunKind,
  commit: string,
  signal: AbortSignal,
  options: { whole?: boolean; inputs?: boolean },
): Promise<StackResult> {
  const engine = await controller.engine();
  const works = [...task.declare, ...task.remove];
  const known = await engine.urns(task.stack);
  const whole = groupsOf(controller, engine, task);
  const powerless = kind === "preview" ? untoldPowers(task, whole, known) : new Set<Work>();
  const groups = withoutPowers(whole, powerless);
  const wanted = new Set([...groups.wanted.values()].flat());
  const owned = [...groups.all.values()].flat();
  const targets = [...new Set([...wanted, ...owned.filter((urn) => known.has(urn))])];
  // What state has of an object without a record is left from a run that was cut off.
  const isSuspect = ({ refresh, applied }: Work) => refresh || applied === undefined;
  const refreshable = works
    .filter(isSuspect)
    .flatMap((work) => groups.all.get(work)!)
    .filter((urn) => known.has(urn));
  const stays = targets.every((urn) => known.has(urn)) && !task.remove.some(({ gone }) => gone);
  const together = refreshable.length > 0 && stays;
  if (targets.length === 0) return { engine: emptyResult(), objects: works.map((work) => ({ work, errors: [] })) };
  if (kind === "up") {
    const atRisk = task.declare.filter((work) => isSuspect(work) || !known.has(groups.all.get(work)![0] ?? ""));
    await noteKept(controller.store, task.account.identity, atRisk);
  }

  const secrets = kind === "up" ? await secretsToSend(controller, task.declare) : undefined;
  const plugins = await openPlugins(controller, task.account, task.stack, secrets);
  // A lost lease stops creates at once: what the engine still sends gets no further.
  const stop = () => isLeaseLost(signal) && void plugins.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const run = await runner(controller, task, kind, commit, signal, groups, powerless, plugins, options);
    if (plugins.movedTo !== undefined && refreshable.length > 0 && kind !== "preview")
      await readdress(controller, task.stack, plugins.movedTo);
    const answer = async (result: EngineResult): Promise<StackResult> => {
      // What a run that failed has told is believed only as far as its state goes.
      const saved = kind === "up" && !result.succeeded ? await engine.urns(task.stack) : undefined;
      const cloud = cloudOf(controller, task.account.spec.provider);
      const objects = resultsOf(works, groups, targets, result, saved).map((object) => {
        const document = object.work.desired ?? object.work.applied?.document;
        if (object.id === undefined || document === undefined) return object;
        return { ...object, id: cloudId(cloud, document, object.id) };
      });
      return { engine: result, objects, ...(plugins.isUnauthorized && { isUnauthorized: true }) };
    };
    if (kind === "refresh")
      return await answer(refreshable.length === 0 ? emptyResult() : await run("refresh", refreshable, false));
    if (refreshable.length === 0 || together || kind === "preview")
      return await answer(await run(kind, targets, together && !(kind === "preview" && plugins.movedTo)));
    const refreshed = await run("refresh", refreshable, false);
    if (!refreshed.succeeded) return await answer(refreshed);
    const left = await engine.urns(task.stack);
    const rest = targets.filter((urn) => wanted.has(urn) || left.has(urn));
    return await answer(rest.length === 0 ? emptyResult() : await run("up", rest, false));
  } finally {
    signal.removeEventListener("abort", stop);
    await plugins.close();
  }
}

type Run = (kind: EngineRunOptions["kind"], targets: string[], refresh: boolean) => Promise<EngineResult>;

/** How the engine is started for one task: told to the store before and after, so that a controller's death is found out. */
async function runner(
  controller: Controller,
  task: StackTask,
  taskKind: RunKind,
  commit: string,
  signal: AbortSignal,
  groups: Groups,
  powerless: ReadonlySet<Work>,
  plugins: Plugins,
  options: { whole?: boolean; inputs?: boolean },
): Promise<Run> {
  const { store } = controller;
  const engine = await controller.engine();
  const cloud = cloudOf(controller, task.account.spec.provider);
  const { declareStack } = await import("../../stacks/program.ts");
  const declarations = await cloud.declarations();
  const input = await programInput(controller, task, taskKind, powerless);
  const owner = new Map([...groups.all].flatMap(([work, urns]) => urns.map((urn) => [urn, work] as const)));
  const nameOf = (urn: string) => {
    const object = owner.get(urn)?.effect.object;
    return object && objectKey(object);
  };
  plugins.secrets.push(...input.objects.flatMap(({ userData }) => userData ?? []));
  return async (kind, targets, refresh) => {
    const runId = randomUUID();
    const log = kind === "preview" ? undefined : new RunLog(store, runId, nameOf);
    // The engine's events come on a connection of its own, and belong to whoever has begun the run.
    const told = AsyncResource.bind((event: RunEvent) => tell(controller, owner, kind, runId, event));
    const onEngine = () =>
      engine.run({
        runId,
        stack: task.stack,
        kind,
        program: async () => declareStack(cloud, declarations, input),
        ...(options.whole ? {} : { targets }),
        ...(options.inputs ? { inputs: true } : {}),
        refresh,
        providers: plugins.providers,
        environment: plugins.environment,
        secrets: plugins.secrets,
        signal,
        onEvent: (event) => {
          log?.take(event);
          told(event);
        },
      });
    const engineRun = async () => {
      const begunAt = controller.now();
      const ended =
        controller.slots === undefined || isOwnStack(task.stack) ? onEngine() : controller.slots.during(onEngine);
      // Whoever sees that a run has ended finds all that it told.
      const result = await ended.finally(() => log?.close());
      const outcome = result.killed ? "killed" : result.succeeded ? "succeeded" : "failed";
      const id = log === undefined ? {} : { id: runId };
      controller.progress({
        kind: "run",
        ...id,
        stack: task.stack,
        run: kind,
        commit,
        outcome,
        ms: controller.now() - begunAt,
      });
      return result;
    };
    if (kind === "preview") return await engineRun();
    const startedAt = new Date(controller.now()).toISOString();
    const objects = [...task.declare, ...task.remove].map(runObject);
    await store.startRun({
      id: runId,
      stack: task.stack,
      kind,
      controller: self(controller.machine),
      startedAt,
      objects,
      commit,
    });
    const fence = fenceOf(controller, task.stack);
    const unguard = fence.guard(runId);
    try {
      const result = await engineRun();
      // A process that was stopped may come to this before its timers do. What it throws is in the signal.
      fence.check();
      // The run stays open for whoever has the stack now, and it is theirs to clean up.
      if (isLeaseLost(signal)) return result;
      if (result.killed) {
        // Its plugins outlive it, and so does its lock.
        await endRun(runId);
        await engine.cancel(task.stack);
      }
      await store.finishRun(runId, result.killed ? "killed" : result.succeeded ? "succeeded" : "failed");
      const mayRemove = kind === "refresh" || refresh || task.remove.length > 0 || task.declare.some(isReplace);
      await checkState(controller, task.stack, mayRemove);
      await noteState(controller, task.stack);
      return result;
    } catch (error) {
      if (!isLeaseLost(signal)) await store.finishRun(runId, "failed");
      throw error;
    } finally {
      unguard();
    }
  };
}

export function isLeaseLost({ reason }: AbortSignal): boolean {
  return reason instanceof FleetError && reason.code === "LEASE_LOST";
}

function tell(
  controller: Controller,
  owner: ReadonlyMap<string, Work>,
  kind: string,
  run: string,
  event: RunEvent,
): void {
  if (kind !== "up") return;
  if (event.kind === "message" && event.severity === "warning" && !PATH_NOTE.test(event.text))
    controller.progress({ kind: "note", text: event.text });
  const urn = event.kind === "started" ? event.urn : event.kind === "outcome" ? event.outcome.urn : undefined;
  const work = urn === undefined ? undefined : owner.get(urn);
  if (work === undefined) return;
  const { object, op } = work.effect;
  if (event.kind === "started" && event.op !== "same")
    controller.progress({ kind: "object", name: object.name, object, op, state: "started", run });
}

/** The engine remarks on every plugin it finds on its PATH; the session has said that once. */
const PATH_NOTE = /^using pulumi-resource-\S+ from \$PATH/;

const isReplace = ({ effect }: Work) => effect.op === "replace";
const runObject = (work: Work) => ({
  key: objectKey(work.effect.object),
  op: work.effect.op,
  effectHash: work.effect.hash,
  mark: work.mark,
});
const self = (host: string) => ({ pid: process.pid, startTime: processStartTime(process.pid) ?? "", host });
const emptyResult = (): EngineResult => ({
  steps: [],
  outcomes: [],
  errors: new Map(),
  succeeded: true,
  killed: false,
});
