import { FleetError } from "../../../resources/errors.ts";
import { readDesired } from "../../reconcile/desired.ts";
import { execute } from "../../reconcile/execute.ts";
import { prepare } from "../../reconcile/preview.ts";
import { recover } from "../../reconcile/recover.ts";
import { commitRemoval } from "../../reconcile/removal.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { renderPreview } from "../render/preview.ts";
import { whoIsAsking, withSession } from "../session.ts";

export interface DestroyFlags extends GlobalOptions {
  confirm?: string;
}

/**
 * `fleetwright destroy`: removes every server by a commit, shows it, and executes it once the fleet's id was given. Protected servers refuse
 * it, and `deletionPolicy: orphan` is obeyed.
 */
export async function destroyVerb(flags: DestroyFlags, io: Io): Promise<number> {
  return await withSession(flags, io, async ({ controller, signal }) => {
    await recover(controller, signal);
    const desired = await readDesired(controller, await controller.repo.head(), signal);
    const { id } = desired.fleet;
    const servers = desired.objects.filter(({ spec }) => spec.kind === "Server").length;
    const agreed =
      flags.confirm === id ||
      (flags.confirm === undefined && (await io.confirm(`Remove all ${servers} servers of ${id} for good?`)));
    if (!agreed)
      throw new FleetError("NOT_APPROVED", `nothing was removed: --confirm ${id} says that all of it is meant`, {
        fleet: id,
      });
    const person = await whoIsAsking(controller);
    const commit = await commitRemoval(controller, desired, person);
    const recorded = (await controller.store.objects({ kind: "Server" })).length;
    const overrides = { allowReplace: [], allowRemovals: Math.max(servers, recorded) };
    const prepared = await prepare(controller, { overrides, signal });
    if (!flags.json) io.out(renderPreview(prepared.preview, io));
    const approved = { hashes: [prepared.preview.hash], by: `${person.name} <${person.email}>` };
    const execution = await execute(controller, { preview: {}, prepared, approved, overrides, signal });
    if (flags.json) io.out(JSON.stringify({ commit, ...execution }));
    else io.out(`${execution.converged} removed${execution.failed > 0 ? `, ${execution.failed} failed` : ""}`);
    return execution.failed > 0 ? EXIT.error : EXIT.ok;
  });
}
