import { previewBetween } from "../../reconcile/between.ts";
import { previewFull } from "../../reconcile/full.ts";
import { prepare } from "../../reconcile/preview.ts";
import type { Io } from "../io.ts";
import { renderPreview } from "../render/preview.ts";
import { EXIT, type GlobalOptions, withSession } from "../session.ts";

export interface PreviewFlags extends GlobalOptions {
  commit?: string;
  base?: string;
  stack?: string[];
  full?: boolean;
}

/** `fleetwright preview`: what a commit would do. Exit 0 nothing, 2 changes, 3 changes that a guard refuses. */
export async function previewVerb(flags: PreviewFlags, io: Io): Promise<number> {
  return await withSession(flags, io, async ({ controller, signal }) => {
    const options = {
      signal,
      ...(flags.commit === undefined ? {} : { commit: flags.commit }),
      ...(flags.stack === undefined ? {} : { stacks: flags.stack }),
    };
    const preview = flags.full
      ? await previewFull(controller, options)
      : flags.base !== undefined
        ? await previewBetween(controller, flags.base, options)
        : (await prepare(controller, options)).preview;
    io.out(flags.json ? JSON.stringify(preview) : renderPreview(preview, io));
    if (preview.verdicts.some(({ passed }) => !passed)) return EXIT.refused;
    return preview.effects.length === 0 ? EXIT.ok : EXIT.changes;
  });
}
