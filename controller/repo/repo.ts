import { realpath } from "node:fs/promises";
import { FleetError } from "../../resources/errors.ts";
import type { FleetFile } from "../fleet/file.ts";
import { type Authorship, lastAuthors } from "./authors.ts";
import { BlobReader } from "./blobs.ts";
import { type CommitRequest, planCommit } from "./commit.ts";
import { Drafts } from "./drafts.ts";
import type { FileEdit } from "./edits.ts";
import { type FileCommit, fileHistory } from "./file-history.ts";
import { Git } from "./git.ts";
import { type LandedRequest, landedRequests } from "./landed.ts";
import { fetchBranches } from "./publish.ts";
import { dropPull, fetchPull, mergeEdits, pullPaths } from "./pulls.ts";
import { type Alone, type Upstream, upstreamOf } from "./remote.ts";
import type { PlannedCommit } from "./stream.ts";
import { FLEET_PLACES, type Listing, listFiles } from "./tree.ts";
import { readFolder } from "./worktree.ts";
import { type Branch, dirtyTree, type Ground, type Written, writeCommits } from "./write.ts";

/** A git repository that holds a fleet. Every method throws FleetError GIT_FAILED when git does not do what it is asked. */
export interface FleetRepo {
  /** Absolute path of its top folder. */
  readonly dir: string;
  /** The commit that a branch, tag or id names. Default: HEAD. @throws {FleetError} NOT_FOUND when there is none. */
  head(ref?: string): Promise<string>;
  /** Whether files differ from HEAD or are untracked. Default: fleet files and folders. */
  isDirty(paths?: string[]): Promise<boolean>;
  /** The fleet files of a commit, by path. An earlier listing makes it cost what differs. */
  files(commit: string, earlier?: Listing): Promise<readonly FleetFile[]>;
  /** The fleet files as they lie in the folder. */
  workTreeFiles(): Promise<FleetFile[]>;
  /** The text of any file of a commit; undefined when there is none. */
  readBlob(commit: string, path: string): Promise<string | undefined>;
  /** The text of an object by its id; undefined when there is none. */
  readObject(id: string): Promise<string | undefined>;
  /** Whether a commit is the other or comes before it. Also false when there is no such commit. */
  isAncestor(ancestor: string, commit: string): Promise<boolean>;
  /** Paths that differ between two commits, both names of a moved file. */
  changedSince(base: string, commit: string): Promise<string[]>;
  /** Who last changed each of these files before or at a commit, by one walk that ends when all are found. A file that never was is left out. */
  lastAuthors(paths: readonly string[], commit: string): Promise<Map<string, Authorship>>;
  /** @see fileHistory */
  fileHistory(path: string, from: string, limit: number): Promise<FileCommit[]>;
  /** What changed on the main line (first parents) from after `before` up to `after`, the newest commit first. */
  mainline(before: string | undefined, after: string): Promise<MainlineCommit[]>;
  /**
   * Writes one commit on a branch here. For what people ask for, the commit queue is the way.
   * @returns the new commit, or the branch's head when nothing differs.
   * @throws {FleetError} DIRTY_TREE when one of the files has changes that are not committed; GIT_FAILED when the branch moved meanwhile;
   *   USAGE for a path outside the repository or an author that git cannot write.
   */
  commit(request: CommitRequest): Promise<string>;
  /** Writes of one process go one after the other. @see writeCommits */
  write(target: Branch, plan: (ground: Ground) => Promise<readonly PlannedCommit[]>): Promise<Written>;
  /** @see Drafts.keep */
  keepDraft(name: string, parent: string, commits: readonly PlannedCommit[]): Promise<string>;
  /** @see Drafts.drop */
  dropDrafts(names: readonly string[]): Promise<void>;
  /** Does some work between the writes of this process. */
  readonly alone: Alone;
  /**
   * Where commits on a branch (default: that HEAD is on) go at once: the remote of `git config fleetwright.remote`, else with `push: "upstream"`
   * the branch's upstream.
   */
  upstream(branch: string | undefined, push: "configured" | "upstream"): Promise<Upstream | undefined>;
  /** @see fetchPull */
  fetchPull(remote: string, number: number, ref: string): Promise<string>;
  /** @see dropPull */
  dropPull(number: number): Promise<void>;
  /** @see pullPaths */
  pullPaths(base: string, head: string): Promise<string[]>;
  /** @see mergeEdits */
  mergeEdits(base: string, head: string): Promise<FileEdit[]>;
  /** Learns where a remote's branches are. */
  fetch(remote: string): Promise<void>;
  /** @see landedRequests */
  landed(known: string | undefined, head: string): Promise<LandedRequest[]>;
  /** Ends the child process. */
  close(): Promise<void>;
}

/** A commit with the fleet files it changed against its first parent. */
export interface MainlineCommit {
  commit: string;
  parent: string | undefined;
  /** ISO instant of its writing. */
  at: string;
  changes: { path: string; before: string | undefined; after: string | undefined }[];
}

/** Opens the repository whose top folder this is. @throws {FleetError} GIT_FAILED when it is not one. */
export async function openRepo(dir: string): Promise<FleetRepo> {
  const top = await realpath(dir).catch((cause) => {
    throw new FleetError("GIT_FAILED", `there is no folder ${dir}`, { dir }, { cause });
  });
  const git = new Git(top);
  const prefix = await git.ask("rev-parse", "--show-prefix");
  if (prefix === undefined) throw new FleetError("GIT_FAILED", `${dir} is no git repository`, { dir });
  if (prefix.trim() !== "")
    throw new FleetError("GIT_FAILED", `${dir} is not the top folder of its git repository`, { dir });
  return new GitFleetRepo(top, git);
}

class GitFleetRepo implements FleetRepo {
  readonly dir: string;
  readonly #git: Git;
  readonly #blobs: BlobReader;
  readonly #drafts: Drafts;
  /** Full ids that are known to be commits, so that git is asked once. */
  readonly #commits = new Set<string>();
  /** Writes of this process go one after the other. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(dir: string, git: Git) {
    this.dir = dir;
    this.#git = git;
    this.#blobs = new BlobReader(dir);
    this.#drafts = new Drafts(git);
  }

  async head(ref = "HEAD"): Promise<string> {
    if (this.#commits.has(ref)) return ref;
    const commit = await this.#git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`);
    if (!commit?.trim())
      throw new FleetError("NOT_FOUND", `the repository has no commit ${ref.slice(0, 200)}`, { dir: this.dir });
    this.#commits.add(commit.trim());
    return commit.trim();
  }

  async isDirty(paths: string[] = [...FLEET_PLACES]): Promise<boolean> {
    if (await this.#git.isBare()) return false;
    const literal = paths.map((path) => `:(literal)${path}`);
    return (await this.#git.run("status", "--porcelain", "--untracked-files=all", "--", ...literal)).trim() !== "";
  }

  async files(commit: string, earlier?: Listing): Promise<readonly FleetFile[]> {
    return listFiles(this.#git, this.#blobs, commit, earlier);
  }

  async workTreeFiles(): Promise<FleetFile[]> {
    return readFolder(this.dir);
  }

  async readBlob(commit: string, path: string): Promise<string | undefined> {
    if (path.includes("\n")) return undefined;
    return (await this.#blobs.read(`${await this.head(commit)}:${path}`))?.toString("utf8");
  }

  async readObject(id: string): Promise<string | undefined> {
    return (await this.#blobs.read(id))?.toString("utf8");
  }

  async isAncestor(ancestor: string, commit: string): Promise<boolean> {
    return (await this.#git.ask("merge-base", "--end-of-options", ancestor, commit))?.trim() === ancestor;
  }

  async changedSince(base: string, commit: string): Promise<string[]> {
    const output = await this.#git.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", base, commit, "--");
    return output.split("\0").filter(Boolean);
  }

  async lastAuthors(paths: readonly string[], commit: string): Promise<Map<string, Authorship>> {
    return await lastAuthors(this.dir, paths, commit);
  }

  async fileHistory(path: string, from: string, limit: number): Promise<FileCommit[]> {
    return await fileHistory(this.#git, path, await this.head(from), limit);
  }

  async mainline(before: string | undefined, after: string): Promise<MainlineCommit[]> {
    const range = before === undefined ? after : `${before}..${after}`;
    const shape = [
      "--first-parent",
      "--diff-merges=first-parent",
      "--root",
      "--raw",
      "-r",
      "-z",
      "--no-abbrev",
      "--no-renames",
    ];
    const output = await this.#git.run(
      "log",
      ...shape,
      "--format=%x01%H %aI %P",
      "--end-of-options",
      range,
      "--",
      ...FLEET_PLACES,
    );
    return output.split("\x01").slice(1).map(parseMainlineCommit);
  }

  async commit(request: CommitRequest): Promise<string> {
    const target = request.branch === undefined ? {} : { branch: request.branch };
    const written = await this.write(target, async ({ head, dirty }) => {
      const planned = await planCommit(this.#blobs, head, request);
      if (planned === undefined) return [];
      const [path] = await dirty(planned.changes.map(([path]) => path));
      if (path !== undefined) throw dirtyTree(path);
      return [planned];
    });
    if ("moved" in written) throw written.moved;
    return written.head!;
  }

  write(target: Branch, plan: (ground: Ground) => Promise<readonly PlannedCommit[]>): Promise<Written> {
    return this.alone(async () => {
      const written = await writeCommits(this.#git, (ref) => this.#blobs.commitAt(ref), target, plan);
      if ("head" in written && written.head !== undefined) this.#commits.add(written.head);
      return written;
    });
  }

  async keepDraft(name: string, parent: string, commits: readonly PlannedCommit[]): Promise<string> {
    const head = await this.#drafts.keep(name, parent, commits);
    this.#commits.add(head);
    return head;
  }

  async dropDrafts(names: readonly string[]): Promise<void> {
    await this.#drafts.drop(names);
  }

  readonly alone: Alone = (work) => {
    const next = this.#lastWrite.then(work);
    this.#lastWrite = next.catch(() => {});
    return next;
  };

  async upstream(branch: string | undefined, push: "configured" | "upstream"): Promise<Upstream | undefined> {
    const remote = (await this.#git.ask("config", "--get", "fleetwright.remote"))?.trim();
    if (!remote && push === "configured") return undefined;
    const name = branch ?? (await this.#git.currentBranch());
    if (name === undefined) return undefined;
    if (remote) return { remote, ref: `refs/heads/${name}` };
    return await upstreamOf(this.dir, name);
  }

  async fetchPull(remote: string, number: number, ref: string): Promise<string> {
    return await fetchPull(this.#git, remote, number, ref);
  }

  async dropPull(number: number): Promise<void> {
    await dropPull(this.#git, number);
  }

  async pullPaths(base: string, head: string): Promise<string[]> {
    return await pullPaths(this.#git, base, head);
  }

  async mergeEdits(base: string, head: string): Promise<FileEdit[]> {
    return await mergeEdits(this.#git, this.#blobs, base, head);
  }

  async fetch(remote: string): Promise<void> {
    await fetchBranches(this.#git, remote);
  }

  async landed(known: string | undefined, head: string): Promise<LandedRequest[]> {
    return landedRequests(this.#git, known, head);
  }

  async close(): Promise<void> {
    await this.#lastWrite;
    await this.#blobs.close();
  }
}

/** `COMMIT PARENTS\0` and then pairs of `:OLDMODE NEWMODE OLDID NEWID STATUS` and `PATH`, each ended by NUL. */
function parseMainlineCommit(text: string): MainlineCommit {
  const [head = "", ...parts] = text.split("\0").map((part) => part.replace(/^\n/, ""));
  const [commit = "", at = "", parent] = head.trim().split(" ");
  const changes: MainlineCommit["changes"] = [];
  const fields = parts.filter((part) => part !== "");
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [, , before = "", after = ""] = fields[index]!.split(" ");
    changes.push({ path: fields[index + 1]!, before: presentId(before), after: presentId(after) });
  }
  return { commit, parent: parent || undefined, at, changes };
}

function presentId(id: string): string | undefined {
  return /^0+$/.test(id) ? undefined : id;
}
