import { randomUUID } from "node:crypto";
import type { Git } from "./git.ts";
import { importCommits, type PlannedCommit } from "./stream.ts";

/** Where commits are kept that no branch has. Names are words of `a-z0-9-`. */
const refOf = (name: string): string => `refs/fleetwright/drafts/${name}`;

/**
 * Writes commits on top of a parent and keeps the last one under a name, whatever was kept there before.
 * @throws {FleetError} GIT_FAILED
 */
export async function keepDraft(
  git: Git,
  name: string,
  parent: string,
  commits: readonly PlannedCommit[],
): Promise<string> {
  const scratch = `refs/fleetwright/batch/${randomUUID()}`;
  const head = commits.length === 0 ? parent : (await importCommits(git, scratch, parent, commits)).at(-1)!;
  const done = commits.length === 0 ? [] : [`delete ${scratch}`];
  await git.feed(["update-ref", "--stdin"], [`update ${refOf(name)} ${head}`, ...done, ""].join("\n"));
  return head;
}

/** Lets drafts go; one that is not there is no error. @throws {FleetError} GIT_FAILED */
export async function dropDrafts(git: Git, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await git.feed(["update-ref", "--stdin"], [...names.map((name) => `delete ${refOf(name)}`), ""].join("\n"));
}
