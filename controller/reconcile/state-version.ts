import { type Newest, newestOf } from "../engine/checkpoint.ts";
import type { StateResource, StateSeal } from "../engine/engine.ts";
import { NO_STATE } from "../engine/states.ts";
import type { Controller } from "./context.ts";

const VERSIONS = "state.version.";

/** Where the version of a stack's state is kept, as our last run on it left it. */
export const versionSetting = (stack: string): string => `${VERSIONS}${stack}`;

const sealSetting = (stack: string): string => `state.seal.${stack}`;

/** Remembers a stack's state as our own run left it. */
export async function noteState(controller: Controller, stack: string): Promise<void> {
  const engine = await controller.engine();
  const version = await engine.stateVersion(stack);
  if (version === undefined) return;
  const seal = await engine.stateSeal(stack);
  if (seal !== undefined) await controller.store.putSetting(sealSetting(stack), JSON.stringify(seal));
  await controller.store.putSetting(versionSetting(stack), version);
}

/** Forgets a stack that is there no more. */
export async function forgetState(
  { removeSettings }: Pick<Controller["store"], "removeSettings">,
  stack: string,
): Promise<void> {
  await removeSettings([versionSetting(stack), sealSetting(stack)]);
}

/** What a stack's state was when our last run on it ended. */
export async function sealOf({ store }: Pick<Controller, "store">, stack: string): Promise<StateSeal | undefined> {
  const text = await store.setting(sealSetting(stack));
  return text === undefined ? undefined : (JSON.parse(text) as StateSeal);
}

/**
 * Which stacks on record, or named besides, have another state than our last run on them left, and what that was: absent where none is remembered.
 * Costs one look at what changes with each state; stacks whose state only the engine can read are left out.
 */
export async function changedStacks(
  { store, engine }: Pick<Controller, "store" | "engine">,
  more: readonly string[] = [],
): Promise<{ stack: string; noted?: string }[]> {
  const stacks = new Set([...(await store.stacks()), ...more]);
  if (stacks.size === 0) return [];
  const noted = await store.settings(VERSIONS);
  const versions = await (await engine()).stateVersions();
  if (versions === undefined) return [];
  return [...stacks].flatMap((stack) => {
    const before = noted.get(stack);
    if ((versions.get(stack) ?? NO_STATE) === before) return [];
    return [{ stack, ...(before === undefined ? {} : { noted: before }) }];
  });
}

/**
 * Compares a stack's state with the one that was noted last. Where an older one has been written over it (an engine that outlived its lease, a
 * backup that was put back), it says so, and every object of the stack is read from its cloud before its next run.
 *
 * @param mayRemove whether what was done since may have taken resources out of state.
 */
export async function checkState(controller: Controller, stack: string, mayRemove: boolean): Promise<void> {
  const newest = (await sealOf(controller, stack))?.newest;
  if (newest === undefined) return;
  if (!isOlder(await (await controller.engine()).resources(stack), newest, mayRemove)) return;
  const text =
    `the state of ${stack} is older than the one that was noted last: ${newest.urn} was changed at ${newest.modified}, and this state does not ` +
    "know of it. Somebody wrote an older state over a newer one, or put a backup back. All its objects are read from their cloud before the next run";
  controller.progress({ kind: "note", text });
  await controller.store.event({ kind: "state-older", object: stack, data: newest });
  const records = await controller.store.objects({ stack });
  if (records.length > 0) await controller.store.putObjects(records.map((record) => ({ ...record, refresh: true })));
}

/** Whether this state comes before the change that was noted. A resource that is not there tells only where nothing may have removed it. */
export function isOlder(resources: readonly StateResource[], noted: Newest, mayRemove: boolean): boolean {
  const found = resources.find(({ urn }) => urn === noted.urn);
  if (found?.modified !== undefined) return Date.parse(found.modified) < Date.parse(noted.modified);
  return !mayRemove && Date.parse(newestOf(resources)?.modified ?? "1970-01-01") < Date.parse(noted.modified);
}
