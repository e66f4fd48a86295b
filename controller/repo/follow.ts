import type { Git } from "./git.ts";

/** So many paths fit on a command line. */
const PATHS_AT_ONCE = 200;

/** Those of the paths that have changes in the work tree which are not committed, untracked and ignored files among them. */
export async function dirtyPaths(git: Git, paths: readonly string[]): Promise<Set<string>> {
  const dirty = new Set<string>();
  for (let at = 0; at < paths.length; at += PATHS_AT_ONCE) {
    const literal = paths.slice(at, at + PATHS_AT_ONCE).map((path) => `:(literal)${path}`);
    const output = await git.run(
      ...["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignored", "--", ...literal],
    );
    for (const line of output.split("\0").filter(Boolean)) dirty.add(line.slice(3));
  }
  return dirty;
}

/** Index and work tree of these files only, null where one is gone: whatever else the user has staged or changed stays. */
export async function follow(git: Git, commit: string, files: ReadonlyMap<string, string | null>): Promise<void> {
  const list = (paths: string[]) => paths.map((path) => `${path}\0`).join("");
  const present = [...files.keys()].filter((path) => files.get(path) !== null);
  const gone = [...files.keys()].filter((path) => files.get(path) === null);
  const fromInput = ["--pathspec-from-file=-", "--pathspec-file-nul"];
  if (present.length > 0) await git.feed(["checkout", "--quiet", commit, ...fromInput], list(present));
  if (gone.length > 0) await git.feed(["rm", "--quiet", "--force", "--ignore-unmatch", ...fromInput], list(gone));
}
