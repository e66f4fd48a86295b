import type { StoredChange, StoredStep } from "../store/types.ts";
import type { Change, ChangeState, ChangeStep } from "./types.ts";

type Document = Omit<Change, keyof Omit<StoredChange, "document" | "author"> | "author"> & Pick<Change, "author">;

export function toStored({ id, version, state, objects, createdAt, updatedAt, ...document }: Change): StoredChange {
  const author = document.author.email;
  return { id, version, state, author, objects, createdAt, updatedAt, document: document satisfies Document };
}

export function toChange({ document, author: _, state, ...columns }: StoredChange): Change {
  return { ...(document as Document), ...columns, state: state as ChangeState };
}

export function toStep({ from, to, ...step }: StoredStep): ChangeStep {
  return { ...step, ...(from !== undefined && { from: from as ChangeState }), to: to as ChangeState };
}
