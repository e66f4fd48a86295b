import { FleetError } from "../../resources/errors.ts";
import { type Controller, cloudOf } from "./context.ts";
import { programInput } from "./declared.ts";
import { prepare } from "./preview.ts";
import { refuseOpenReshard } from "./reshard-open.ts";
import { settledWork } from "./settled.ts";

/**
 * What an operator's own `pulumi preview` or `pulumi up` declares in a stack: every object of it as HEAD has it, under the marks on record. The
 * same program as the controller's, whole instead of targeted.
 * @throws {FleetError} DIRTY_TREE when the work tree differs from HEAD: what runs must be a commit. STACK_BUSY while servers lie in two stacks.
 */
export async function declareHead(controller: Controller, stack: string, signal: AbortSignal): Promise<void> {
  if (await controller.repo.isDirty()) {
    throw new FleetError("DIRTY_TREE", "fleet files differ from HEAD: commit them, since only a commit can be run", {
      stack,
    });
  }
  await refuseOpenReshard(controller.store, stack);
  const { works, desired } = await prepare(controller, { stacks: [stack], engine: false, signal });
  const changed = new Set(works.map(({ identity }) => identity));
  const records = await controller.store.objects({ stack });
  const settled = records.filter(({ identity }) => !changed.has(identity)).map(settledWork);
  const account = desired.byIdentity.get(stack.slice(0, stack.lastIndexOf(".")));
  if (account === undefined) {
    throw new FleetError("NOT_FOUND", `no account of this fleet has the stack ${stack}`, { stack });
  }
  const declare = [...works.filter((work) => work.desired !== undefined && work.stack === stack), ...settled];
  const cloud = cloudOf(controller, account.spec.provider);
  const input = await programInput(controller, { stack, account, declare, remove: [] }, "preview");
  const { declareStack } = await import("../../stacks/program.ts");
  declareStack(cloud, await cloud.declarations(), input);
}
