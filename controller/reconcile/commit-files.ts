import { randomUUID } from "node:crypto";
import type { Person } from "../repo/commit.ts";
import type { FileEdit } from "../repo/edits.ts";
import { blobId } from "../repo/worktree.ts";
import type { Controller } from "./context.ts";

/**
 * Commits whole files that were made from those of a commit. Whoever has changed one of them since is not overwritten.
 * @param files new text by path; null removes the file.
 * @returns the commit; the head when nothing differs.
 * @throws {FleetError} as `CommitQueue.submit`
 */
export async function commitFiles(
  { repo, commits }: Pick<Controller, "repo" | "commits">,
  from: string,
  files: Readonly<Record<string, string | null>>,
  { message, author }: { message: string; author: Person },
): Promise<string> {
  const edits = await Promise.all(
    Object.entries(files).map(async ([path, text]): Promise<FileEdit> => {
      const before = await repo.readBlob(from, path);
      return { path, text, ifBlob: before === undefined ? null : blobId(Buffer.from(before)) };
    }),
  );
  return await commits.submit({ key: randomUUID(), author, message, edits });
}
