import { FleetError } from "../../resources/errors.ts";
import { parseFleetFile } from "../fleet/file.ts";
import { concerns, isAboutAll, type Principal } from "../people/principal.ts";
import type { FleetRepo } from "../repo/repo.ts";
import type { Change } from "./types.ts";

/** A file that a change changes, as it was and as it is to be; undefined where there is none. */
export interface ChangedFile {
  path: string;
  before?: string;
  after?: string;
}

/** Undefined when git has them no more: drafts of changes that were closed are removed. @throws {FleetError} GIT_FAILED */
export async function filesOf(
  repo: Pick<FleetRepo, "head" | "readBlob">,
  { files, base, head, merged, reverts }: Pick<Change, "files" | "base" | "head" | "merged" | "reverts">,
): Promise<ChangedFile[] | undefined> {
  try {
    const after = await repo.head(merged ?? head);
    const before = reverts ? after : await repo.head(merged === undefined ? base : `${merged}^`);
    return await Promise.all(
      files.map(async (path) => {
        const [was, is] = [await repo.readBlob(before, path), await repo.readBlob(after, path)];
        return { path, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) };
      }),
    );
  } catch (error) {
    if (error instanceof FleetError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/**
 * Whether a change is somebody's to see: whoever is about everything, or has opened it, or is about all servers that it changes. One that changes
 * anything else than servers is for those who are about everything.
 */
export async function concernsChange(
  principal: Pick<Principal, "id" | "accounts" | "owners">,
  repo: Pick<FleetRepo, "head" | "readBlob">,
  change: Pick<Change, "files" | "base" | "head" | "merged" | "reverts" | "openedBy" | "ahead">,
): Promise<boolean> {
  if (isAboutAll(principal) || change.openedBy === principal.id) return true;
  // What an earlier head was executed for is in no file of this one.
  if (change.ahead !== undefined) return false;
  const files = change.files.length === 0 ? undefined : await filesOf(repo, change);
  return files?.every(({ before, after }) => [before, after].every((text) => isServerOf(principal, text))) ?? false;
}

function isServerOf(principal: Pick<Principal, "accounts" | "owners">, text: string | undefined): boolean {
  if (text === undefined) return true;
  const { kind, fields } = parseFleetFile(text);
  return (
    kind === "Server" && fields !== undefined && concerns(principal, fields as { account?: string; owner?: string })
  );
}
