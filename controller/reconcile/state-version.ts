import type { Controller } from "./context.ts";

/** Where the version of a stack's state is kept, as our last run on it left it. */
export const versionSetting = (stack: string): string => `state.version.${stack}`;

/** Remembers a stack's state as our own run left it. */
export async function noteState(controller: Controller, stack: string): Promise<void> {
  const version = await (await controller.engine()).stateVersion(stack);
  if (version !== undefined) await controller.store.putSetting(versionSetting(stack), version);
}
