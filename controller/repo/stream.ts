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
  const parts = commits.flatMap((commit, index) =>
    commitParts(ref, index === 0 ? parent : undefined, commit, index + 1),
  );
  const stream = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  const output = await git.feed(["fast-import", "--quiet", "--date-format=raw"], stream);
  return output.trim().split("\n");
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
