import { POWER_TYPE, powerName } from "../../stacks/program.ts";
import { type Controller, cloudOf } from "./context.ts";
import { noteState } from "./state-version.ts";
import type { Work } from "./types.ts";

/** Takes machines out of state and records without touching them: `deletionPolicy: orphan`. They keep their mark and run on. */
export async function forget(controller: Controller, works: Work[], settle: (work: Work) => void): Promise<void> {
  const engine = await controller.engine();
  const byStack = Map.groupBy(works, ({ stack }) => stack);
  for (const [stack, members] of byStack) {
    const urns = new Set(
      members.flatMap((work) => urnsOf(controller, work).map(({ type, name }) => engine.urn(stack, type, name))),
    );
    const state = await engine.exportState(stack);
    const resources: { urn: string }[] = state.deployment.resources ?? [];
    state.deployment.resources = resources.filter(({ urn }) => !urns.has(urn));
    await engine.importState(stack, state);
    await noteState(controller, stack);
    await controller.store.removeObjects(
      members.map(({ applied }) => ({ account: applied!.account, kind: applied!.kind, identity: applied!.identity })),
    );
    for (const work of members) settle(work);
  }
}

function urnsOf(controller: Controller, { applied, identity }: Work): { type: string; name: string }[] {
  const document = applied!.document;
  if (document.kind !== "Server") return [];
  return [
    ...cloudOf(controller, document.provider).group(document, identity),
    { type: POWER_TYPE, name: powerName(identity) },
  ];
}
