import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type FleetRepo, openRepo } from "../../../controller/repo/repo.ts";

export interface Repository {
  repo: FleetRepo;
  commit(files: Record<string, string>): void;
  read(path: string): string;
  git(...args: string[]): string;
  close(): Promise<void>;
}

/** A fleet repository in a folder of its own. */
export async function makeRepository(): Promise<Repository> {
  const dir = mkdtempSync(join(tmpdir(), "fw-fleet-"));
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], {
      cwd: dir,
      encoding: "utf8",
    }).trim();
  git("init", "-q", "-b", "main");
  git("commit", "-q", "--allow-empty", "-m", "begin");
  const repo = await openRepo(dir);
  return {
    repo,
    git,
    read: (path) => readFileSync(join(dir, path), "utf8"),
    commit: (files) => {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(dir, path)), { recursive: true });
        writeFileSync(join(dir, path), text);
      }
      git("add", "-A");
      git("commit", "-q", "-m", "change");
    },
    close: async () => {
      await repo.close();
      rmSync(dir, { recursive: true });
    },
  };
}
