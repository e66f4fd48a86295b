import { FleetError } from "../../../resources/errors.ts";
import { type OpenBody, wishesOf } from "../../api/fleet/writes/change-shapes.ts";
import { editsOf } from "../../changes/wishes.ts";
import type { ChangeJobs } from "../../jobs/change-jobs.ts";
import { readDesired } from "../../reconcile/desired.ts";
import type { Io } from "../io.ts";
import { EXIT } from "../options.ts";
import { remoteChange, remoteOpen, remoteSettled } from "../remote/changes.ts";
import type { Remote } from "../remote/client.ts";
import { remoteOf } from "../remote/settings.ts";
import { whoIsAsking, withSession } from "../session.ts";
import { type WishFlags, wishedOf } from "../wished.ts";
import { type ChangeFlags, type ChangeTold, followed, overridesOf, printChange, shownHere } from "./changes.ts";

export interface OpenFlags extends Omit<ChangeFlags, "hash">, WishFlags {
  /** Approves what its preview shows. */
  approve?: boolean;
  /** Executed as soon as it is approved. */
  execute?: boolean;
  /** Seconds until it is told as it stands then; absent: not at all. */
  wait?: number;
}

/** States in which an approval can be of use. */
const OPEN_TO_APPROVAL: readonly string[] = ["needs-approval", "previewed"];

/**
 * `fleetwright change open`: a change of wishes, looked at, and on request approved and executed. Exit 0; 1 when with `--wait` it has not converged; 3 when a
 * guard refuses its approval.
 */
export async function openChangeVerb(flags: OpenFlags, io: Io): Promise<number> {
  const wished = await wishedOf(flags);
  const remote = await remoteOf(flags);
  const told = remote === undefined ? await openHere(wished, flags, io) : await openThere(remote, wished, flags);
  printChange(told, flags, io);
  return flags.wait === undefined || told.change.state === "converged" ? EXIT.ok : EXIT.error;
}

async function openThere(remote: Remote, wished: OpenBody, flags: OpenFlags): Promise<ChangeTold> {
  const { wait } = flags;
  let told = await remoteOpen(remote, { ...wished, executes: flags.execute ?? false });
  const { id } = told.change;
  const approval = approvalOf(told, flags);
  if (approval !== undefined) told = await remoteChange(remote, "approve", id, approval);
  if (wait === undefined) return told;
  const end = performance.now() + wait * 1000;
  return await remoteSettled(remote, id, () => performance.now() >= end);
}

async function openHere(wished: OpenBody, flags: OpenFlags, io: Io): Promise<ChangeTold> {
  return await withSession(flags, io, async (session) => {
    const { controller, view, signal } = session;
    const jobs = await followed(session);
    const { changes } = jobs;
    // Whoever is at the data folder could write all of it.
    const by = { ...(await whoIsAsking(controller)), role: "admin" as const };
    const edits = editsOf(wishesOf(wished), await readDesired(controller, await controller.repo.head(), signal));
    const { title } = wished;
    const { id } = await changes.open({ title, edits, surface: "cli", by, executes: flags.execute ?? false }, signal);
    await view.during("looking at what would be done", looked(jobs, id, flags, signal));
    const approval = approvalOf(await shownHere(changes, id), flags);
    if (approval !== undefined) await changes.approve(id, { ...approval, by }, signal);
    if (flags.wait !== undefined) await view.during("waiting for it", changes.settled(id, flags.wait * 1000, signal));
    return await shownHere(changes, id);
  });
}

/** What this look cannot tell a service may, beside which it is made: whoever waits, waits for that. */
async function looked(jobs: ChangeJobs, id: string, { wait }: OpenFlags, signal: AbortSignal): Promise<void> {
  try {
    await jobs.show(signal);
  } catch (error) {
    if (wait === undefined || !(error instanceof FleetError) || !error.retry) throw error;
    await jobs.changes.settled(id, wait * 1000, signal);
  }
}

/** Of all that was shown; undefined where nothing is to be approved. */
function approvalOf({ change: { state, preview } }: ChangeTold, flags: OpenFlags) {
  if (!flags.approve || preview === undefined || !OPEN_TO_APPROVAL.includes(state)) return undefined;
  const overrides = overridesOf(flags);
  return { hashes: [preview.hash], ...(overrides && { overrides }) };
}
