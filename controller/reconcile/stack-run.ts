import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { ResourceName } from "../../resources/cloud.ts";
import { FleetError } from "../../resources/errors.ts";
import type { ServerSpec, StackObject } from "../../resources/spec.ts";
import { type DeclaredObject, declareStack, POWER_TYPE, type ProgramInput, powerName } from "../../stacks/program.ts";
import type { EngineResult, EngineRunOptions } from "../engine/engine.ts";
import type { RunEvent } from "../engine/events.ts";
import { processStartTime } from "../processes.ts";
import { type Controller, cloudOf } from "./context.ts";
import type { MatchedAccount } from "./match.ts";
import { openPlugins } from "./plugins.ts";
import { noteState } from "./state-version.ts";
import { isServer, objectKey, type Work } from "./types.ts";

/** Part of an execution on one stack: what the program declares, and what it no longer declares. */
export interface StackTask {
  stack: string;
  account: MatchedAccount;
  declare: Work[];
  remove: Work[];
}

/** What a run did to one object. */
export interface ObjectResult {
  work: Work;
  /** Error messages of the engine and the cloud; empty when all steps went well. */
  errors: string[];
  /** The cloud's id of the machine or shared object. */
  id?: string;
}

type RunKind = "preview" | "up" | "refresh";

export interface StackResult {
  engine: EngineResult;
  objects: ObjectResult[];
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
  options: { whole?: boolean } = {},
): Promise<StackResult> {
  const engine = await controller.engine();
  const cloud = cloudOf(controller, task.account.spec.provider);
  const declarations = await cloud.declarations();
  const input = await programInput(controller, task, kind);
  const plugins = await openPlugins(controller, task.account, task.stack);
  const urnsOf = (work: Work) => groupUrns(controller, task, work, (type, name) => engine.urn(task.stack, type, name));
  const works = [...task.declare, ...task.remove];
  const urns = new Map(works.map((work) => [work, urnsOf(work)]));
  const owner = new Map([...urns].flatMap(([work, list]) => list.map((urn) => [urn, work] as const)));

  const known = await engine.urns(task.stack);
  const wanted = task.declare.flatMap((work) =>
    wantedUrns(controller, task, work, (type, name) => engine.urn(task.stack, type, name)),
  );
  const targets = [...new Set([...wanted, ...[...owner.keys()].filter((urn) => known.has(urn))])];
  const suspects = works.filter(({ refresh }) => refresh).flatMap((work) => urns.get(work) ?? []);
  const refreshable = suspects.filter((urn) => known.has(urn));
  const together = refreshable.length > 0 && targets.every((urn) => known.has(urn));

  const run = async (kind: EngineRunOptions["kind"], targets: string[], refresh: boolean): Promise<EngineResult> => {
    const runId = randomUUID();
    const recorded = kind !== "preview";
    if (recorded)
      await controller.store.startRun({
        id: runId,
        stack: task.stack,
        kind,
        controller: self(),
        startedAt: iso(controller),
        objects: works.map(runObject),
        commit,
      });
    try {
      const result = await engine.run({
        runId,
        stack: task.stack,
        kind,
        program: async () => declareStack(cloud, declarations, input),
        ...(options.whole ? {} : { targets }),
        refresh,
        providers: plugins.providers,
        environment: plugins.environment,
        secrets: [
          ...plugins.secrets,
          ...input.objects.flatMap(({ userData }) => (userData === undefined ? [] : [userData])),
        ],
        signal,
        onEvent: (event) => tell(controller, owner, kind, event),
      });
      if (recorded)
        await controller.store.finishRun(runId, result.killed ? "killed" : result.succeeded ? "succeeded" : "failed");
      if (recorded) await noteState(controller, task.stack);
      return result;
    } catch (error) {
      if (recorded) await controller.store.finishRun(runId, "failed");
      throw error;
    }
  };

  try {
    if (targets.length === 0) return { engine: emptyResult(), objects: works.map((work) => ({ work, errors: [] })) };
    if (kind === "refresh") {
      const engineResult = refreshable.length === 0 ? emptyResult() : await run("refresh", refreshable, false);
      return { engine: engineResult, objects: resultsOf(works, urns, engineResult) };
    }
    if (refreshable.length > 0 && !together && kind === "up") {
      const refreshed = await run("refresh", refreshable, false);
      if (!refreshed.succeeded) return { engine: refreshed, objects: resultsOf(works, urns, refreshed) };
      const left = await engine.urns(task.stack);
      const rest = targets.filter((urn) => wanted.includes(urn) || left.has(urn));
      const result = rest.length === 0 ? emptyResult() : await run("up", rest, false);
      return { engine: result, objects: resultsOf(works, urns, result) };
    }
    const result = await run(kind, targets, together);
    return { engine: result, objects: resultsOf(works, urns, result) };
  } finally {
    await plugins.close();
  }
}

/** What the program of a run declares. */
export async function programInput(controller: Controller, task: StackTask, kind: RunKind): Promise<ProgramInput> {
  return {
    objects: task.declare.map((work) => declared(controller, work, kind)),
    firewallIds: await firewallIds(controller, task),
    accountOptions: task.account.spec.options,
  };
}

function declared(controller: Controller, work: Work, kind: string): DeclaredObject {
  const spec = work.desired!;
  const object: DeclaredObject = {
    spec,
    identity: work.identity,
    mark: work.mark,
    rebuild: 0,
    restarts: { reboot: 0, reset: 0 },
  };
  if (!isServer(spec)) return object;
  const before = work.applied?.document.kind === "Server" ? work.applied.document : undefined;
  object.rebuild = Math.max(spec.rebuild, before?.rebuild ?? 0);
  object.restarts = {
    reboot: Math.max(spec.restarts.reboot, before?.restarts.reboot ?? 0),
    reset: Math.max(spec.restarts.reset, before?.restarts.reset ?? 0),
  };
  const userData = readUserData(controller, work, spec, kind);
  if (userData !== undefined) object.userData = userData;
  return object;
}

/** Only a machine that is made now needs its user data; for others a missing variable is no matter. */
function readUserData(controller: Controller, work: Work, spec: ServerSpec, kind: string): string | undefined {
  const { userData } = spec.createOnly;
  if (userData === undefined) return undefined;
  if ("text" in userData) return userData.text;
  const value = controller.environment[userData.env];
  if (value === undefined && kind === "up" && work.effect.op !== "update") {
    throw new FleetError(
      "CREDENTIAL_MISSING",
      `${spec.name} takes its user data from ${userData.env}, which is not set`,
      { server: spec.name, variable: userData.env },
    );
  }
  return value;
}

async function firewallIds(controller: Controller, task: StackTask): Promise<Record<string, string>> {
  if (!task.declare.some(({ desired }) => desired !== undefined && isServer(desired) && desired.firewalls.length > 0))
    return {};
  const firewalls = await controller.store.objects({ account: task.account.identity, kind: "Firewall" });
  return Object.fromEntries(firewalls.flatMap(({ name, cloudId }) => (cloudId === undefined ? [] : [[name, cloudId]])));
}

type Urn = (type: string, name: string) => string;

/** All URNs a group has or had. */
function groupUrns(controller: Controller, task: StackTask, work: Work, urn: Urn): string[] {
  const documents = [work.desired, work.applied?.document].filter(
    (document): document is StackObject => document !== undefined,
  );
  return [...new Set(documents.flatMap((document) => documentUrns(controller, task, document, work.identity, urn)))];
}

function wantedUrns(controller: Controller, task: StackTask, work: Work, urn: Urn): string[] {
  return work.desired === undefined ? [] : documentUrns(controller, task, work.desired, work.identity, urn);
}

function documentUrns(
  controller: Controller,
  task: StackTask,
  document: StackObject,
  identity: string,
  urn: Urn,
): string[] {
  const cloud = cloudOf(controller, task.account.spec.provider);
  const toUrn = ({ type, name }: ResourceName) => urn(type, name);
  if (isServer(document))
    return [...withParts(cloud.group(document, identity)), { type: POWER_TYPE, name: powerName(identity) }].map(toUrn);
  if (document.kind === "Aggregate") return [];
  const shared = cloud.shared(document, identity);
  return shared === undefined ? [] : withParts([shared]).map(toUrn);
}

const withParts = (names: ResourceName[]): ResourceName[] => names.flatMap((name) => [name, ...(name.parts ?? [])]);

/** The first URN of a group is the machine, or the shared object itself. */
function resultsOf(works: Work[], urns: ReadonlyMap<Work, string[]>, result: EngineResult): ObjectResult[] {
  return works.map((work) => {
    const group = urns.get(work) ?? [];
    const errors = group.flatMap((urn) => result.errors.get(urn) ?? []);
    const failed = result.outcomes.some(({ urn, failed }) => failed && group.includes(urn));
    if (failed && errors.length === 0) errors.push("a step failed and the engine gave no reason");
    const reached = result.outcomes.some(({ urn }) => group.includes(urn));
    if (!result.succeeded && !reached && errors.length === 0)
      errors.push(...(result.errors.get("") ?? ["the engine stopped before it came to this"]));
    const id = result.outcomes.findLast(({ urn, id }) => urn === group[0] && id !== undefined)?.id;
    return id === undefined ? { work, errors } : { work, errors, id };
  });
}

function tell(controller: Controller, owner: ReadonlyMap<string, Work>, kind: string, event: RunEvent): void {
  if (kind !== "up") return;
  if (event.kind === "message" && event.severity === "warning" && !PATH_NOTE.test(event.text))
    controller.progress({ kind: "note", text: event.text });
  const urn = event.kind === "started" ? event.urn : event.kind === "outcome" ? event.outcome.urn : undefined;
  const work = urn === undefined ? undefined : owner.get(urn);
  if (work === undefined) return;
  const { object, op } = work.effect;
  if (event.kind === "started" && event.op !== "same")
    controller.progress({ kind: "object", name: object.name, object, op, state: "started" });
}

/** The engine remarks on every plugin it finds on its PATH; the session has said that once. */
const PATH_NOTE = /^using pulumi-resource-\S+ from \$PATH/;

const runObject = (work: Work) => ({
  key: objectKey(work.effect.object),
  op: work.effect.op,
  effectHash: work.effect.hash,
  mark: work.mark,
});
const self = () => ({ pid: process.pid, startTime: processStartTime(process.pid) ?? "", host: hostname() });
const iso = (controller: Controller) => new Date(controller.now()).toISOString();
const emptyResult = (): EngineResult => ({
  steps: [],
  outcomes: [],
  errors: new Map(),
  succeeded: true,
  killed: false,
});
