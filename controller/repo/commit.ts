import { FleetError } from "../../resources/errors.ts";
import { insidePath } from "../fleet/server.ts";
import type { BlobReader } from "./blobs.ts";
import type { Git } from "./git.ts";

export interface Person {
  name: string;
  email: string;
}

export interface CommitRequest {
  /** New text by path from the top; null removes the file. */
  files: Readonly<Record<string, string | null>>;
  message: string;
  /** Who asked for it. */
  author: Person;
  /** Default: the branch that HEAD is on. */
  branch?: string;
  /** Lines at the end of the message: `Approved-by: NAME`. */
  trailers?: Readonly<Record<string, string>>;
  /** Default: now. */
  at?: Date;
  /** The head that `files` were made from: a branch that has moved since is left alone. */
  onto?: string;
}

const COMMITTER: Person = { name: "Fleetwright", email: "fleetwright@localhost" };

/**
 * Writes one commit on a branch, and brings the work tree along where it is on that branch. The user's index and other files stay as they are.
 * @returns the new commit, or the branch's head when nothing differs.
 * @throws {FleetError} DIRTY_TREE when one of the files has changes that are not committed; GIT_FAILED when the branch moved meanwhile;
 *   USAGE for a path outside the repository or an author that git cannot write.
 */
export async function writeCommit(git: Git, blobs: BlobReader, request: CommitRequest): Promise<string> {
  const paths = Object.keys(request.files);
  for (const path of paths) checkPath(path);
  checkPerson(request.author);
  const current = (await git.ask("symbolic-ref", "--quiet", "--short", "HEAD"))?.trim();
  const branch = request.branch ?? current;
  if (branch === undefined) throw new FleetError("USAGE", "HEAD is on no branch; say which branch to commit to");
  if ((await git.ask("check-ref-format", "--branch", branch)) === undefined) {
    throw new FleetError("USAGE", "this is no branch name", { branch: branch.slice(0, 200) });
  }
  const ref = `refs/heads/${branch}`;
  const parent = (await git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`))?.trim();
  if (request.onto !== undefined && request.onto !== parent)
    throw new FleetError("GIT_FAILED", `${branch} has moved on meanwhile`, { branch });
  const changes = await findChanges(git, blobs, parent, request.files);
  if (changes.length === 0 && parent !== undefined) return parent;

  const isBare = (await git.run("rev-parse", "--is-bare-repository")).trim() === "true";
  const followsWorkTree = branch === current && !isBare;
  if (followsWorkTree) await refuseDirty(git, changes);
  const commit = (
    await git.feed(["fast-import", "--quiet", "--date-format=raw"], importStream(ref, parent, changes, request))
  ).trim();
  if (followsWorkTree) await follow(git, commit, changes, request.files);
  return commit;
}

async function findChanges(
  git: Git,
  blobs: BlobReader,
  parent: string | undefined,
  files: CommitRequest["files"],
): Promise<[string, string | null][]> {
  const changes: [string, string | null][] = [];
  for (const [path, text] of Object.entries(files)) {
    const id =
      parent && (await git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", `${parent}:${path}`))?.trim();
    const before = id ? ((await blobs.read(id))?.toString("utf8") ?? null) : null;
    if (before !== text) changes.push([path, text]);
  }
  return changes;
}

async function refuseDirty(git: Git, changes: [string, string | null][]): Promise<void> {
  const args = changes.map(([path]) => `:(literal)${path}`);
  const dirty = await git.run("status", "--porcelain", "-z", "--untracked-files=all", "--ignored", "--", ...args);
  const [first] = dirty.split("\0").filter(Boolean);
  if (first)
    throw new FleetError("DIRTY_TREE", `${first.slice(3)} has changes that are not committed`, {
      path: first.slice(3),
    });
}

/** One commit for `git fast-import`. It refuses to move a branch that has moved since `parent`. */
function importStream(
  ref: string,
  parent: string | undefined,
  changes: [string, string | null][],
  request: CommitRequest,
): Buffer {
  const seconds = Math.floor((request.at ?? new Date()).getTime() / 1000);
  const trailers = Object.entries(request.trailers ?? {}).map(
    ([name, value]) => `${name}: ${value.replace(/\s+/g, " ")}`,
  );
  const message = `${[request.message.trim(), trailers.join("\n")].filter(Boolean).join("\n\n")}\n`;
  const parts: (string | Buffer)[] = [
    `commit ${ref}\nmark :1\n`,
    `author ${request.author.name} <${request.author.email}> ${seconds} +0000\n`,
    `committer ${COMMITTER.name} <${COMMITTER.email}> ${seconds} +0000\n`,
    ...data(message),
    ...(parent ? [`from ${parent}\n`] : []),
  ];
  for (const [path, text] of changes) {
    if (text === null) parts.push(`D ${path}\n`);
    else parts.push(`M 100644 inline ${path}\n`, ...data(text));
  }
  parts.push("\nget-mark :1\n");
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
}

function data(text: string): (string | Buffer)[] {
  const bytes = Buffer.from(text);
  return [`data ${bytes.length}\n`, bytes, "\n"];
}

/** Index and work tree of these files only: whatever else the user has staged or changed stays. */
async function follow(
  git: Git,
  commit: string,
  changes: [string, string | null][],
  files: CommitRequest["files"],
): Promise<void> {
  const list = (paths: string[]) => paths.map((path) => `${path}\0`).join("");
  const present = changes.map(([path]) => path).filter((path) => files[path] !== null);
  const gone = changes.map(([path]) => path).filter((path) => files[path] === null);
  const fromInput = ["--pathspec-from-file=-", "--pathspec-file-nul"];
  if (present.length > 0) await git.feed(["checkout", "--quiet", commit, ...fromInput], list(present));
  if (gone.length > 0) await git.feed(["rm", "--quiet", "--force", "--ignore-unmatch", ...fromInput], list(gone));
}

function checkPath(path: string): void {
  const isPlain = insidePath(path) === path && !/[\x00-\x1f\x7f"]/.test(path);
  if (!isPlain || path.split("/").some((step) => step.toLowerCase() === ".git")) {
    throw new FleetError("USAGE", "not a path inside the fleet repository", { path: path.slice(0, 200) });
  }
}

function checkPerson({ name, email }: Person): void {
  if (name.trim() === "" || /[<>\n\0]/.test(name) || /[<>\s\0]/.test(email)) {
    throw new FleetError("USAGE", "an author needs a name and an e-mail address that git can write");
  }
}
