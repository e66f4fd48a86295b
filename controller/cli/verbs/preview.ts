import { previewBetween } from "../../reconcile/between.ts";
import type { Controller } from "../../reconcile/context.ts";
import { previewFull } from "../../reconcile/full.ts";
import { NO_OVERRIDES, type PreviewOptions, prepare } from "../../reconcile/preview.ts";
import { rememberQuotes } from "../../reconcile/quotes.ts";
import type { Preview } from "../../reconcile/types.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { renderPreview } from "../render/preview.ts";
import { noteUncommitted, withSession } from "../session.ts";

export interface PreviewFlags extends GlobalOptions {
  commit?: string;
  base?: string;
  stack?: string[];
  full?: boolean;
  outsideWindow?: boolean;
}

/** `fleetwright preview`: what a commit would do. Exit 0 nothing (or all of it is held), 2 changes, 3 changes that a guard refuses. */
export async function previewVerb(flags: PreviewFlags, io: Io): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller, signal, view } = session;
    await noteUncommitted(session, flags.commit, io);
    const options = {
      signal,
      ...(flags.commit === undefined ? {} : { commit: flags.commit }),
      ...(flags.stack === undefined ? {} : { stacks: flags.stack }),
      ...(flags.outsideWindow ? { overrides: { ...NO_OVERRIDES, outsideWindow: true } } : {}),
    };
    const preview = await view.during("looking at what would be done", previewAs(flags, controller, options));
    io.out(flags.json ? JSON.stringify(preview) : renderPreview(preview, io));
    if (preview.verdicts.some(({ passed }) => !passed)) return EXIT.refused;
    return preview.effects.length === 0 ? EXIT.ok : EXIT.changes;
  });
}

async function previewAs(flags: PreviewFlags, controller: Controller, options: PreviewOptions): Promise<Preview> {
  if (flags.full) return await previewFull(controller, options);
  if (flags.base !== undefined) return await previewBetween(controller, flags.base, options);
  const prepared = await prepare(controller, options);
  await rememberQuotes(controller, prepared);
  return prepared.preview;
}
