import type { ActualServer } from "../../resources/actual.ts";
import { FleetError } from "../../resources/errors.ts";
import type { Labels, ServerSpec } from "../../resources/spec.ts";
import { removeField, setField } from "../fleet/edit.ts";
import type { AppliedObject } from "../store/types.ts";
import { acceptRules, isOfRules } from "./accept-rules.ts";
import { problemsOf } from "./changed.ts";
import { commitFiles } from "./commit-files.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import { withCounters } from "./counters.ts";
import { type Desired, readDesired } from "./desired.ts";
import { liveDifferences } from "./differences.ts";
import type { AccountDrift, ObjectDrift } from "./drift.ts";
import { stateOnly } from "./engine-preview.ts";
import type { FieldDrift } from "./find-drift.ts";
import { withLeases } from "./leases.ts";
import { lookAt, lookAtServer } from "./look.ts";
import { type Match, matchObjects } from "./match.ts";
import { isRulePath } from "./rules.ts";
import { settledWork } from "./settled.ts";
import { runStack, type StackTask } from "./stack-run.ts";
import { objectKey, type Work } from "./types.ts";

export interface Accepted {
  /** Undefined when nothing could be accepted. */
  commit?: string;
  accepted: string[];
  /** What only a revert, or a person, can settle. */
  refused: { name: string; reason: string }[];
}

/** One line of YAML to be written; undefined value removes the key. */
type Edit = { path: string[]; value: unknown };

/**
 * Accepts drift: one commit that splices the actual values into the files, then a refresh of state, after which the preview is empty. A server
 * that is gone loses its file; a firewall that is gone is only to be reverted, since servers name it.
 */
export async function accept(
  controller: Controller,
  desired: Desired,
  accounts: AccountDrift[],
  author: { name: string; email: string },
  signal: AbortSignal,
): Promise<Accepted> {
  const result: Accepted = { accepted: [], refused: [] };
  const files: Record<string, string | null> = {};
  const taken: ObjectDrift[] = [];
  const vanished = tooManyGone(desired, accounts);
  const drifted = accounts.flatMap(({ drifted }) => drifted);
  const rules = await acceptRules(controller, desired, drifted, signal);
  for (const drift of drifted) {
    const unwritten = rules.refused.get(drift);
    if (unwritten !== undefined) {
      result.refused.push({ name: drift.name, reason: unwritten });
      continue;
    }
    if (drift.object === "Firewall") {
      if (drift.kind === "changed") taken.push(drift);
      else {
        const reason = "the firewall is gone while servers name it: revert it, or take it out of their files";
        result.refused.push({ name: drift.name, reason });
      }
      continue;
    }
    if (drift.kind === "gone" && vanished.has(drift.account)) {
      result.refused.push({ name: drift.name, reason: vanished.get(drift.account)! });
      continue;
    }
    const object = desired.objects.find(({ spec }) => spec.kind === "Server" && spec.name === drift.name);
    if (object === undefined) {
      result.refused.push({ name: drift.name, reason: "no file has it any more: apply its removal" });
      continue;
    }
    const edited = await editFile(controller, desired, object.spec as ServerSpec, object.path, drift, signal);
    if ("reason" in edited) result.refused.push({ name: drift.name, reason: edited.reason });
    else {
      files[object.path] = edited.text;
      taken.push(drift);
    }
  }
  Object.assign(files, rules.files);
  for (const [path, { text: reason }] of await problemsOf(controller, desired.commit, desired.catalogs, files)) {
    const name = desired.objects.find((object) => object.path === path)?.spec.name;
    const index = taken.findIndex((drift) => drift.object === "Server" && drift.name === name);
    if (index === -1)
      throw new FleetError("FLEET_INVALID", `the files would not be valid any more: ${reason}`, { path });
    delete files[path];
    taken.splice(index, 1);
    result.refused.push({ name: name!, reason: `its file would not be valid: ${reason}` });
  }
  if (taken.length === 0) return result;
  const names = taken.map(({ name }) => name);
  const message = `Accept drift of ${names.length > 5 ? `${names.length} objects` : names.join(", ")}\n\n${taken.flatMap(describe).join("\n")}\n`;
  result.commit = await commitFiles(controller, desired.commit, files, { message, author });
  result.accepted = names;
  await settle(controller, result.commit, taken, signal);
  return result;
}

/** A wrong address or credential shows every machine as gone, and must not be written into the files as the end of the fleet. */
function tooManyGone({ fleet }: Desired, accounts: AccountDrift[]): Map<string, string> {
  const { minimum, share } = fleet.guards.maxRemovals;
  return new Map(
    accounts.flatMap(({ account, servers, drifted }) => {
      const gone = drifted.filter(({ object, kind }) => object === "Server" && kind === "gone").length;
      if (gone <= Math.max(minimum, Math.floor(servers * share))) return [];
      const reason = `${gone} of the ${servers} servers of ${account} seem gone: are its address and credentials right? Remove their files by hand`;
      return [[account, reason] as const];
    }),
  );
}

async function editFile(
  controller: Controller,
  desired: Desired,
  spec: ServerSpec,
  path: string,
  drift: ObjectDrift,
  signal: AbortSignal,
): Promise<{ text: string | null } | { reason: string }> {
  if (drift.kind === "gone") return { text: null };
  const account = desired.accounts.get(spec.account)!;
  const cloud = cloudOf(controller, spec.provider);
  const actual = await lookAtServer(cloud, drift.id, callOn(controller, account.spec, signal), controller.sleep);
  if (actual === undefined) return { reason: "it has gone in the meantime: look at the drift again" };
  const before = await controller.repo.readBlob(desired.commit, path);
  if (before === undefined) return { reason: `${path} has gone from the files in the meantime` };
  let text = before;
  const sizes = drift.fields.filter(({ path }) => path.startsWith("resources."));
  const fields = drift.fields.filter((field) => !isOfRules(field.path) && !sizes.slice(1).includes(field));
  for (const field of fields) {
    const edits = editsOf(field, spec, actual, desired, cloud.labelsOf(actual));
    if (edits === undefined)
      return { reason: `${field.path} cannot be written into the file as ${JSON.stringify(field.actual)}: revert it` };
    for (const { path, value } of edits)
      text = value === undefined ? removeField(text, path) : setField(text, path, value);
  }
  return { text };
}

function editsOf(
  field: FieldDrift,
  spec: ServerSpec,
  actual: ActualServer,
  desired: Desired,
  labels: Labels | undefined,
): Edit[] | undefined {
  if (field.path === "labels") {
    if (actual.mark === undefined || labels === undefined) return undefined;
    return [{ path: ["labels"], value: Object.keys(labels).length === 0 ? undefined : labels }];
  }
  if (field.path.startsWith("resources.")) return resourceEdits(spec, actual, desired);
  if (field.path === "size") return sizeEdits(String(field.actual), spec, desired);
  if (field.path === "power" && field.actual === "changing") return undefined;
  return [{ path: field.path.split("."), value: field.actual }];
}

/** A server ordered by plan gets the plan that has the actual size, or else the bare size. */
function sizeEdits(size: string, spec: ServerSpec, desired: Desired): Edit[] {
  if (spec.plan === undefined) return [{ path: ["size"], value: size }];
  const plan = desired.plans.find(({ sizes }) => sizes[spec.provider] === size);
  if (plan !== undefined) return [{ path: ["plan"], value: plan.name }];
  return [
    { path: ["size"], value: size },
    { path: ["plan"], value: undefined },
  ];
}

/** All resources at once: a server ordered by plan gets the plan that has them, or else none. */
function resourceEdits(spec: ServerSpec, actual: ActualServer, desired: Desired): Edit[] {
  const { vcpus = spec.resources.vcpus, memoryMiB = spec.resources.memoryMiB } = actual;
  const diskGiB = actual.diskGiB ?? spec.resources.diskGiB;
  const plan = desired.plans.find(
    (plan) => plan.vcpus === vcpus && plan.memoryMiB === memoryMiB && plan.diskGiB === diskGiB,
  );
  if (spec.plan !== undefined && plan !== undefined) return [{ path: ["plan"], value: plan.name }];
  const wanted = { vcpus, memoryMiB, diskGiB };
  const known = Object.entries(wanted).filter(([name, value]) => {
    return (
      value !== undefined && (spec.plan !== undefined || spec.resources[name as keyof typeof wanted] !== undefined)
    );
  });
  if (spec.plan === undefined) return known.map(([name, value]) => ({ path: ["resources", name], value }));
  return [
    { path: ["resources"], value: Object.fromEntries(known) },
    { path: ["plan"], value: undefined },
  ];
}

function describe({ name, kind, fields }: ObjectDrift): string[] {
  if (kind === "gone") return [`${name}: gone from the cloud`];
  return fields.map(({ path, desired, actual }) => {
    if (isRulePath(path)) return `${name}: ${desired === undefined ? `+ ${actual}` : `- ${desired}`}`;
    return `${name}: ${path} ${JSON.stringify(desired)} -> ${JSON.stringify(actual)}`;
  });
}

const keyOf = ({ object, account, name }: ObjectDrift): string => objectKey({ kind: object, account, name });

/** State and records follow: each group is read from the cloud, and what now is as the files say is recorded as applied. */
async function settle(
  controller: Controller,
  commit: string,
  taken: ObjectDrift[],
  signal: AbortSignal,
): Promise<void> {
  const desired = await readDesired(controller, commit, signal);
  const keys = new Set(taken.map(keyOf));
  const matched = async () =>
    matchObjects(desired.objects, await controller.store.objects(), desired.accounts).filter(
      ({ applied, desired }) => applied !== undefined && keys.has(objectKey(desired?.spec ?? applied.document)),
    );
  const stacks = new Set((await matched()).map((match) => match.applied!.stack));
  await withLeases(controller, [...stacks], signal, async (signal) => {
    // Looked at again: whoever had the stacks before may have changed the records.
    const matches = (await matched()).filter((match) => stacks.has(match.applied!.stack));
    await settleStacks(controller, desired, matches, taken, signal);
  });
}

async function settleStacks(
  controller: Controller,
  desired: Desired,
  matches: Match[],
  taken: ObjectDrift[],
  signal: AbortSignal,
): Promise<void> {
  const { commit } = desired;
  for (const [stack, members] of Map.groupBy(matches, (match) => match.applied!.stack)) {
    const account = desired.byIdentity.get(members[0]!.applied!.account)!;
    const works = members.map(refreshing);
    const task = { stack, account, declare: [], remove: works };
    const { objects } = await runStack(controller, task, "refresh", commit, signal);
    // What could not be refreshed in state stays suspect.
    const unread = new Set(objects.filter(({ errors }) => errors.length > 0).map(({ work }) => work.identity));
    const cloud = cloudOf(controller, account.spec.provider);
    const call = callOn(controller, account.spec, signal);
    const accepted: AppliedObject[] = [];
    for (const match of members) {
      const record = match.applied!;
      const spec = match.desired?.spec;
      const wanted = { document: spec ?? record.document, mark: record.mark };
      const sight = await lookAt(cloud, wanted, record.cloudId!, call, controller.sleep);
      if (spec === undefined && sight === undefined) {
        await controller.store.removeObjects([
          { account: record.account, kind: record.kind, identity: record.identity },
        ]);
      } else if (spec !== undefined && sight?.drift.length === 0) {
        if (onlyAccepted(match, taken)) {
          accepted.push({
            ...record,
            document: withCounters(spec, record.document),
            hash: match.desired!.hash,
            commit,
            refresh: unread.has(record.identity),
          });
        }
      }
    }
    await controller.store.putObjects(accepted);
    const settled = accepted.filter(({ refresh }) => !refresh).map(settledWork);
    await bringAlong(controller, { stack, account, declare: settled, remove: [] }, commit, signal);
  }
}

/** A refresh reads what the cloud has and no more: inputs of state that follow from the files are brought along where no machine is touched. */
async function bringAlong(controller: Controller, task: StackTask, commit: string, signal: AbortSignal): Promise<void> {
  if (task.declare.length === 0) return;
  const declare = await stateOnly(controller, task, commit, signal);
  if (declare.length > 0) await runStack(controller, { ...task, declare }, "up", commit, signal);
}

/** An edit that nobody has executed yet stays one: only what was accepted counts as applied. */
function onlyAccepted({ applied, desired }: Match, taken: ObjectDrift[]): boolean {
  const drift = taken.find((candidate) => keyOf(candidate) === objectKey(desired!.spec));
  const accepted = new Set(drift?.fields.map(({ path }) => path.split(/[.[]/)[0]!));
  return liveDifferences(applied!.document, desired!.spec).every(({ path }) => accepted.has(path.split(/[.[]/)[0]!));
}

/** A group that is only read: nothing of it is declared. */
function refreshing(match: Match): Work {
  const { desired: _declared, ...work } = settledWork(match.applied!);
  return { ...work, refresh: true };
}
