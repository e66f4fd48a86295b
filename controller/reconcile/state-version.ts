import type { StateResource } from "../engine/engine.ts";
import type { Controller } from "./context.ts";

/** Where the version of a stack's state is kept, as our last run on it left it. */
export const versionSetting = (stack: string): string => `state.version.${stack}`;

/** Where it is kept which resource of that state was changed last. */
const newestSetting = (stack: string): string => `state.newest.${stack}`;

/** The resource that was changed last, and when by the engine's clock. */
export interface Newest {
  urn: string;
  modified: string;
}

/** Remembers a stack's state as our own run left it. */
export async function noteState(controller: Controller, stack: string): Promise<void> {
  const engine = await controller.engine();
  const version = await engine.stateVersion(stack);
  if (version === undefined) return;
  const newest = newestOf(await engine.resources(stack));
  if (newest !== undefined) await controller.store.putSetting(newestSetting(stack), JSON.stringify(newest));
  await controller.store.putSetting(versionSetting(stack), version);
}

/**
 * Compares a stack's state with the one that was noted last. Where an older one has been written over it (an engine that outlived its lease, a
 * backup that was put back), it says so, and every object of the stack is read from its cloud before its next run.
 *
 * @param mayRemove whether what was done since may have taken resources out of state.
 */
export async function checkState(controller: Controller, stack: string, mayRemove: boolean): Promise<void> {
  const noted = await controller.store.setting(newestSetting(stack));
  if (noted === undefined) return;
  const newest = JSON.parse(noted) as Newest;
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

function newestOf(resources: readonly StateResource[]): Newest | undefined {
  let newest: Newest | undefined;
  for (const { urn, modified } of resources)
    if (modified !== undefined && (newest === undefined || Date.parse(modified) > Date.parse(newest.modified)))
      newest = { urn, modified };
  return newest;
}
