import { canonicalJson, sha256 } from "../fleet/canonical.ts";
import type { Controller } from "./context.ts";

/** A preview is shown to be executed soon: what was seen of the clouds grows old without a word. */
const GOOD_FOR_MS = 5 * 60 * 1000;

/** What a preview was made from, as far as it can be told again: records, accounts, runs, and the state of the stacks it concerns. */
export interface Basis {
  at: number;
  records: string;
  states: Readonly<Record<string, string>>;
}

/** Everything on record in one hash. */
export async function recordsMark({ store }: Pick<Controller, "store">): Promise<string> {
  const [objects, accounts, [lastRun]] = await Promise.all([store.objectsVersion(), store.accounts(), store.runs(1)]);
  return sha256(canonicalJson([objects, accounts, lastRun?.id, lastRun?.outcome]));
}

/** Versions of stacks' states; "" where there is no state, and where the backend cannot tell. */
export async function stateVersions(controller: Controller, stacks: string[]): Promise<Record<string, string>> {
  if (stacks.length === 0) return {};
  const engine = await controller.engine();
  return Object.fromEntries(
    await Promise.all(stacks.map(async (stack) => [stack, (await engine.stateVersion(stack)) ?? ""] as const)),
  );
}

/** Whether records and state are still those that a preview was made from. */
export async function isCurrent(controller: Controller, { at, records, states }: Basis): Promise<boolean> {
  if (controller.now() - at > GOOD_FOR_MS) return false;
  if ((await recordsMark(controller)) !== records) return false;
  return canonicalJson(await stateVersions(controller, Object.keys(states))) === canonicalJson(states);
}
