import { setTimeout as delay } from "node:timers/promises";
import { FleetError } from "../../resources/errors.ts";
import { Git } from "./git.ts";

/** A remote that takes the connection and says nothing is as good as gone. */
const TIMEOUT_MS = 60_000;

/** Where a branch is fetched from. */
export interface Upstream {
  remote: string;
  /** Its name there: `refs/heads/main`. */
  ref: string;
}

/** Does some work while nobody else in this process writes to the repository. */
export type Alone = <T>(work: () => Promise<T>) => Promise<T>;

/** The branch that is checked out, or that a bare repository begins with. @throws {FleetError} GIT_FAILED when HEAD is detached. */
export async function currentBranch(dir: string): Promise<string> {
  const branch = await new Git(dir).currentBranch();
  if (branch !== undefined) return branch;
  throw new FleetError("GIT_FAILED", `${dir} has no branch checked out: name the one to watch with --branch`, { dir });
}

/** The upstream that git has on record for a branch, else the branch of this name on the one remote; undefined without a remote. */
export async function upstreamOf(dir: string, branch: string): Promise<Upstream | undefined> {
  const git = new Git(dir);
  const remote = (await git.ask("config", `branch.${branch}.remote`))?.trim();
  const ref = (await git.ask("config", `branch.${branch}.merge`))?.trim();
  if (remote && remote !== "." && ref) return { remote, ref };
  const remotes = (await git.run("remote")).split("\n").filter(Boolean);
  return remotes.length === 1 ? { remote: remotes[0]!, ref: `refs/heads/${branch}` } : undefined;
}

/**
 * Fetches the upstream and moves the branch forward to it where that takes nothing away. Answers what stands in the way, as a sentence;
 * undefined when the branch is now at least as far as its upstream.
 * @param alone keeps others from writing while the branch and its work tree are moved.
 * @throws {FleetError} GIT_FAILED when the remote cannot be reached.
 */
export async function fastForward(
  dir: string,
  branch: string,
  { remote, ref }: Upstream,
  alone: Alone = (work) => work(),
): Promise<string | undefined> {
  const git = new Git(dir);
  // A place of our own: FETCH_HEAD is also that of whoever fetches by hand.
  const seen = `refs/fleetwright/upstream/${branch}`;
  await within(TIMEOUT_MS, remote, git.run("fetch", "--quiet", "--no-tags", remote, `+${ref}:${seen}`));
  return await alone(async () => await moveForward(git, branch, remote, seen));
}

async function moveForward(git: Git, branch: string, remote: string, seen: string): Promise<string | undefined> {
  const theirs = (await git.run("rev-parse", "--verify", seen)).trim();
  const ours = (await git.ask("rev-parse", "--verify", "--quiet", `refs/heads/${branch}`))?.trim();
  if (ours === theirs) return undefined;
  if (ours !== undefined) {
    const base = (await git.ask("merge-base", ours, theirs))?.trim();
    // Commits of ours that nobody has pushed yet.
    if (base === theirs) return undefined;
    if (base !== ours) return `${branch} and ${remote} have gone different ways: bring them together, and push`;
  }
  const isCheckedOut = !(await git.isBare()) && (await git.currentBranch()) === branch;
  if (!isCheckedOut) {
    await git.run("update-ref", `refs/heads/${branch}`, theirs, ...(ours === undefined ? [] : [ours]));
    return undefined;
  }
  try {
    await git.run("merge", "--quiet", "--ff-only", theirs);
    return undefined;
  } catch (error) {
    return `${branch} cannot be moved to what ${remote} has: ${(error as Error).message}`;
  }
}

async function within<T>(ms: number, remote: string, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  // Its end is waited for no longer, and its failure is nobody's any more.
  work.catch(() => undefined);
  const late = delay(ms, undefined, { signal: timer.signal }).then(() => {
    throw new FleetError("GIT_FAILED", `${remote} has not answered within ${ms / 1000} s`, { remote });
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
