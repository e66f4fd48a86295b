import type { ActualServer } from "../../resources/actual.ts";
import { FleetError } from "../../resources/errors.ts";
import type { Labels, ServerSpec } from "../../resources/spec.ts";
import { removeField, setField } from "../fleet/edit.ts";
import { acceptRules, isOfRules } from "./accept-rules.ts";
import { problemsOf } from "./changed.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import type { AccountDrift, ObjectDrift } from "./drift.ts";
import type { FieldDrift } from "./find-drift.ts";
import { lookAtServer } from "./look.ts";

/** What of some drift can be written into files. */
export interface AcceptedFiles {
  /** New texts by path; null for a file that goes. */
  files: Record<string, string | null>;
  taken: ObjectDrift[];
  /** What only a revert, or a person, can settle. */
  refused: { name: string; reason: string }[];
}

/** What has drifted on an account, of how many servers. */
export type DriftOf = Pick<AccountDrift, "account" | "servers" | "drifted">;

/** One line of YAML to be written; undefined value removes the key. */
type Edit = { path: string[]; value: unknown };

/**
 * The files with the actual values of drift spliced in. A server or a snapshot that is gone loses its file; a firewall or a port that is gone is only to be
 * reverted, since servers name it.
 * @throws {FleetError} FLEET_INVALID when the fleet would not be valid by something else than one server's file.
 */
export async function acceptedFiles(
  controller: Controller,
  desired: Desired,
  accounts: readonly DriftOf[],
  signal: AbortSignal,
): Promise<AcceptedFiles> {
  const files: AcceptedFiles["files"] = {};
  const taken: ObjectDrift[] = [];
  const refused: AcceptedFiles["refused"] = [];
  const vanished = tooManyGone(desired, accounts);
  const drifted = accounts.flatMap(({ drifted }) => drifted);
  const rules = await acceptRules(controller, desired, drifted, signal);
  for (const drift of drifted) {
    const unwritten = rules.refused.get(drift);
    if (unwritten !== undefined) {
      refused.push({ name: drift.name, reason: unwritten });
      continue;
    }
    if (drift.object !== "Server" && drift.kind === "gone") {
      const what = drift.object.toLowerCase();
      const reason = `the ${what} is gone, and servers may name it: revert it, or take it out of their files and remove its own`;
      refused.push({ name: drift.name, reason });
      continue;
    }
    if (drift.object === "Firewall") {
      taken.push(drift);
      continue;
    }
    if (drift.object === "Port") {
      const edited = await editPort(controller, desired, drift);
      if ("reason" in edited) refused.push({ name: drift.name, reason: edited.reason });
      else {
        files[edited.path] = edited.text;
        taken.push(drift);
      }
      continue;
    }
    if (drift.kind === "gone" && vanished.has(drift.account)) {
      refused.push({ name: drift.name, reason: vanished.get(drift.account)! });
      continue;
    }
    if (drift.object === "Snapshot") {
      const path = desired.objects.find(({ spec }) => spec.kind === "Snapshot" && spec.name === drift.name)?.path;
      if (path === undefined) refused.push({ name: drift.name, reason: "no file has it any more: apply its removal" });
      else if (drift.kind === "changed")
        refused.push({ name: drift.name, reason: "what is written on a snapshot is only to be reverted" });
      else {
        files[path] = null;
        taken.push(drift);
      }
      continue;
    }
    const object = desired.objects.find(({ spec }) => spec.kind === "Server" && spec.name === drift.name);
    if (object === undefined) {
      refused.push({ name: drift.name, reason: "no file has it any more: apply its removal" });
      continue;
    }
    const edited = await editFile(controller, desired, object.spec as ServerSpec, object.path, drift, signal);
    if ("reason" in edited) refused.push({ name: drift.name, reason: edited.reason });
    else {
      files[object.path] = edited.text;
      taken.push(drift);
    }
  }
  Object.assign(files, rules.files);
  for (const [path, { text: reason }] of await problemsOf(controller, desired.commit, desired.catalogs, files)) {
    const name = desired.objects.find((object) => object.path === path)?.spec.name;
    const index = taken.findIndex((drift) => drift.object !== "Firewall" && drift.name === name);
    if (index === -1)
      throw new FleetError("FLEET_INVALID", `the files would not be valid any more: ${reason}`, { path });
    delete files[path];
    taken.splice(index, 1);
    refused.push({ name: name!, reason: `its file would not be valid: ${reason}` });
  }
  return { files, taken, refused };
}

/** A wrong address or credential shows every machine as gone, and must not be written into the files as the end of the fleet. */
function tooManyGone({ fleet }: Desired, accounts: readonly DriftOf[]): Map<string, string> {
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

/** What it is for is written; another name would be another port. */
async function editPort(
  controller: Controller,
  desired: Desired,
  { name, account, fields }: ObjectDrift,
): Promise<{ path: string; text: string } | { reason: string }> {
  const object = desired.objects.find(
    ({ spec }) => spec.kind === "Port" && spec.name === name && spec.account === account,
  );
  if (object === undefined) return { reason: "no file has it any more: apply its removal" };
  const fixed = fields.find(({ path }) => path === "name");
  if (fixed !== undefined)
    return { reason: `it is called "${fixed.actual}" now, and its name is what servers call it: revert it` };
  const before = await controller.repo.readBlob(desired.commit, object.path);
  if (before === undefined) return { reason: `${object.path} has gone from the files in the meantime` };
  let text = before;
  for (const { path, actual } of fields)
    text = actual === "" || actual === undefined ? removeField(text, [path]) : setField(text, [path], actual);
  return { path: object.path, text };
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
