import type { Controller } from "./context.ts";

const VERSIONS = "state.version.";

/** Where the version of a stack's state is kept, as our last run on it left it. */
export const versionSetting = (stack: string): string => `${VERSIONS}${stack}`;

const sealSetting = (stack: string): string => `state.seal.${stack}`;

/** What a stack's state was when our last run on it ended. */
export interface Seal {
  checksum: string;
  /** How many resources it held. */
  resources: number;
}

/** Remembers a stack's state as our own run left it. */
export async function noteState(controller: Controller, stack: string): Promise<void> {
  const engine = await controller.engine();
  const version = await engine.stateVersion(stack);
  if (version === undefined) return;
  const seal = await engine.stateSeal(stack);
  if (seal !== undefined) await controller.store.putSetting(sealSetting(stack), JSON.stringify(seal));
  await controller.store.putSetting(versionSetting(stack), version);
}

/**
 * Which stacks on record, or named besides, have another state than our last run on them left, and what that was: absent where none is remembered.
 * Costs one look at each file's time and size; stacks whose state is not kept in files are left out.
 */
export async function changedStacks(
  { store, engine }: Pick<Controller, "store" | "engine">,
  more: readonly string[] = [],
): Promise<{ stack: string; noted?: string }[]> {
  const stacks = new Set([...[...(await store.hashes()).values()].map(({ stack }) => stack), ...more]);
  if (stacks.size === 0) return [];
  const versions = await store.settings(VERSIONS);
  const found = await engine();
  const changed: { stack: string; noted?: string }[] = [];
  for (const stack of stacks) {
    const noted = versions.get(stack);
    const version = await found.stateVersion(stack);
    if (version !== undefined && version !== noted) changed.push({ stack, ...(noted === undefined ? {} : { noted }) });
  }
  return changed;
}

export async function sealOf({ store }: Pick<Controller, "store">, stack: string): Promise<Seal | undefined> {
  const text = await store.setting(sealSetting(stack));
  return text === undefined ? undefined : (JSON.parse(text) as Seal);
}
