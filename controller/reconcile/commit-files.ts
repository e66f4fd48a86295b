import { randomUUID } from "node:crypto";
import type { Person } from "../repo/commit.ts";
import type { FileEdit } from "../repo/edits.ts";
import { blobId } from "../repo/worktree.ts";
import type { Controller } from "./context.ts";

/** Edits that give whole files, made from those of a commit, their new texts; null removes one. Whoever has changed one of them since is not overwritten. */
export async function fileEdits(
  { repo }: Pick<Controller, "repo">,
  from: string,
  files: Readonly<Record<string, string | null>>,
): Promise<FileEdit[]> {
  return await Promise.all(
    Object.entries(files).map(async ([path, text]): Promise<FileEdit> => {
      const before = await repo.readBlob(from, path);
      return { path, text, ifBlob: before === undefined ? null : blobId(Buffer.from(before)) };
    }),
  );
}

/**
 * Commits whole files, as `fileEdits` says.
 * @returns the commit; the head when nothing differs.
 * @throws {FleetError} as `CommitQueue.submit`
 */
export async function commitFiles(
  controller: Pick<Controller, "repo" | "commits">,
  from: string,
  files: Readonly<Record<string, string | null>>,
  { message, author }: { message: string; author: Person },
): Promise<string> {
  const edits = await fileEdits(controller, from, files);
  return await controller.commits.submit({ key: randomUUID(), author, message, edits });
}
