import { unapproved } from "../../reconcile/approvals.ts";
import { execute } from "../../reconcile/execute.ts";
import { prepare } from "../../reconcile/preview.ts";
import { quotesOf } from "../../reconcile/quotes.ts";
import { recover } from "../../reconcile/recover.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { renderExecution } from "../render/execution.ts";
import { renderPreview } from "../render/preview.ts";
import { noteUncommitted, whoIsAsking, withSession } from "../session.ts";

export interface ApplyFlags extends GlobalOptions {
  commit?: string;
  stack?: string[];
  approve?: string[];
  yes?: boolean;
  allowReplace?: string[];
  allowDelete?: number;
  allowEnded?: string[];
}

/**
 * `fleetwright apply`: previews, asks (or takes `--yes` or `--approve HASH`), executes. Without an answer it goes on with what an earlier
 * approval left open. Exit 0 all converged, 1 something failed, 3 refused.
 */
export async function applyVerb(flags: ApplyFlags, io: Io): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller, signal, view } = session;
    await noteUncommitted(session, flags.commit, io);
    const overrides = {
      allowReplace: flags.allowReplace ?? [],
      ...(flags.allowDelete === undefined ? {} : { allowRemovals: flags.allowDelete }),
      ...(flags.allowEnded === undefined ? {} : { allowEnded: flags.allowEnded }),
    };
    const scope = {
      ...(flags.commit === undefined ? {} : { commit: flags.commit }),
      ...(flags.stack === undefined ? {} : { stacks: flags.stack }),
    };
    await recover(controller, signal);
    const prepared = await view.during(
      "looking at what would be done",
      prepare(controller, { ...scope, overrides, signal }),
    );
    const { preview } = prepared;
    // Whoever approves by a hash has seen the prices of an earlier preview.
    const shown = new Map([
      ...quotesOf(prepared.works, prepared.desired),
      ...(flags.approve === undefined ? [] : await controller.store.quotes(preview.effects.map(({ hash }) => hash))),
    ]);
    if (!flags.json) io.out(renderPreview(preview, io));
    const person = await whoIsAsking(controller);
    const by = `${person.name} <${person.email}>`;
    let hashes = flags.approve;
    const refused = preview.verdicts.some(({ passed }) => !passed);
    if (hashes === undefined && !refused && (await unapproved(controller, prepared)).length > 0) {
      if (flags.yes || (await io.confirm("Execute exactly this?"))) hashes = [preview.hash];
    }
    const run = execute(controller, {
      preview: scope,
      prepared,
      shown,
      approved: hashes === undefined ? { by } : { hashes, by },
      overrides,
      signal,
    });
    const execution = await view.during("executing", run);
    io.out(flags.json ? JSON.stringify(execution) : renderExecution(execution, io));
    return execution.failed > 0 ? EXIT.error : EXIT.ok;
  });
}
