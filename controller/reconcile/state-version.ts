import type { Controller } from "./context.ts";

/** Where the version of a stack's state is kept, as our last run on it left it. */
export const versionSetting = (stack: string): string => `state.version.${stack}`;

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

export async function sealOf({ store }: Pick<Controller, "store">, stack: string): Promise<Seal | undefined> {
  const text = await store.setting(sealSetting(stack));
  return text === undefined ? undefined : (JSON.parse(text) as Seal);
}
