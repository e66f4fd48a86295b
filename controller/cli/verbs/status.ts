import { FleetError } from "../../../resources/errors.ts";
import { openWork, recordedServer, recordedStacks, type Status, statusRun } from "../../jobs/status.ts";
import { type BeingMade, notesOf, watchBeingMade } from "../../reconcile/being-made.ts";
import type { Controller } from "../../reconcile/context.ts";
import { readDesired } from "../../reconcile/desired.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { remoteOf } from "../remote/settings.ts";
import { remoteLook, remoteStatus } from "../remote/state.ts";
import { renderStatus } from "../render/status.ts";
import { withSession } from "../session.ts";

export interface StatusFlags extends GlobalOptions {
  look?: boolean;
}

const RUNS = 5;

/** `fleetwright status`: what the controller remembers. Asks a cloud only for machines that are being made ready, and one elsewhere for none. */
export async function statusVerb(flags: StatusFlags, io: Io): Promise<number> {
  const remote = await remoteOf(flags);
  if (remote !== undefined) {
    if (flags.look) await remoteLook(remote);
    return print(await remoteStatus(remote), flags, io);
  }
  return await withSession(flags, io, async ({ controller, signal }) => {
    const { store } = controller;
    const beingMade = await lookAtMade(controller, signal, io);
    const objects = await store.objects();
    return print(
      {
        commit: await controller.repo.head(),
        stacks: await recordedStacks(controller, objects),
        servers: objects.filter(({ kind }) => kind === "Server").map(recordedServer),
        ...(beingMade.length > 0 ? { beingMade } : {}),
        ...(await openWork(controller, objects)),
        runs: (await store.runs(RUNS)).map(statusRun),
      },
      flags,
      io,
    );
  });
}

function print(status: Status, { json }: GlobalOptions, io: Io): number {
  io.out(json ? JSON.stringify(status) : renderStatus(status, io));
  return EXIT.ok;
}

/** A fleet that is not valid just now has its status all the same. */
async function lookAtMade(controller: Controller, signal: AbortSignal, io: Io): Promise<BeingMade[]> {
  if ((await controller.store.objects({ kind: "Server", provisioning: true })).length === 0) return [];
  try {
    const desired = await readDesired(controller, await controller.repo.head(), signal);
    const watched = await watchBeingMade(controller, desired, signal);
    for (const note of notesOf(watched)) io.err(note);
    return watched.beingMade;
  } catch (error) {
    if (signal.aborted || !(error instanceof FleetError)) throw error;
    io.err(`machines that are being made could not be looked at: ${error.message}`);
    return [];
  }
}
