import { canonicalJson } from "../fleet/canonical.ts";
import type { Controller } from "../reconcile/context.ts";
import { type Desired, readDesired } from "../reconcile/desired.ts";
import { objectKey } from "../reconcile/types.ts";
import type { EditRequest } from "../repo/queue.ts";
import type { Change } from "./types.ts";

/** A change on top of one commit of the main line. Without files it changes nothing there. */
export type Draft = Pick<Change, "edits" | "base" | "head" | "files" | "objects">;

type Wish = Pick<Change, "id" | "author" | "title" | "edits" | "pull">;

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
export async function draftOf(controller: Controller, wish: Wish, base: string, signal: AbortSignal): Promise<Draft> {
  const draft = await unlookedDraftOf(controller, wish, base);
  return { ...draft, objects: await touched(controller, base, draft.head, signal) };
}

/** The same, only checked and not looked at: no account of it is asked for anything, and what objects it changes is not told. */
export async function unlookedDraftOf(controller: Controller, wish: Wish, base: string): Promise<Draft> {
  const { commits, repo } = controller;
  const edits = wish.pull === undefined ? wish.edits : await repo.mergeEdits(base, wish.pull.head);
  const [planned] = edits.length === 0 ? [] : await commits.plan([requestOf({ ...wish, edits })], base);
  if (planned === undefined) return { edits, base, head: base, files: [], objects: [] };
  const head = await repo.keepDraft(wish.id, base, [planned]);
  return { edits, base, head, files: planned.changes.map(([path]) => path), objects: [] };
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
