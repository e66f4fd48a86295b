import { FleetError } from "../../resources/errors.ts";
import { type Controller, cloudOf } from "./context.ts";
import { noteState } from "./state-version.ts";
import type { Settle } from "./task.ts";
import type { Work } from "./types.ts";
import { resourceNames } from "./urns.ts";

/** Takes machines out of state and records without touching them: `deletionPolicy: orphan`. They keep their mark and run on. */
export async function forget(controller: Controller, works: Work[], settle: Settle): Promise<void> {
  for (const [stack, members] of Map.groupBy(works, ({ stack }) => stack)) {
    try {
      await takeOut(controller, stack, members);
      for (const work of members) settle(work);
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      for (const work of members) settle(work, error.message);
    }
  }
}

async function takeOut(controller: Controller, stack: string, members: Work[]): Promise<void> {
  const engine = await controller.engine();
  const urns = new Set(
    members.flatMap((work) => urnsOf(controller, work).map(({ type, name }) => engine.urn(stack, type, name))),
  );
  const state = await engine.exportState(stack);
  const resources: { urn: string }[] = state.deployment.resources ?? [];
  if (resources.some(({ urn }) => urns.has(urn))) {
    state.deployment.resources = resources.filter(({ urn }) => !urns.has(urn));
    await engine.importState(stack, state);
    await noteState(controller, stack);
  }
  await controller.store.removeObjects(
    members.map(({ applied }) => ({ account: applied!.account, kind: applied!.kind, identity: applied!.identity })),
  );
  await controller.store.closeApprovals(members.map(({ effect }) => effect.hash));
}

function urnsOf(controller: Controller, { applied, identity }: Work): { type: string; name: string }[] {
  return resourceNames(cloudOf(controller, applied!.document.provider), applied!.document, identity);
}
