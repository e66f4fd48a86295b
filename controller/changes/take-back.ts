import { FleetError } from "../../resources/errors.ts";
import { withoutHost } from "../fleet/hosts-edit.ts";
import type { FileEdit } from "../repo/edits.ts";
import { neededHashes } from "./approve.ts";
import type { CallRefusal, DialectCall } from "./call.ts";
import { filesOf } from "./files.ts";
import { BY } from "./merge.ts";
import { type Ground, step } from "./steps.ts";
import type { Change } from "./types.ts";

/**
 * Gives up a call that a cloud has refused: nothing of it may run any more, its commit is taken back, and it is closed. Cut off in between, it is
 * gone on with.
 */
export async function takeBack(ground: Ground, change: Change, refusal: CallRefusal): Promise<Change> {
  const { controller } = ground;
  // First: a lane that comes again would do it otherwise.
  await controller.store.closeApprovals(neededHashes(change));
  const edits = await inverse(ground, change);
  // A key that another has begun to use meanwhile stays; by itself it does nothing.
  const withoutKeys = edits.filter((edit) => !("kind" in edit && edit.kind === "SshKey"));
  const isBack = await submit(ground, change, edits, "back");
  if (!isBack && withoutKeys.length < edits.length) await submit(ground, change, withoutKeys, "back-without-keys");
  return await step(controller, change, "closed", { by: BY, reason: refusal.message, refusal });
}

/** False where it does not fit: somebody has removed, changed or used it meanwhile. */
async function submit(
  { controller, poke }: Ground,
  { id, author, title }: Change,
  edits: readonly FileEdit[],
  key: string,
): Promise<boolean> {
  if (edits.length === 0) return true;
  const message = `Take back: ${title}`;
  try {
    await controller.commits.submit({ key: `${id}.${key}`, author, message, edits, trailers: { "Change-Id": id } });
    poke();
    return true;
  } catch (error) {
    if (!(error instanceof FleetError) || error.retry) throw error;
    return false;
  }
}

/** What it has made goes, wherever it lies now; what has gone well stays. Of a change of files, the texts as they were. What only brings back has none. */
async function inverse({ controller }: Ground, change: Change): Promise<FileEdit[]> {
  if (change.merged === undefined || change.reverts !== undefined) return [];
  const done = new Set(change.results.filter(({ state }) => state !== "failed").map(({ effectHash }) => effectHash));
  const made = (change.preview?.effects ?? []).filter(({ op, hash }) => op === "create" && !done.has(hash));
  const whole = made.flatMap(({ object: { kind, name } }) =>
    kind === "AggregateHost" ? [] : [{ kind, name, text: null } satisfies FileEdit],
  );
  if (whole.length > 0) return whole;
  const files = (await filesOf(controller.repo, change)) ?? [];
  const host = change.call?.op === "move" ? hostOf(change.call) : undefined;
  return files.map(({ path, before, after }) => {
    // An aggregate that was taken over stays the fleet's: its file going would be its removal.
    const isTaken = host !== undefined && before === undefined && after !== undefined;
    return { path, text: isTaken ? withoutHost(after, host) : (before ?? null) };
  });
}

const hostOf = ({ objects }: DialectCall): string | undefined =>
  objects.find(({ kind }) => kind === "AggregateHost")?.name;
