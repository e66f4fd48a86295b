import { spawn } from "node:child_process";
import { FleetError } from "../../resources/errors.ts";
import type { Person } from "./commit.ts";
import { FLEET_PLACES } from "./tree.ts";

/** The last commit that changed a file. */
export interface Authorship extends Person {
  commit: string;
  /** ISO instant. */
  at: string;
}

/** More paths than this take git longer to match than a walk over all fleet files takes. */
const MOST_PATHS = 200;

/**
 * Who last changed each file: one `git log` from `commit` backwards, which is ended as soon as all are found. A merge counts only for what it changed
 * itself.
 * @throws {FleetError} GIT_FAILED
 */
export function lastAuthors(dir: string, paths: readonly string[], commit: string): Promise<Map<string, Authorship>> {
  const found = new Map<string, Authorship>();
  const wanted = new Set(paths);
  if (wanted.size === 0) return Promise.resolve(found);
  const places = wanted.size > MOST_PATHS ? FLEET_PLACES : [...wanted];
  const shape = ["-c", "--name-only", "--no-renames", "-z", "--format=%x01%H%x00%an%x00%ae%x00%aI"];
  const args = ["log", ...shape, "--end-of-options", commit, "--", ...places];
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, { cwd: dir, env: { ...process.env, GIT_LITERAL_PATHSPECS: "1" } });
    let complaint = "";
    let rest = "";
    const take = (text: string) => {
      const { authorship, files } = parseCommit(text);
      for (const file of files) if (wanted.delete(file)) found.set(file, authorship);
    };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      const commits = (rest + chunk).split("\x01");
      rest = commits.pop()!;
      commits.filter(Boolean).forEach(take);
      if (wanted.size === 0) child.kill();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-1000);
    });
    child.on("error", (cause) => reject(new FleetError("GIT_FAILED", "cannot start git", {}, { cause })));
    child.on("close", (code) => {
      if (code === 0 && rest !== "") take(rest);
      if (code === 0 || wanted.size === 0) return resolve(found);
      reject(new FleetError("GIT_FAILED", `git log failed: ${complaint.trim()}`, { command: "log" }));
    });
  });
}

/** `COMMIT\0NAME\0EMAIL\0INSTANT\0`, then the files, each ended by NUL; git puts a line end before the first. */
function parseCommit(text: string): { authorship: Authorship; files: string[] } {
  const [commit = "", name = "", email = "", at = "", ...files] = text.split("\0");
  const authorship = { name, email, commit, at: new Date(at).toISOString() };
  return { authorship, files: files.map((file) => file.replace(/^\n/, "")) };
}
