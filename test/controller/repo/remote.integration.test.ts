import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { currentBranch, fastForward, type Upstream, upstreamOf } from "../../../controller/repo/remote.ts";

let root: string;
let remote: string;
let author: string;
let clone: string;

const git = (dir: string, ...args: string[]): string =>
  execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args], {
    cwd: dir,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();

function commit(dir: string, name: string): string {
  writeFileSync(join(dir, name), name);
  git(dir, "add", "-A");
  git(dir, "commit", "-qm", name);
  return git(dir, "rev-parse", "HEAD");
}

const upstream = async (): Promise<Upstream> => (await upstreamOf(clone, "main"))!;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fw-remote-"));
  [remote, author, clone] = ["origin.git", "author", "clone"].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  git(root, "init", "-q", "--bare", "-b", "main", remote);
  git(root, "clone", "-q", remote, author);
  git(author, "checkout", "-q", "-b", "main");
  commit(author, "one");
  git(author, "push", "-q", "-u", "origin", "main");
  git(root, "clone", "-q", remote, clone);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("a branch with an upstream", () => {
  it("is moved forward, with the files of its work tree", async () => {
    const pushed = commit(author, "two");
    git(author, "push", "-q");

    const obstacle = await fastForward(clone, await currentBranch(clone), await upstream());

    expect(obstacle).toBeUndefined();
    expect(git(clone, "rev-parse", "HEAD")).toBe(pushed);
    expect(git(clone, "status", "--porcelain")).toBe("");
  });

  it("keeps commits of its own that are not pushed", async () => {
    const own = commit(clone, "own");

    expect(await fastForward(clone, "main", await upstream())).toBeUndefined();
    expect(git(clone, "rev-parse", "main")).toBe(own);
  });

  it("is left alone where both have gone on, and says so", async () => {
    const own = commit(clone, "own");
    commit(author, "two");
    git(author, "push", "-q");

    expect(await fastForward(clone, "main", await upstream())).toMatch(/different ways/);
    expect(git(clone, "rev-parse", "main")).toBe(own);
  });

  it("is moved forward in a bare repository, and where another branch is checked out", async () => {
    const pushed = commit(author, "two");
    git(author, "push", "-q");
    git(clone, "checkout", "-q", "-b", "aside");

    await fastForward(clone, "main", await upstream());

    expect(git(clone, "rev-parse", "main")).toBe(pushed);
    expect(git(clone, "rev-parse", "HEAD")).not.toBe(pushed);
  });

  it("fails with GIT_FAILED when its remote is gone", async () => {
    const where = await upstream();
    renameSync(remote, `${remote}.away`);

    await expect(fastForward(clone, "main", where)).rejects.toMatchObject({ code: "GIT_FAILED" });
  });

  it("has none where there is no remote", async () => {
    git(clone, "remote", "remove", "origin");

    expect(await upstreamOf(clone, "main")).toBeUndefined();
  });
});
