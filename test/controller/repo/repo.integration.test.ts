import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lastCommitted } from "../../../controller/fleet/history.ts";
import { BlobReader } from "../../../controller/repo/blobs.ts";
import { type FleetRepo, openRepo } from "../../../controller/repo/repo.ts";

const AUTHOR = { name: "Ada", email: "ada@example.net" };

let dir: string;
let repo: FleetRepo;

const git = (...args: string[]) => execFileSync("git", args, { cwd: dir, encoding: "utf8", stdio: "pipe" }).trim();
const put = (path: string, text: string | Buffer) => {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
};
const commitAll = (message: string) => {
  git("add", "-A");
  git("commit", "-qm", message);
  return git("rev-parse", "HEAD");
};
const server = (name: string, more = "") => `kind: Server\nname: ${name}\n${more}`;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "fleet-repo-"));
  git("init", "-q", "-b", "main");
  git("config", "user.name", "Test");
  git("config", "user.email", "test@example.net");
  put("fleet.yaml", "kind: Fleet\nid: acme\n");
  put("servers/a.yaml", server("a"));
  put("servers/eu/b.yml", server("b"));
  put("servers/README.md", "no fleet file");
  put("docs/x.yaml", "no: fleet file");
  commitAll("first");
  repo = await openRepo(dir);
});

afterEach(async () => {
  await repo.close();
  rmSync(dir, { recursive: true, force: true });
});

const paths = (files: readonly { path: string }[]) => files.map(({ path }) => path);

describe("reading", () => {
  it("lists fleet files of a commit with their texts, and nothing else", async () => {
    const files = await repo.files(await repo.head());

    expect(paths(files)).toEqual(["fleet.yaml", "servers/a.yaml", "servers/eu/b.yml"]);
    expect(files[1]).toEqual({
      path: "servers/a.yaml",
      blob: git("rev-parse", "HEAD:servers/a.yaml"),
      text: server("a"),
    });
  });

  it("reads only what differs from an earlier listing, and comes to the same", async () => {
    const first = await repo.head();
    const earlier = { commit: first, files: await repo.files(first) };
    git("mv", "servers/a.yaml", "servers/eu/a.yaml");
    put("servers/c.yaml", server("c"));
    git("rm", "-q", "servers/eu/b.yml");
    const commit = commitAll("second");

    const files = await repo.files(commit, earlier);

    expect(files).toEqual(await repo.files(commit));
    expect(paths(files)).toEqual(["fleet.yaml", "servers/c.yaml", "servers/eu/a.yaml"]);
    expect(files[0]).toBe(earlier.files[0]);
  });

  it("keeps links, submodules and what is not UTF-8 as unreadable instead of leaving them out", async () => {
    symlinkSync("a.yaml", join(dir, "servers/link.yaml"));
    symlinkSync("..", join(dir, "keys"));
    put("servers/latin.yaml", Buffer.from([0x6e, 0xe9, 0x0a]));
    put("plans/large.yaml", "#".repeat((1 << 20) + 1));
    git("update-index", "--add", "--cacheinfo", `160000,${await repo.head()},servers/module`);
    const commit = commitAll("odd entries");

    const files = await repo.files(commit);

    const unreadable = Object.fromEntries(
      files.flatMap(({ path, unreadable }) => (unreadable ? [[path, unreadable]] : [])),
    );
    expect(unreadable).toMatchObject({
      "servers/link.yaml": expect.stringContaining("symbolic link"),
      keys: expect.stringContaining("symbolic link"),
      "servers/latin.yaml": "is not UTF-8",
      "plans/large.yaml": expect.stringContaining("at most 1048576"),
    });
  });

  it("sees the work tree as it is, with the ids git would give", async () => {
    put("servers/a.yaml", server("a", "region: x\n"));
    put("servers/new.yaml", server("new"));

    const files = await repo.workTreeFiles();

    expect(paths(files)).toEqual(["fleet.yaml", "servers/a.yaml", "servers/eu/b.yml", "servers/new.yaml"]);
    expect(files[1]?.blob).toBe(git("hash-object", "servers/a.yaml"));
    expect(await repo.isDirty()).toBe(true);
    expect(await repo.isDirty(["servers/eu"])).toBe(false);
  });

  it("reads many objects side by side, large, empty and missing ones too", async () => {
    const large = "x".repeat(300_000);
    put("big.txt", large);
    put("empty.txt", "");
    const commit = commitAll("blobs");

    const texts = await Promise.all([
      repo.readBlob(commit, "big.txt"),
      repo.readBlob(commit, "none.txt"),
      repo.readBlob(commit, "empty.txt"),
      repo.readObject("0".repeat(39).concat("1")),
      repo.readBlob(commit, "servers/a.yaml"),
    ]);

    expect(texts).toEqual([large, undefined, "", undefined, server("a")]);
  });

  it("knows where a branch is whoever moves it, in files and packed, and that there is none", async () => {
    const reader = new BlobReader(dir);
    const seen: (string | undefined)[] = [];
    const look = async () => seen.push(await reader.commitAt("refs/heads/main"));
    const moved: (string | undefined)[] = [git("rev-parse", "HEAD")];
    await look();
    for (const pack of [false, true, false]) {
      put("servers/a.yaml", server("a", `region: r${moved.length}\n`));
      moved.push(commitAll("again"));
      if (pack) git("pack-refs", "--all");
      await look();
    }
    git("update-ref", "-d", "refs/heads/main");
    moved.push(undefined);
    await look();

    expect(seen).toEqual(moved);
    await expect(reader.commitAt("refs/heads/main:fleet.yaml")).rejects.toMatchObject({ code: "GIT_FAILED" });
    await reader.close();
  });

  it("says which paths differ and who changed a file last", async () => {
    const first = await repo.head();
    git("mv", "servers/a.yaml", "servers/z.yaml");
    const commit = commitAll("move");

    expect((await repo.changedSince(first, commit)).sort()).toEqual(["servers/a.yaml", "servers/z.yaml"]);
    const authors = await repo.lastAuthors(["servers/z.yaml", "servers/none.yaml"], commit);
    expect([...authors.keys()]).toEqual(["servers/z.yaml"]);
    expect(authors.get("servers/z.yaml")).toMatchObject({ name: "Test", email: "test@example.net", commit });
  });

  it("refuses names that no commit has, option-like ones too, and folders that are no repository's top", async () => {
    await expect(repo.head("nope")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(repo.head("--all")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(openRepo(join(dir, "servers"))).rejects.toMatchObject({ code: "GIT_FAILED" });
    await expect(openRepo(join(dir, "missing"))).rejects.toMatchObject({ code: "GIT_FAILED" });
  });
});

describe("commit", () => {
  it("writes and removes files in one commit by the person who asked, and brings the work tree along", async () => {
    const before = await repo.head();

    const commit = await repo.commit({
      files: { "servers/new/c.yaml": server("c"), "servers/a.yaml": null },
      message: "Add c, remove a",
      author: AUTHOR,
      trailers: { "Asked-by": "ticket 7" },
      at: new Date("2026-05-01T10:00:00Z"),
    });

    expect(await repo.head()).toBe(commit);
    expect(git("log", "-1", "--format=%P|%an|%ae|%aI|%B")).toBe(
      `${before}|Ada|ada@example.net|2026-05-01T10:00:00+00:00|Add c, remove a\n\nAsked-by: ticket 7`,
    );
    expect(git("status", "--porcelain")).toBe("");
    expect(readFileSync(join(dir, "servers/new/c.yaml"), "utf8")).toBe(server("c"));
  });

  it("leaves alone what the user has staged and changed elsewhere", async () => {
    put("servers/staged.yaml", server("staged"));
    git("add", "servers/staged.yaml");
    put("docs/x.yaml", "changed: true");
    const status = git("status", "--porcelain");

    await repo.commit({
      files: { "servers/a.yaml": server("a", "rebuild: 1\n") },
      message: "Rebuild a",
      author: AUTHOR,
    });

    expect(git("status", "--porcelain")).toBe(status);
    expect(git("show", "--name-only", "--format=", "HEAD")).toBe("servers/a.yaml");
  });

  it("refuses when one of its files has changes that are not committed", async () => {
    const before = await repo.head();
    put("servers/a.yaml", "mine");
    put("servers/untracked.yaml", "mine too");

    for (const path of ["servers/a.yaml", "servers/untracked.yaml"]) {
      await expect(repo.commit({ files: { [path]: "theirs" }, message: "x", author: AUTHOR })).rejects.toMatchObject({
        code: "DIRTY_TREE",
      });
    }

    expect(await repo.head()).toBe(before);
    expect(readFileSync(join(dir, "servers/a.yaml"), "utf8")).toBe("mine");
  });

  it("makes no commit when nothing differs", async () => {
    const before = await repo.head();

    expect(
      await repo.commit({
        files: { "servers/a.yaml": server("a"), "servers/none.yaml": null },
        message: "x",
        author: AUTHOR,
      }),
    ).toBe(before);
  });

  it("writes to another branch without touching the work tree", async () => {
    git("branch", "proposal");
    const before = await repo.head();

    const commit = await repo.commit({
      files: { "servers/a.yaml": "other" },
      message: "x",
      author: AUTHOR,
      branch: "proposal",
    });

    expect(await repo.head("proposal")).toBe(commit);
    expect(await repo.head()).toBe(before);
    expect(git("status", "--porcelain")).toBe("");
  });

  it("makes the first commit of an empty repository, and works without a work tree", async () => {
    const bare = mkdtempSync(join(tmpdir(), "fleet-bare-"));
    execFileSync("git", ["init", "-q", "--bare", "-b", "main"], { cwd: bare });
    const other = await openRepo(bare);

    const commit = await other.commit({
      files: { "fleet.yaml": "kind: Fleet\nid: x\n" },
      message: "Begin",
      author: AUTHOR,
    });

    expect(paths(await other.files(commit))).toEqual(["fleet.yaml"]);
    expect(await other.isDirty()).toBe(false);
    await other.close();
    rmSync(bare, { recursive: true });
  });

  it("keeps every one of many commits asked for at once", async () => {
    const names = Array.from({ length: 8 }, (_, index) => `n${index}`);

    await Promise.all(
      names.map((name) =>
        repo.commit({ files: { [`servers/${name}.yaml`]: server(name) }, message: name, author: AUTHOR }),
      ),
    );

    expect(git("rev-list", "--count", "HEAD")).toBe("9");
    expect(paths(await repo.files(await repo.head()))).toHaveLength(3 + names.length);
  });

  it("refuses paths outside, git's own folder, and authors that would change the commit's shape", async () => {
    for (const path of ["../x", "/etc/x", ".git/config", "a/.GIT/x", "a\nb", 'a"b', ""]) {
      await expect(repo.commit({ files: { [path]: "x" }, message: "x", author: AUTHOR })).rejects.toMatchObject({
        code: "USAGE",
      });
    }
    const author = { name: "Eve\ncommitter X", email: "e@x" };
    await expect(repo.commit({ files: { "servers/a.yaml": "x" }, message: "x", author })).rejects.toMatchObject({
      code: "USAGE",
    });
  });
});

describe("drafts", () => {
  const draft = (name: string, text = server(name)) => ({
    author: AUTHOR,
    message: name,
    at: new Date(),
    changes: [[`servers/${name}.yaml`, text]] as const,
  });

  it("are all kept when many are asked for at once, each on its own base, whatever becomes of the others", async () => {
    const [base, wrong] = [await repo.head(), "1".repeat(40)];
    const names = Array.from({ length: 20 }, (_, index) => `d${index}`);

    const kept = await Promise.allSettled([
      ...names.map((name) => repo.keepDraft(name, base, [draft(name), draft(name, server(name, "owner: x\n"))])),
      repo.keepDraft("nothing", base, []),
      repo.keepDraft("wrong", wrong, [draft("wrong")]),
    ]);

    const heads = kept.map((one) => (one.status === "fulfilled" ? one.value : undefined));
    expect(heads.pop()).toBeUndefined();
    expect(heads.pop()).toBe(base);
    for (const [index, name] of names.entries()) {
      expect(git("rev-parse", `refs/fleetwright/drafts/${name}`)).toBe(heads[index]);
      expect(git("rev-parse", `${heads[index]}~2`)).toBe(base);
      expect(git("diff", "--name-only", base, heads[index]!)).toBe(`servers/${name}.yaml`);
    }
    expect(git("for-each-ref", "refs/fleetwright/drafts/wrong")).toBe("");
    expect(await repo.head()).toBe(base);

    const again = await repo.keepDraft("d0", base, [draft("d0", server("d0", "owner: y\n"))]);
    expect(git("rev-parse", `${again}^`)).toBe(base);
    await repo.dropDrafts([...names, "nothing", "never-there"]);
    expect(git("for-each-ref", "refs/fleetwright")).toBe("");
  });
});

describe("lastCommitted", () => {
  it("finds the version before the removal, when it was moved and changed after the last executed commit", async () => {
    const executed = await repo.head();
    git("mv", "servers/a.yaml", "servers/eu/moved.yaml");
    put("servers/eu/moved.yaml", server("a", "protect: true\n"));
    const protectedAt = commitAll("move and protect");
    git("rm", "-q", "servers/eu/moved.yaml");
    commitAll("remove");
    put("servers/c.yaml", server("c"));
    const after = commitAll("unrelated");

    const expected = { text: server("a", "protect: true\n"), path: "servers/eu/moved.yaml", commit: protectedAt };
    expect(await lastCommitted(repo, "Server", "a", executed, after)).toEqual(expected);
    expect(await lastCommitted(repo, "Server", "a")).toEqual(expected);
    expect(await lastCommitted(repo, "Server", "a", "f".repeat(40), after)).toEqual(expected);
  });

  it("finds an object that came and went between two executed commits, through a merge", async () => {
    const executed = await repo.head();
    put("servers/short.yaml", server("short", "deletionPolicy: orphan\n"));
    const added = commitAll("add");
    git("checkout", "-qb", "side");
    git("rm", "-q", "servers/short.yaml");
    commitAll("remove on a branch");
    git("checkout", "-q", "main");
    git("merge", "-q", "--no-ff", "-m", "merge", "side");

    expect(await lastCommitted(repo, "Server", "short", executed)).toMatchObject({
      commit: added,
      path: "servers/short.yaml",
    });
  });

  it("finds nothing for an object that is there, was never, or is of another kind", async () => {
    const executed = await repo.head();
    put("servers/a.yaml", server("a", "rebuild: 1\n"));
    commitAll("change");

    expect(await lastCommitted(repo, "Server", "a", executed)).toBeUndefined();
    expect(await lastCommitted(repo, "Server", "never", executed)).toBeUndefined();
    git("rm", "-q", "servers/a.yaml");
    commitAll("remove");
    expect(await lastCommitted(repo, "Account", "a", executed)).toBeUndefined();
  });
});
