import { FleetError } from "../../../resources/errors.ts";
import type { Changes } from "../../changes/changes.ts";
import { OPEN } from "../../changes/transitions.ts";
import type { ChangeState } from "../../changes/types.ts";
import { ChangeJobs } from "../../jobs/change-jobs.ts";
import { readDesired } from "../../reconcile/desired.ts";
import type { Overrides } from "../../reconcile/guards.ts";
import { currentBranch } from "../../repo/remote.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { remoteChange, remoteChanges } from "../remote/changes.ts";
import { remoteOf } from "../remote/settings.ts";
import { renderChange, renderChanges, type ShownChange, type TakenStep } from "../render/change.ts";
import type { RunLine } from "../render/runs.ts";
import { type Session, whoIsAsking, withSession } from "../session.ts";

export interface ChangesFlags extends GlobalOptions {
  state?: ChangeState[];
  all?: boolean;
  limit: number;
}

export interface ChangeFlags extends GlobalOptions {
  hash?: string[];
  allowReplace?: string[];
  allowDelete?: number;
  allowEnded?: string[];
  allowSpending?: string[];
  outsideWindow?: boolean;
  reason?: string;
}

export type ChangeAction = "show" | "preview" | "approve" | "execute" | "close";

/** `fleetwright changes`: those that are open, the newest first, or all. Exit 0. */
export async function changesVerb(flags: ChangesFlags, io: Io): Promise<number> {
  const states = flags.state ?? (flags.all ? undefined : OPEN);
  const remote = await remoteOf(flags);
  if (remote !== undefined) {
    const changes = await remoteChanges(remote, states, flags.limit);
    io.out(flags.json ? JSON.stringify({ changes }) : renderChanges(changes, io, Date.now()));
    return EXIT.ok;
  }
  return await withSession(flags, io, async (session) => {
    const jobs = await followed(session);
    const changes = await jobs.changes.list(states === undefined ? {} : { states }, flags.limit);
    io.out(flags.json ? JSON.stringify({ changes }) : renderChanges(changes, io, session.controller.now()));
    return EXIT.ok;
  });
}

/**
 * `fleetwright change ACTION ID`: what it would do and where it stands, or the next step of it. Exit 0; 3 when a guard refuses or it is not what
 * was shown any more.
 */
export async function changeVerb(flags: ChangeFlags, io: Io, action: ChangeAction, id: string): Promise<number> {
  const remote = await remoteOf(flags);
  if (remote !== undefined)
    return printChange(await remoteChange(remote, action, id, bodyOf(action, id, flags)), flags, io);
  return await withSession(flags, io, async (session) => {
    const { view, signal } = session;
    const jobs = await followed(session);
    await act(jobs.changes, action, id, flags, session);
    if (action !== "show") await view.during("looking at what would be done", jobs.show(signal));
    return printChange(await shownHere(jobs.changes, id), flags, io);
  });
}

/** A change with what came of it. */
export interface ChangeTold {
  change: ShownChange;
  steps: readonly TakenStep[];
  runs: readonly RunLine[];
}

export async function shownHere(changes: Changes, id: string): Promise<ChangeTold> {
  const change = await changes.get(id);
  return { change, steps: await changes.steps(id), runs: await changes.runs(change) };
}

export function printChange({ change, steps, runs }: ChangeTold, { json }: GlobalOptions, io: Io): number {
  io.out(
    json ? JSON.stringify({ change, steps, runs: runs.map(({ id }) => id) }) : renderChange(change, steps, io, runs),
  );
  return EXIT.ok;
}

async function act(
  changes: Changes,
  action: ChangeAction,
  id: string,
  flags: ChangeFlags,
  session: Session,
): Promise<void> {
  const { controller, signal } = session;
  const by = await whoIsAsking(controller);
  if (action === "preview") await changes.preview(id, by);
  if (action === "execute") await changes.execute(id, by, signal);
  if (action === "close") await changes.close(id, by, flags.reason);
  if (action === "approve") await changes.approve(id, { ...approvalOf(id, flags), by }, signal);
}

/** As the API is told of an action. @throws {FleetError} USAGE */
function bodyOf(action: ChangeAction, id: string, flags: ChangeFlags): object | undefined {
  if (action === "approve") return approvalOf(id, flags);
  return action === "close" ? { ...(flags.reason !== undefined && { reason: flags.reason }) } : undefined;
}

/** @throws {FleetError} USAGE */
function approvalOf(id: string, flags: ChangeFlags): { hashes: string[]; overrides?: Overrides } {
  if (flags.hash === undefined)
    throw new FleetError("USAGE", `say what is approved: --hash, as \`fleetwright change show ${id}\` tells it`, {});
  const overrides = overridesOf(flags);
  return { hashes: flags.hash, ...(overrides && { overrides }) };
}

export function overridesOf({
  allowReplace,
  allowDelete,
  allowEnded,
  allowSpending,
  outsideWindow,
}: ChangeFlags): Overrides | undefined {
  if (!(allowReplace || allowEnded || allowSpending || outsideWindow) && allowDelete === undefined) return undefined;
  return {
    allowReplace: allowReplace ?? [],
    ...(allowDelete !== undefined && { allowRemovals: allowDelete }),
    ...(allowEnded && { allowEnded }),
    ...(allowSpending && { allowSpending }),
    ...(outsideWindow && { outsideWindow }),
  };
}

/** Changes as they stand, also where no service runs. */
export async function followed({ controller, signal }: Session): Promise<ChangeJobs> {
  const branch = await currentBranch(controller.repo.dir);
  controller.commits.follow(branch);
  const main = await controller.repo.head(`refs/heads/${branch}`);
  const nothing = () => undefined;
  const jobs = new ChangeJobs(controller, {
    main: () => main,
    poke: nothing,
    wake: async () => undefined,
    ahead: async () => undefined,
  });
  await jobs.follow(await readDesired(controller, main, signal), signal);
  return jobs;
}
