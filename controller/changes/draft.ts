import { FleetError } from "../../resources/errors.ts";
import { canonicalJson } from "../fleet/canonical.ts";
import { peek } from "../fleet/incremental.ts";
import type { Controller } from "../reconcile/context.ts";
import { type Desired, readDesired } from "../reconcile/desired.ts";
import { objectKey } from "../reconcile/types.ts";
import type { EditRequest } from "../repo/queue.ts";
import type { PlannedCommit } from "../repo/stream.ts";
import { changedFiles } from "../repo/view.ts";
import type { Change } from "./types.ts";

/** A change on top of one commit of the main line. Without files it changes nothing there. */
export type Draft = Pick<Change, "edits" | "base" | "head" | "files" | "objects">;

/** What somebody wants: edits, those of a pull request, or that what a hand has changed is brought back. */
export type Wanted = Pick<Change, "id" | "author" | "title" | "edits" | "reverts" | "pull" | "ahead">;

export const requestOf = ({
  id,
  author,
  title,
  edits,
}: Pick<Change, "id" | "author" | "title" | "edits">): EditRequest => ({
  key: id,
  author,
  message: title,
  edits,
});

/**
 * Makes the commit that a change would be, on no branch, and says what it changes.
 * @throws {FleetError} COMMIT_CONFLICT, FLEET_INVALID when it does not fit on this commit.
 */
export async function draftOf(
  controller: Controller,
  wanted: Wanted,
  base: string,
  signal: AbortSignal,
): Promise<Draft> {
  if (wanted.reverts !== undefined) return await revertAt(controller, wanted.reverts, base, signal);
  const { changes, ...draft } = await planned(controller, wanted, base);
  const objects = touchedBy(controller, base, changes) ?? (await touched(controller, base, draft.head, signal));
  return { ...draft, objects: withAhead(objects, wanted) };
}

/** With what an earlier head was executed for: where this one says nothing of it, it goes back. */
const withAhead = (objects: readonly string[], { ahead }: Pick<Wanted, "ahead">): string[] =>
  [...new Set([...objects, ...(ahead?.objects ?? [])])].sort();

/** The same, only checked and not looked at: no account of it is asked for anything, and what objects it changes is not told. */
export async function unlookedDraftOf(controller: Controller, wanted: Wanted, base: string): Promise<Draft> {
  const { changes: _, ...draft } = await planned(controller, wanted, base);
  return { ...draft, objects: withAhead([], wanted) };
}

async function planned(
  { commits, repo }: Pick<Controller, "commits" | "repo">,
  wanted: Wanted,
  base: string,
): Promise<Omit<Draft, "objects"> & Pick<PlannedCommit, "changes">> {
  const edits = wanted.pull === undefined ? wanted.edits : await repo.mergeEdits(base, wanted.pull.head);
  const [commit] = edits.length === 0 ? [] : await commits.plan([requestOf({ ...wanted, edits })], base);
  if (commit === undefined) return { edits, base, head: base, files: [], changes: [] };
  const { changes } = commit;
  return {
    edits,
    base,
    head: await repo.keepDraft(wanted.id, base, [commit]),
    files: changes.map(([path]) => path),
    changes,
  };
}

/** The same by the changed files alone, where the base is what was compiled last; undefined where that does not do. */
function touchedBy(
  { loaded: { listing, parsed } }: Pick<Controller, "loaded">,
  base: string,
  changes: PlannedCommit["changes"],
): string[] | undefined {
  const { last } = parsed;
  if (last === undefined || listing?.commit !== base || last.files !== listing.files) return undefined;
  const files = changedFiles(changes);
  const differing = files.size === changes.length ? peek(last, files, parsed) : undefined;
  return differing
    ?.filter(({ before, after }) => canonicalJson(before) !== canonicalJson(after))
    .map(({ after }) => objectKey(after))
    .sort();
}

/** @throws {FleetError} COMMIT_CONFLICT for an object that the files do not have: only a commit says what is to become of it. */
async function revertAt(
  controller: Controller,
  reverts: readonly string[],
  base: string,
  signal: AbortSignal,
): Promise<Draft> {
  const { objects } = await readDesired(controller, base, signal);
  const paths = new Map(objects.map(({ spec, path }) => [objectKey(spec), path]));
  const files = reverts.map((key) => {
    const path = paths.get(key);
    if (path !== undefined) return path;
    throw new FleetError("COMMIT_CONFLICT", `no file has ${key} any more: there is nothing to bring it back to`, {
      key,
    });
  });
  return { edits: [], base, head: base, files: [...new Set(files)].sort(), objects: [...reverts].sort() };
}

/** `objectKey` of what differs between two commits, whatever file says it. */
export async function touched(
  controller: Controller,
  before: string,
  after: string,
  signal: AbortSignal,
): Promise<string[]> {
  if (before === after) return [];
  return differing(await readDesired(controller, before, signal), await readDesired(controller, after, signal));
}

function differing(before: Desired, after: Desired): string[] {
  const byKey = new Map(before.objects.map(({ spec }) => [objectKey(spec), spec]));
  const keys: string[] = [];
  for (const { spec } of after.objects) {
    const key = objectKey(spec);
    const earlier = byKey.get(key);
    byKey.delete(key);
    // Compiled documents of files that are the same are the same.
    if (earlier === spec || (earlier !== undefined && canonicalJson(earlier) === canonicalJson(spec))) continue;
    keys.push(key);
  }
  return [...keys, ...byKey.keys()].sort();
}
