import { FleetError } from "../../../resources/errors.ts";
import { execute } from "../../reconcile/execute.ts";
import { prepare } from "../../reconcile/preview.ts";
import { objectKey } from "../../reconcile/types.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { renderExecution } from "../render/execution.ts";
import { renderPreview } from "../render/preview.ts";
import { type Session, whoIsAsking } from "../session.ts";

/**
 * The ordinary way of a change, for committed servers that are machines already, and for these alone.
 * @throws {FleetError} GUARD_REFUSED where taking one over would be more than that: nothing was executed then
 */
export async function takeOver(
  { controller, signal, view }: Session,
  servers: readonly { name: string; account: string }[],
  flags: Pick<GlobalOptions, "json"> & { yes?: boolean },
  io: Io,
  data: object,
): Promise<number> {
  const revert = new Set(servers.map(({ name, account }) => objectKey({ kind: "Server", name, account })));
  const prepared = await view.during("looking at what would be done", prepare(controller, { revert, signal }));
  const strange = prepared.preview.effects.filter(({ op }) => op === "create" || op === "replace" || op === "delete");
  if (strange.length > 0) {
    const what = strange.map(({ op, object }) => `${op} ${object.name}`).join(", ");
    throw new FleetError("GUARD_REFUSED", `taking over would also ${what}: look at \`fleetwright preview\``);
  }
  if (!flags.json) io.out(renderPreview(prepared.preview, io));
  const person = await whoIsAsking(controller);
  const by = `${person.name} <${person.email}>`;
  const agreed = flags.yes || (await io.confirm("Take them over?"));
  if (!agreed) {
    io.err("the files are committed; `fleetwright apply` takes the machines over");
    return EXIT.changes;
  }
  const approved = { hashes: [prepared.preview.hash], by };
  const run = execute(controller, { preview: { revert }, prepared, approved, signal });
  const execution = await view.during("taking them over", run);
  io.out(flags.json ? JSON.stringify({ ...data, execution }) : renderExecution(execution, io));
  return execution.failed > 0 ? EXIT.error : EXIT.ok;
}
