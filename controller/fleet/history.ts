import type { Kind } from "../../schemas/index.ts";
import type { FleetRepo, MainlineCommit } from "../repo/repo.ts";
import { parseFleetFile } from "./file.ts";

/** An object as a commit had it. */
export interface CommittedObject {
  text: string;
  path: string;
  /** The last commit that had it. */
  commit: string;
}

/**
 * The last committed version of an object that is gone at `after` (default: HEAD): also when that version was never executed, and when the file
 * was moved. Looks at the main line (first parents) since `before`, or at all of it when that tells nothing or `before` is unknown.
 * Undefined when the object is still there, or was never.
 */
export async function lastCommitted(
  repo: FleetRepo,
  kind: Kind,
  name: string,
  before?: string,
  after?: string,
): Promise<CommittedObject | undefined> {
  const end = await repo.head(after);
  // A commit that was executed and then pushed away is as good as none.
  const start = before === undefined ? undefined : await repo.head(before).catch(() => undefined);
  let found = start === undefined ? undefined : await search(repo, kind, name, await repo.mainline(start, end));
  found ??= await search(repo, kind, name, await repo.mainline(undefined, end));
  return found === "present" ? undefined : found;
}

/** From the newest commit backwards, the first change that the object is in is the one that removed it, or it is still there. */
async function search(
  repo: FleetRepo,
  kind: Kind,
  name: string,
  commits: MainlineCommit[],
): Promise<CommittedObject | "present" | undefined> {
  const read = async (blob: string | undefined): Promise<string | undefined> => {
    const text = blob === undefined ? undefined : await repo.readObject(blob);
    return text !== undefined && isObject(text, kind, name) ? text : undefined;
  };
  for (const { parent, changes } of commits) {
    for (const change of changes) if ((await read(change.after)) !== undefined) return "present";
    for (const change of changes) {
      const text = await read(change.before);
      if (text !== undefined && parent !== undefined) return { text, path: change.path, commit: parent };
    }
  }
  return undefined;
}

function isObject(text: string, kind: Kind, name: string): boolean {
  // Most files are about something else, and parsing is what takes the time.
  if (!text.includes(name)) return false;
  const parsed = parseFleetFile(text);
  return parsed.kind === kind && parsed.name === name;
}
