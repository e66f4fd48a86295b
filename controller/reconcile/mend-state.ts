import { FleetError } from "../../resources/errors.ts";
import { POWER_TYPE } from "../../stacks/names.ts";
import { withResources } from "../engine/checkpoint.ts";
import type { Engine } from "../engine/engine.ts";
import { NO_STATE, type StateCopy } from "../engine/states.ts";
import type { AppliedObject } from "../store/types.ts";
import { type Controller, cloudId, cloudOf } from "./context.ts";
import { whenFree } from "./leases.ts";
import { changedStacks, noteState, sealOf, versionSetting } from "./state-version.ts";
import { resourceNames } from "./urns.ts";

/** How the names of these settings begin. */
export const RESTORED = "state.restored.";

/** Set while a stack whose state was put back has not been looked through: what the records know and that state does not. */
export const restoredSetting = (stack: string): string => `${RESTORED}${stack}`;

/** How damaged state is dealt with. */
export interface Mending {
  /** Stacks that begin again with nothing where no copy is whole: their machines are taken over from the records. */
  rebuild?: readonly string[];
}

/**
 * Looks at the state of some stacks before an engine does, each under its lease, and puts back the newest whole copy where a file is damaged. Answers
 * those that were mended. A stack at which somebody is at work is theirs to look at.
 * @throws {FleetError} STATE_DAMAGED where no copy is whole.
 */
export async function mendStates(
  controller: Controller,
  stacks: Iterable<string>,
  signal: AbortSignal,
  mending: Mending = {},
): Promise<string[]> {
  const mended: string[] = [];
  for (const stack of stacks) {
    if ((await problemOf(controller, stack)) === undefined) continue;
    if (await whenFree(controller, stack, signal, () => mendState(controller, stack, mending))) mended.push(stack);
  }
  return mended;
}

/** The same for stacks whose files are not as our last run left them. */
export async function mendChangedStates(
  controller: Controller,
  signal: AbortSignal,
  mending: Mending = {},
): Promise<string[]> {
  const changed = (await changedStacks(controller, mending.rebuild)).map(({ stack }) => stack);
  return await mendStates(controller, changed, signal, mending);
}

/**
 * Mends one stack whose lease the caller holds; false when nothing is wrong with it. A copy that is older than the last run is taken without what the records
 * contradict, and all of the stack's objects are suspect from then on.
 * @throws {FleetError} STATE_DAMAGED
 */
export async function mendState(controller: Controller, stack: string, mending: Mending = {}): Promise<boolean> {
  const problem = await problemOf(controller, stack);
  if (problem === undefined) return false;
  const { store } = controller;
  const engine = await controller.engine();
  const seal = await sealOf(controller, stack);
  const copies = await engine.stateCopies(stack);
  const copy = copies.find(({ checksum }) => checksum === seal?.checksum) ?? copies[0];
  const records = await store.objects({ stack });
  const isAnew = copy === undefined && mending.rebuild?.includes(stack) === true && records.length > 0;
  if (copy === undefined && !isAnew) throw noCopy(stack, problem, records.length > 0);
  const isExact = copy !== undefined && copy.checksum === seal?.checksum;
  // Before the file: should this be cut off here, the next look finds the damage again.
  if (!isExact && records.length > 0) {
    await store.putObjects(records.map((record) => ({ ...record, refresh: true })));
    await store.putSetting(restoredSetting(stack), "pending");
  }
  const text = copy && (isExact || records.length === 0 ? copy.text : agreed(controller, engine, stack, copy, records));
  const aside = await engine.replaceState(stack, text, new Date(controller.now()));
  await noteState(controller, stack);
  controller.progress({ kind: "note", text: story(stack, problem, copy, isExact, aside) });
  return true;
}

/** What is wrong with a stack's state, in one clause. */
async function problemOf(controller: Controller, stack: string): Promise<string | undefined> {
  const engine = await controller.engine();
  const problem = await engine.stateProblem(stack);
  if (problem !== undefined) return problem;
  const version = await engine.stateVersion(stack);
  if (version === undefined) return undefined;
  const noted = await controller.store.setting(versionSetting(stack));
  const seal = await sealOf(controller, stack);
  if (version === noted || seal === undefined || seal.resources === 0) return undefined;
  if (version === NO_STATE) return `is not there, and our last run left ${seal.resources} resources in it`;
  // A stack that was made but never run: whoever destroys one leaves at least a manifest.
  if ((await engine.stateSeal(stack))?.untouched !== true) return undefined;
  return `holds nothing, and our last run left ${seal.resources} resources in it`;
}

/** The copy without what has changed since by the records: machines under another id, objects that are gone, and all Powers, whose counters may be spent. */
function agreed(
  controller: Controller,
  engine: Engine,
  stack: string,
  { text, resources }: StateCopy,
  records: AppliedObject[],
): string {
  const ids = new Map(resources.map(({ urn, id }) => [urn, id]));
  const kept = new Set<string>();
  for (const record of records) {
    const cloud = cloudOf(controller, record.document.provider);
    const names = resourceNames(cloud, record.document, record.identity);
    const [first, ...others] = names.map(({ type, name }) => engine.urn(stack, type, name));
    const id = first === undefined ? undefined : ids.get(first);
    if (id === undefined) continue;
    if (record.cloudId !== undefined && cloudId(cloud, record.document, id) !== record.cloudId) continue;
    for (const urn of [first!, ...others]) if (!urn.includes(`::${POWER_TYPE}::`)) kept.add(urn);
  }
  const isOwn = (type: string) => !type.startsWith("pulumi:");
  return withResources(
    text,
    resources.filter(({ urn, type }) => !isOwn(type) || kept.has(urn)),
  );
}

function story(
  stack: string,
  problem: string,
  copy: StateCopy | undefined,
  isExact: boolean,
  aside: string | undefined,
): string {
  const from =
    copy === undefined
      ? "No copy is whole: it begins again with nothing, and its machines are taken over from the records"
      : `Put back is the copy of ${copy.at} (${copy.file}), ${
          isExact
            ? "which is what our last run left"
            : "which may be older than our last run: all of its objects are looked at anew"
        }`;
  return `the state of ${stack} ${problem}. ${from}.${aside === undefined ? "" : ` The damaged file is kept as ${aside}`}`;
}

function noCopy(stack: string, problem: string, isRecorded: boolean): FleetError {
  const rebuild = isRecorded
    ? `; or let it be made anew from the records and the clouds: fleetwright apply --rebuild-state ${stack}`
    : "";
  return new FleetError(
    "STATE_DAMAGED",
    `the state of ${stack} ${problem}, and no copy of it is whole. Nothing was done. Put a copy of yours in its place (docs/backup.md: fleetwright restore)${rebuild}`,
    { stack },
  );
}
