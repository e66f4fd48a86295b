import type { Person } from "./commit.ts";
import type { Git } from "./git.ts";
import { FLEET_PLACES } from "./tree.ts";

/** A commit of the main line that changed a file. Blobs are git's ids. */
export interface FileCommit {
  commit: string;
  parent: string | undefined;
  author: Person;
  /** ISO instant of its writing. */
  at: string;
  subject: string;
  before: string | undefined;
  after: string | undefined;
  /** Other fleet files that it changed, where it brought this file: one of them may be where its object was. */
  others: { path: string; before: string | undefined; after: string | undefined }[];
}

const FORMAT = "--format=%x01%H%x00%P%x00%an%x00%ae%x00%aI%x00%s%x00";
const RAW = ["--raw", "-r", "-z", "--no-abbrev", "--no-renames"];

/** The last commits on the main line (first parents) up to `from` that changed a file, the newest first; it ends where the file came to be. */
export async function fileHistory(git: Git, path: string, from: string, limit: number): Promise<FileCommit[]> {
  const shape = ["--first-parent", "--diff-merges=first-parent", "--root", ...RAW, `--max-count=${limit}`];
  const output = await git.run("log", ...shape, FORMAT, "--end-of-options", from, "--", `:(literal)${path}`);
  const commits = output
    .split("\x01")
    .slice(1)
    .map((text) => parse(text, path));
  const born = commits.findIndex(({ before }) => before === undefined);
  const kept = born === -1 ? commits : commits.slice(0, born + 1);
  const first = born === -1 ? undefined : kept[born];
  if (first?.parent === undefined) return kept;
  const changed = await git.run("diff-tree", ...RAW, first.parent, first.commit, "--", ...FLEET_PLACES);
  first.others = parseRaw(changed.split("\0")).filter((one) => one.path !== path);
  return kept;
}

function parse(text: string, path: string): FileCommit {
  const [commit = "", parents = "", name = "", email = "", at = "", subject = "", ...raw] = text.split("\0");
  const change = parseRaw(raw).find((one) => one.path === path);
  return {
    commit,
    parent: parents.split(" ")[0] || undefined,
    author: { name, email },
    at: new Date(at).toISOString(),
    subject,
    before: change?.before,
    after: change?.after,
    others: [],
  };
}

/** Pairs of `:OLDMODE NEWMODE OLDID NEWID STATUS` and `PATH`. */
function parseRaw(parts: readonly string[]): FileCommit["others"] {
  const fields = parts.map((part) => part.replace(/^\n+/, "")).filter((part) => part !== "");
  const present = (id = "") => (/^0*$/.test(id) ? undefined : id);
  const changes: FileCommit["others"] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, , before, after] = fields[at]!.split(" ");
    changes.push({ path: fields[at + 1]!, before: present(before), after: present(after) });
  }
  return changes;
}
