import { FleetError } from "../../resources/errors.ts";
import type { Kind } from "../../schemas/index.ts";
import { removeField, setField } from "../fleet/edit.ts";
import type { FieldPath } from "../fleet/problem.ts";
import type { FleetView } from "./view.ts";
import { blobId } from "./worktree.ts";

/** One change to one file. Plain data: it enters the fingerprint of its request. */
export type FileEdit = (
  | { path: string }
  /** The file that has this object when the edit's turn comes, wherever it lies then. */
  | { kind: Kind; name: string }
) &
  (
    | { set: FieldPath; value: unknown }
    | { remove: FieldPath }
    /** The whole text; null removes the file. */
    | { text: string | null }
  ) & {
    /** Git's id of the text that the edit was made for: another text is a conflict. Null: there must be no file yet. Default: any. */
    ifBlob?: string | null;
    /** The very text that it would write is no conflict: what is named by what it holds is the same whoever brings it. */
    orSame?: true;
  };

/**
 * Texts that one request gives files of the current state, by path; null for a file that goes. Only those that differ.
 * @throws {FleetError} COMMIT_CONFLICT when an object is gone or a precondition no longer holds; FLEET_INVALID when a field cannot be set.
 */
export async function applyEdits(edits: readonly FileEdit[], view: FleetView): Promise<[string, string | null][]> {
  const texts = new Map<string, string | null>();
  for (const edit of edits) {
    const path = "path" in edit ? edit.path : await view.find(edit.kind, edit.name);
    if (path === undefined) throw goneObject(edit as { kind: Kind; name: string });
    const current = await view.read(path);
    const isThere = edit.orSame && "text" in edit && edit.text === current;
    if (
      !isThere &&
      edit.ifBlob !== undefined &&
      edit.ifBlob !== (current === null ? null : blobId(Buffer.from(current)))
    )
      throw changedMeanwhile(path, edit.ifBlob, current);
    const before = texts.has(path) ? texts.get(path)! : current;
    texts.set(path, edited(edit, path, before));
  }
  const changes: [string, string | null][] = [];
  for (const [path, text] of texts) if (text !== (await view.read(path))) changes.push([path, text]);
  return changes;
}

/** What an edit made of a text, for the case that its turn comes once more and the text is still the same. */
const done = new WeakMap<FileEdit, { before: string; after: string }>();

function edited(edit: FileEdit, path: string, before: string | null): string | null {
  if ("text" in edit) return edit.text;
  if (before === null) throw conflict(`${path} is gone: look at the fleet again`, { path });
  if (before.includes("\uFFFD"))
    throw new FleetError("FLEET_INVALID", `${path} is not UTF-8: mend it by hand`, { path });
  const known = done.get(edit);
  if (known?.before === before) return known.after;
  const after = "set" in edit ? setField(before, edit.set, edit.value) : removeField(before, edit.remove);
  done.set(edit, { before, after });
  return after;
}

function goneObject({ kind, name }: { kind: Kind; name: string }): FleetError {
  return conflict(`the fleet has no ${kind} ${name} any more: look at the fleet again`, { kind, name });
}

function changedMeanwhile(path: string, ifBlob: string | null, current: string | null): FleetError {
  if (ifBlob === null) return conflict(`${path} is there already: choose another name, or edit that file`, { path });
  const what = current === null ? "is gone" : "has changed since it was read";
  return conflict(`${path} ${what}: read it again and ask anew`, { path, ifBlob });
}

function conflict(message: string, at: FleetError["at"]): FleetError {
  return new FleetError("COMMIT_CONFLICT", message, at);
}
