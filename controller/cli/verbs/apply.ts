import { beingReverted } from "../../changes/follow.ts";
import { unapproved } from "../../reconcile/approvals.ts";
import { awaitMade } from "../../reconcile/await-made.ts";
import { notesOf, type Watched } from "../../reconcile/being-made.ts";
import type { Desired } from "../../reconcile/desired.ts";
import { execute } from "../../reconcile/execute.ts";
import { prepare } from "../../reconcile/preview.ts";
import { quotesOf } from "../../reconcile/quotes.ts";
import { recover } from "../../reconcile/recover.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { beingMadeText, renderBeingMade } from "../render/being-made.ts";
import { renderExecution } from "../render/execution.ts";
import { renderPreview } from "../render/preview.ts";
import { noteUncommitted, type Session, whoIsAsking, withSession } from "../session.ts";

export interface ApplyFlags extends GlobalOptions {
  commit?: string;
  stack?: string[];
  approve?: string[];
  yes?: boolean;
  allowReplace?: string[];
  allowDelete?: number;
  allowEnded?: string[];
  allowSpending?: string[];
  outsideWindow?: boolean;
  /** Stacks whose damaged state, of which no copy is whole, is made anew. */
  rebuildState?: string[];
  /** Waits for machines that are being made ready. */
  wait?: boolean;
}

/**
 * `fleetwright apply`: previews, asks (or takes `--yes` or `--approve HASH`), executes. Without an answer it goes on with what an earlier
 * approval left open. Exit 0 all converged or ordered and being made ready, 1 something failed, 3 refused. With `--wait` it ends when machines are ready: 1 when one is
 * overdue, 2 when one is there and not yet as it is wanted, or gone. Exit 2 too when a window has closed before all of it was begun.
 */
export async function applyVerb(flags: ApplyFlags, io: Io): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller, signal, view } = session;
    await noteUncommitted(session, flags.commit, io);
    const overrides = {
      allowReplace: flags.allowReplace ?? [],
      ...(flags.allowDelete === undefined ? {} : { allowRemovals: flags.allowDelete }),
      ...(flags.allowEnded === undefined ? {} : { allowEnded: flags.allowEnded }),
      ...(flags.allowSpending === undefined ? {} : { allowSpending: flags.allowSpending }),
      ...(flags.outsideWindow ? { outsideWindow: true } : {}),
    };
    const scope = {
      ...(flags.commit === undefined ? {} : { commit: flags.commit }),
      ...(flags.stack === undefined ? {} : { stacks: flags.stack }),
      besides: await beingReverted(controller),
    };
    await recover(controller, signal, flags.rebuildState === undefined ? {} : { rebuild: flags.rebuildState });
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
    if (!flags.json) io.out(renderExecution(execution, io));
    const waited = flags.wait ? await waitForMade(session, prepared.desired, io) : undefined;
    if (flags.json) io.out(JSON.stringify({ ...execution, ...(waited && { waited }) }));
    if (execution.failed > 0) return EXIT.error;
    if (execution.left !== undefined) return EXIT.changes;
    return waited === undefined ? EXIT.ok : exitOf(waited);
  });
}

/** Waits with a line for whatever has changed, and says how it ended. */
async function waitForMade(session: Session, desired: Desired, io: Io): Promise<Watched> {
  const { controller, signal, view } = session;
  const told = new Map<string, string>();
  const watched = await view.during(
    "waiting for machines that are being made ready",
    awaitMade(controller, desired, signal, (waiting) => {
      for (const machine of waiting) {
        const where = `${machine.percent} ${machine.step}`;
        if (told.get(machine.name) === where) continue;
        told.set(machine.name, where);
        const text = `${machine.name}: ${beingMadeText(machine, controller.now())}`;
        controller.progress({ kind: "note", text });
      }
    }),
  );
  for (const note of notesOf(watched)) io.err(note);
  for (const line of renderBeingMade(watched.beingMade, io, controller.now())) io.err(line);
  return watched;
}

function exitOf({ beingMade, ready, gone }: Watched): number {
  if (beingMade.length > 0) return EXIT.error;
  return gone.length > 0 || ready.some(({ differs }) => differs) ? EXIT.changes : EXIT.ok;
}
