import { isUtf8 } from "node:buffer";
import { FleetError } from "../../resources/errors.ts";
import type { BlobReader } from "./blobs.ts";
import { checkPath } from "./commit.ts";
import type { FileEdit } from "./edits.ts";
import type { Git } from "./git.ts";
import { FLEET_PLACES } from "./tree.ts";

const FETCH_TIMEOUT_MS = 120_000;
/** As large as anything that a fleet needs of a file. */
const LARGEST_BYTES = 1 << 20;
const PLAIN = new Set(["100644", "100755"]);

const refOf = (number: number): string => `refs/fleetwright/pulls/${number}`;

/**
 * Fetches the head of a pull request and answers the commit that it is now. Objects are checked as they come.
 * @throws {FleetError} GIT_FAILED
 */
export async function fetchPull(git: Git, remote: string, number: number, ref: string): Promise<string> {
  const args = ["-c", "fetch.fsckObjects=true", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head"];
  await git.feed([...args, "--end-of-options", remote, `+${ref}:${refOf(number)}`], "", FETCH_TIMEOUT_MS);
  return (await git.run("rev-parse", "--verify", refOf(number))).trim();
}

/** Lets the head of a pull request go; one that is not there is no error. @throws {FleetError} GIT_FAILED */
export async function dropPull(git: Git, number: number): Promise<void> {
  await git.feed(["update-ref", "--stdin"], `delete ${refOf(number)}\n`);
}

/** Paths that a head changes since it left a branch, both names of a moved file. @throws {FleetError} COMMIT_CONFLICT, GIT_FAILED */
export async function pullPaths(git: Git, base: string, head: string): Promise<string[]> {
  const common = (await git.ask("merge-base", base, head))?.trim();
  if (!common)
    throw new FleetError("COMMIT_CONFLICT", "the pull request has no commit in common with the main line", {});
  const output = await git.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", common, head, "--");
  return output.split("\0").filter(Boolean);
}

/**
 * What merging a head into a commit would change of the files that a fleet is made of, and of other texts that its files may name.
 * @throws {FleetError} COMMIT_CONFLICT when git cannot merge them; FLEET_INVALID for a fleet file that is no plain text.
 */
export async function mergeEdits(git: Git, blobs: BlobReader, base: string, head: string): Promise<FileEdit[]> {
  const tree = (await git.ask("merge-tree", "--write-tree", "--no-messages", base, head))?.trim();
  if (tree === undefined || !/^[0-9a-f]+$/.test(tree))
    throw new FleetError(
      "COMMIT_CONFLICT",
      "it conflicts with the main line: merge or rebase its branch, and push",
      {},
    );
  const output = await git.run("diff-tree", "-r", "-z", "--no-renames", base, tree);
  const fields = output.split("\0").filter(Boolean);
  const edits: FileEdit[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode = "", , id = ""] = fields[at]!.split(" ");
    const edit = await editOf(blobs, fields[at + 1]!, mode, id);
    if (edit !== undefined) edits.push(edit);
  }
  return edits;
}

async function editOf(blobs: BlobReader, path: string, mode: string, id: string): Promise<FileEdit | undefined> {
  const isFleet = FLEET_PLACES.some((place) => path === place || path.startsWith(`${place}/`));
  if (mode === "000000" && isPlainPath(path)) return { path, text: null };
  const bytes = PLAIN.has(mode) ? await blobs.read(id) : undefined;
  if (bytes !== undefined && isUtf8(bytes) && bytes.length <= LARGEST_BYTES && isPlainPath(path))
    return { path, text: bytes.toString("utf8") };
  if (!isFleet) return undefined;
  const message = `${path.slice(0, 200)}: a fleet file is a plain text of at most ${LARGEST_BYTES} bytes`;
  throw new FleetError("FLEET_INVALID", message, {});
}

function isPlainPath(path: string): boolean {
  try {
    checkPath(path);
    return true;
  } catch {
    return false;
  }
}
