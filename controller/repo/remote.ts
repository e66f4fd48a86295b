import { FleetError } from "../../resources/errors.ts";
import type { Git } from "./git.ts";

/** A remote that has not answered by then is taken for gone. */
const REMOTE_TIMEOUT_MS = 60_000;

/** The branch here, and the commit that new ones go on top of: the remote's, where that is ahead. */
export interface Base {
  local: string | undefined;
  head: string | undefined;
}

const trackedRef = (remote: string, branch: string): string => `refs/remotes/${remote}/${branch}`;

/** @throws {FleetError} GIT_FAILED when the branch and the remote's have gone different ways. */
export async function findBase(git: Git, branch: string, remote: string | undefined): Promise<Base> {
  const refs = [`refs/heads/${branch}`, ...(remote === undefined ? [] : [trackedRef(remote, branch)])];
  const output = await git.run("for-each-ref", "--format=%(refname) %(objectname)", ...refs);
  const ids = new Map(output.split("\n").map((line) => line.split(" ") as [string, string]));
  const local = ids.get(refs[0]!);
  const tracked = refs[1] === undefined ? undefined : ids.get(refs[1]);
  if (tracked === undefined || tracked === local) return { local, head: local };
  const common = local === undefined ? undefined : (await git.ask("merge-base", local, tracked))?.trim();
  if (local === undefined || common === local) return { local, head: tracked };
  if (common === tracked) return { local, head: local };
  throw new FleetError(
    "GIT_FAILED",
    `${branch} has commits here that ${remote} lacks, and the other way round: rebase or merge it by hand, then ask again`,
    { branch, remote },
  );
}

/** Learns where the remote's branches are. @throws {FleetError} GIT_FAILED */
export async function fetchRemote(git: Git, remote: string): Promise<void> {
  const refs = `+refs/heads/*:refs/remotes/${remote}/*`;
  await git.feed(
    ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--end-of-options", remote, refs],
    "",
    REMOTE_TIMEOUT_MS,
  );
}

/** Moves the remote's branch forward to a commit, never otherwise. @throws {FleetError} GIT_FAILED */
export async function pushCommit(git: Git, remote: string, branch: string, commit: string): Promise<void> {
  await git.feed(
    ["push", "--quiet", "--end-of-options", remote, `${commit}:refs/heads/${branch}`],
    "",
    REMOTE_TIMEOUT_MS,
  );
  await git.run("update-ref", trackedRef(remote, branch), commit);
}
