import { FleetError } from "../../../resources/errors.ts";
import type { Controller } from "../../reconcile/context.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { followRemote } from "../remote/events.ts";
import { remoteOf } from "../remote/settings.ts";
import { type RunEnd, type RunLine, type RunTold, renderEnd, renderRuns, renderTold } from "../render/runs.ts";
import { withSession } from "../session.ts";
import { untilInterrupted } from "../signals.ts";

export interface RunsFlags extends GlobalOptions {
  limit: number;
  stack?: string;
  follow?: string;
}

const POLL_MS = 500;
const READ_AT_ONCE = 500;

/** `fleetwright runs`: those of the engine, the newest first; or one as it goes, to its end. Exit 0; with `--follow` 1 when it did not succeed. */
export async function runsVerb(flags: RunsFlags, io: Io): Promise<number> {
  const { limit, stack, follow } = flags;
  const remote = await remoteOf(flags);
  const filter = stack === undefined ? {} : { stack };
  if (remote !== undefined) {
    if (follow === undefined) return list(await remote.list<RunLine>("/runs", filter, limit), flags, io);
    return await untilInterrupted(async (signal) => await tell(followRemote(remote, follow, signal), flags, io));
  }
  return await withSession(flags, io, async ({ controller, signal }) => {
    if (follow === undefined) return list(await controller.store.runs(limit, filter), flags, io);
    return await tell(followHere(controller, follow, signal), flags, io);
  });
}

function list(runs: readonly RunLine[], { json }: RunsFlags, io: Io): number {
  const line = ({ id, stack, kind, startedAt, finishedAt, outcome }: RunLine) => ({
    ...{ id, stack, kind, startedAt },
    ...(finishedAt !== undefined && { finishedAt }),
    ...(outcome !== undefined && { outcome }),
  });
  io.out(json ? JSON.stringify({ runs: runs.map(line) }) : renderRuns(runs, io));
  return EXIT.ok;
}

async function tell(events: AsyncIterable<RunTold | RunEnd>, { json }: RunsFlags, io: Io): Promise<number> {
  for await (const event of events) {
    const isEnd = !("seq" in event);
    io.out(json ? JSON.stringify(event) : isEnd ? renderEnd(event, io) : renderTold(event, io));
    if (isEnd) return event.outcome === "succeeded" ? EXIT.ok : EXIT.error;
  }
  return EXIT.error;
}

/** @throws {FleetError} NOT_FOUND */
async function* followHere(
  { store, sleep }: Controller,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<RunTold | RunEnd> {
  for (let last = 0; ; ) {
    // Looked at first: whatever a run has told is there once it has ended.
    const run = await store.run(id);
    if (run === undefined) throw new FleetError("NOT_FOUND", "there is no such run; old ones are removed");
    const events = await store.runEvents(id, READ_AT_ONCE, last);
    for (const { seq, at, kind, object, data } of events) {
      last = seq;
      yield { seq, at, kind, ...(object !== undefined && { object }), data };
    }
    if (events.length === READ_AT_ONCE) continue;
    if (run.finishedAt !== undefined) return yield { outcome: run.outcome ?? "unknown" };
    await sleep(POLL_MS, signal);
  }
}
