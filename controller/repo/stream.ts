import type { Person } from "./commit.ts";
import type { Git } from "./git.ts";

/** A path and its new text; null removes the file. */
export type Change = readonly [path: string, text: string | null];

/** One commit, ready to be written: each is the parent of the next. */
export interface PlannedCommit {
  author: Person;
  /** With its trailers. */
  message: string;
  at: Date;
  changes: readonly Change[];
}

/** Who commits, and the author of what Fleetwright does by itself. */
export const COMMITTER: Person = { name: "Fleetwright", email: "fleetwright@localhost" };

/**
 * Writes commits on top of a parent through one `git fast-import`, and points a ref of nobody else's at the last one.
 * @returns their ids, in order.
 * @throws {FleetError} GIT_FAILED; nothing has been written then.
 */
export async function importCommits(
  git: Git,
  ref: string,
  parent: string | undefined,
  commits: readonly PlannedCommit[],
): Promise<string[]> {
  return await feed(git, lineParts({ ref, parent, commits }, 0));
}

/** Commits on top of one, each the parent of the next. */
export interface Line {
  /** Of nobody else's. */
  ref: string;
  parent: string;
  commits: readonly PlannedCommit[];
}

/**
 * Writes many lines through one `git fast-import`, and points each one's ref at its last commit, whatever it pointed at before.
 * @returns the ids of each, its parent first.
 * @throws {FleetError} GIT_FAILED; nothing has been written then.
 */
export async function importLines(git: Git, lines: readonly Line[]): Promise<string[][]> {
  let marks = 0;
  const parts = lines.flatMap((line) => {
    const own = line.commits.length === 0 ? [`reset ${line.ref}\nfrom ${line.parent}\n\n`] : lineParts(line, marks);
    marks += line.commits.length;
    return own;
  });
  const ids = await feed(git, parts, "--force");
  return lines.map(({ parent, commits }) => [parent, ...ids.splice(0, commits.length)]);
}

async function feed(git: Git, parts: readonly (string | Buffer)[], ...options: string[]): Promise<string[]> {
  const stream = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  const output = await git.feed(["fast-import", "--quiet", "--date-format=raw", ...options], stream);
  return output.trim().split("\n");
}

function lineParts(
  { ref, parent, commits }: Omit<Line, "parent"> & { parent: string | undefined },
  marks: number,
): (string | Buffer)[] {
  return commits.flatMap((commit, index) =>
    commitParts(ref, index === 0 ? parent : undefined, commit, marks + index + 1),
  );
}

function commitParts(
  ref: string,
  parent: string | undefined,
  { author, message, at, changes }: PlannedCommit,
  mark: number,
): (string | Buffer)[] {
  const seconds = Math.floor(at.getTime() / 1000);
  return [
    `commit ${ref}\nmark :${mark}\n`,
    `author ${author.name} <${author.email}> ${seconds} +0000\n`,
    `committer ${COMMITTER.name} <${COMMITTER.email}> ${seconds} +0000\n`,
    ...data(message),
    ...(parent ? [`from ${parent}\n`] : []),
    ...changes.flatMap(([path, text]) =>
      text === null ? [`D ${path}\n`] : [`M 100644 inline ${path}\n`, ...data(text)],
    ),
    `\nget-mark :${mark}\n`,
  ];
}

function data(text: string): (string | Buffer)[] {
  const bytes = Buffer.from(text);
  return [`data ${bytes.length}\n`, bytes, "\n"];
}
