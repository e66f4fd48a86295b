import type { StateResource } from "../engine/engine.ts";
import type { Controller } from "./context.ts";

export const ADDRESS = /http:\/\/127\.0\.0\.1:(\d+)/;

/**
 * The address of the gateway in a stack's state. The official plugins put theirs there, and a refresh reads through it, not through that of
 * the run. State itself is asked, because it outlives every other memory of it.
 */
export async function statedAddress(controller: Controller, stack: string): Promise<string | undefined> {
  const resources = await (await controller.engine()).resources(stack);
  return resources.filter(isProvider).flatMap(addressOf)[0];
}

/** Writes another address into state, where somebody else has the port of the old one. */
export async function readdress(controller: Controller, stack: string, address: string): Promise<void> {
  const engine = await controller.engine();
  const state = await engine.exportState(stack);
  const resources: StateResource[] = state.deployment.resources ?? [];
  const changed = resources.map((resource) =>
    isProvider(resource) && addressOf(resource).length > 0
      ? JSON.parse(JSON.stringify(resource).replaceAll(new RegExp(ADDRESS, "g"), address))
      : resource,
  );
  state.deployment.resources = changed;
  await engine.importState(stack, state);
}

const isProvider = ({ type }: StateResource): boolean => type.startsWith("pulumi:providers:");

function addressOf({ inputs }: StateResource): string[] {
  const [address] = ADDRESS.exec(JSON.stringify(inputs ?? {})) ?? [];
  return address === undefined ? [] : [address];
}
