import { FleetError } from "../../resources/errors.ts";
import type { Git } from "./git.ts";
import type { Upstream } from "./remote.ts";

/** A remote that has not answered by then is taken for gone. */
const REMOTE_TIMEOUT_MS = 60_000;

/** The branch here, and the commit that new ones go on top of: the remote's, where that is ahead. */
export interface Base {
  local: string | undefined;
  head: string | undefined;
}

/** The commit that a ref is at now. */
export type CommitAt = (ref: string) => Promise<string | undefined>;

const trackedRef = ({ remote, ref }: Upstream): string => ref.replace(/^refs\/heads\//, `refs/remotes/${remote}/`);

/** @throws {FleetError} GIT_FAILED when the branch and the remote's have gone different ways. */
export async function findBase(
  git: Git,
  commitAt: CommitAt,
  branch: string,
  upstream: Upstream | undefined,
): Promise<Base> {
  const local = await commitAt(`refs/heads/${branch}`);
  const tracked = upstream && (await commitAt(trackedRef(upstream)));
  if (upstream === undefined || tracked === undefined || tracked === local) return { local, head: local };
  const common = local === undefined ? undefined : (await git.ask("merge-base", local, tracked))?.trim();
  if (local === undefined || common === local) return { local, head: tracked };
  if (common === tracked) return { local, head: local };
  throw new FleetError(
    "GIT_FAILED",
    `${branch} has commits here that ${upstream.remote} lacks, and the other way round: rebase or merge it by hand, then ask again`,
    { branch, remote: upstream.remote },
  );
}

/** Learns where the remote's branches are; one that has none yet is no error. @throws {FleetError} GIT_FAILED */
export async function fetchBranches(git: Git, remote: string): Promise<void> {
  const refs = `+refs/heads/*:refs/remotes/${remote}/*`;
  await git.feed(
    ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--end-of-options", remote, refs],
    "",
    REMOTE_TIMEOUT_MS,
  );
}

/** Moves the remote's branch forward to a commit, never otherwise. @throws {FleetError} GIT_FAILED */
export async function pushCommit(git: Git, upstream: Upstream, commit: string): Promise<void> {
  const { remote, ref } = upstream;
  await git.feed(["push", "--quiet", "--end-of-options", remote, `${commit}:${ref}`], "", REMOTE_TIMEOUT_MS);
  await git.run("update-ref", trackedRef(upstream), commit);
}
