import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { FleetError } from "../../resources/errors.ts";
import { dirtyPaths, follow } from "./follow.ts";
import type { Git } from "./git.ts";
import { type Base, type CommitAt, findBase, pushCommit } from "./publish.ts";
import type { Upstream } from "./remote.ts";
import { importCommits, type PlannedCommit } from "./stream.ts";

/** Where commits go. */
export interface Branch {
  /** Default: the branch that HEAD is on. */
  branch?: string;
  /** The commits count once they are there. Default: they stay here. */
  upstream?: Upstream;
}

/** What commits are planned on. */
export interface Ground {
  branch: string;
  /** Undefined for the first commit of a repository. */
  head: string | undefined;
  /** Those of the paths that the work tree has changes of; none where it is not on this branch. */
  dirty(paths: readonly string[]): Promise<Set<string>>;
}

export type Written =
  /** The ids of what was planned, in order, and the head after them. */
  | { commits: string[]; head: string | undefined }
  /** The branch or the remote's moved, or the remote did not take them: nothing was written. It may be planned again. */
  | { moved: FleetError };

interface Place {
  branch: string;
  /** Whether the work tree is on this branch. */
  followed: boolean;
}

/**
 * Writes commits in one go: one `git fast-import`, one push, one move of the branch by compare-and-swap; then the work tree comes along where
 * it is on that branch. The user's index and other files stay as they are.
 *
 * The push goes first: the branch here never holds what the remote refused, and a commit that was told is never written anew.
 * @throws {FleetError} GIT_FAILED, USAGE, what `plan` throws, and DIRTY_TREE when the remote's commits change a file that has uncommitted changes.
 */
export async function writeCommits(
  git: Git,
  commitAt: CommitAt,
  target: Branch,
  plan: (ground: Ground) => Promise<readonly PlannedCommit[]>,
): Promise<Written> {
  const place = await findBranch(git, target.branch);
  const base = await findBase(git, commitAt, place.branch, target.upstream);
  const dirty = async (paths: readonly string[]) =>
    place.followed ? await lastingDirt(git, paths) : new Set<string>();
  const planned = await plan({ branch: place.branch, head: base.head, dirty });
  if (planned.length === 0 && base.head === base.local) return { commits: [], head: base.head };
  const files = place.followed ? await changedFiles(git, base, planned) : new Map<string, string | null>();
  if (base.head !== base.local) refuseDirty(await dirty([...files.keys()]));

  const scratch = `refs/fleetwright/batch/${randomUUID()}`;
  const commits = planned.length === 0 ? [] : await importCommits(git, scratch, base.head, planned);
  const head = commits.at(-1) ?? base.head!;
  try {
    if (target.upstream !== undefined && commits.length > 0) await pushCommit(git, target.upstream, head);
  } catch (error) {
    await git.ask("update-ref", "-d", scratch);
    return { moved: error as FleetError };
  }
  const moved = await moveBranch(git, `refs/heads/${place.branch}`, base.local, head, scratch);
  if (moved === undefined) await follow(git, head, files);
  // Once the remote has them they are written, whatever has become of the branch here.
  else if (target.upstream === undefined) return { moved };
  return { commits, head };
}

/** Longest pause before a changed file is believed to be somebody's; they grow from a tenth of a second. */
const LONGEST_PAUSE_MS = 1_600;

/** Another process that has moved the branch brings the work tree along a moment later: what is changed until then is nobody's change. */
async function lastingDirt(git: Git, paths: readonly string[]): Promise<Set<string>> {
  let dirty = await dirtyPaths(git, paths);
  for (let pauseMs = 100; dirty.size > 0 && pauseMs <= LONGEST_PAUSE_MS; pauseMs *= 2) {
    await delay(pauseMs);
    dirty = await dirtyPaths(git, [...dirty]);
  }
  return dirty;
}

async function findBranch(git: Git, wanted: string | undefined): Promise<Place> {
  const current = await git.currentBranch();
  const branch = wanted ?? current;
  if (branch === undefined) throw new FleetError("USAGE", "HEAD is on no branch; say which branch to commit to");
  if (branch !== current && (await git.ask("check-ref-format", "--branch", branch)) === undefined) {
    throw new FleetError("USAGE", "this is no branch name", { branch: branch.slice(0, 200) });
  }
  return { branch, followed: branch === current && !(await git.isBare()) };
}

/** Whether each file that differs from the branch here will be there in the end. */
async function changedFiles(
  git: Git,
  { local, head }: Base,
  planned: readonly PlannedCommit[],
): Promise<Map<string, string | null>> {
  const files = new Map<string, string | null>();
  if (local !== undefined && head !== undefined && local !== head) {
    const output = await git.run("diff-tree", "-r", "-z", "--name-status", "--no-renames", local, head, "--");
    const parts = output.split("\0").filter(Boolean);
    for (let at = 0; at + 1 < parts.length; at += 2) files.set(parts[at + 1]!, parts[at] === "D" ? null : "");
  }
  for (const { changes } of planned) for (const [path, text] of changes) files.set(path, text);
  return files;
}

function refuseDirty(dirty: Set<string>): void {
  const [path] = dirty;
  if (path !== undefined) throw dirtyTree(path);
}

export function dirtyTree(path: string): FleetError {
  return new FleetError("DIRTY_TREE", `${path} has changes that are not committed`, { path });
}

/** Undefined when it has moved and the scratch ref is gone, in one step; else why not. */
async function moveBranch(
  git: Git,
  ref: string,
  from: string | undefined,
  to: string,
  scratch: string,
): Promise<FleetError | undefined> {
  const lines = [`update ${ref} ${to} ${from ?? "0".repeat(to.length)}`, `delete ${scratch}`, ""];
  try {
    await git.feed(["update-ref", "-m", "fleetwright: commit", "--stdin"], lines.join("\n"));
    return undefined;
  } catch (error) {
    await git.ask("update-ref", "-d", scratch);
    return error as FleetError;
  }
}
