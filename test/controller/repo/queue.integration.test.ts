import { type ExecFileOptions, execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createFleetCache } from "../../../controller/fleet/load.ts";
import { CommitQueue, type EditRequest } from "../../../controller/repo/queue.ts";
import { type FleetRepo, openRepo } from "../../../controller/repo/repo.ts";
import { blobId } from "../../../controller/repo/worktree.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import type { FleetError } from "../../../resources/errors.ts";
import { clouds } from "../../../resources/registry.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { type Kill, killingGit } from "./killing-git.ts";

const WRITER = join(import.meta.dirname, "writer.ts");
const AUTHOR = { name: "Ada", email: "ada@example.net" };
const ACCOUNT = "kind: Account\nname: main\nprovider: linode\ncredentials:\n  token: {env: FLEETWRIGHT_TOKEN}\n";
const SERVERS = 50;

const dataDir = makeDataDir();
let store: Store;
let root: string;
let remote: string;
let dir: string;
let repo: FleetRepo;
let queue: CommitQueue;
/** Keys are remembered by the database, which all tests share. */
let round = 0;
const opened: { close(): Promise<void> }[] = [];

const run = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=Else", "-c", "user.email=else@example.net", ...args], {
    cwd,
    encoding: "utf8",
    stdio: "pipe",
  }).trim();
const git = (...args: string[]) => run(dir, ...args);
const server = (name: string, more = "") =>
  `kind: Server\nname: ${name}\naccount: main\nregion: eu-central\nsize: g6-nanode-1\nimage: debian-13 # as it was\n${more}`;
const put = (path: string, text: string) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
const label = (index: number, value: string, more: Partial<EditRequest> = {}): EditRequest => ({
  key: `${round}-${index}-${value}`,
  author: AUTHOR,
  message: `Label s-${index % SERVERS}`,
  edits: [{ kind: "Server", name: `s-${index % SERVERS}`, set: ["labels", `l${index}`], value }],
  ...more,
});
const keysIn = (where: string, range = "main") =>
  run(where, "log", "--format=%(trailers:key=Request-Id,valueonly,separator=)", range).split("\n").filter(Boolean);

async function openQueue(sleep = async (ms: number) => void (await new Promise((done) => setTimeout(done, ms)))) {
  const own = await openRepo(dir);
  opened.push(own);
  return new CommitQueue({ repo: own, store, clouds, parsed: createFleetCache().parsed, now: Date.now, sleep });
}

beforeAll(async () => {
  store = await openStore({ dataDir });
});
afterAll(async () => {
  await store?.close();
  await removeDataDir(dataDir);
});

beforeEach(async () => {
  round += 1;
  root = mkdtempSync(join(tmpdir(), "fw-queue-"));
  remote = join(root, "remote.git");
  dir = join(root, "fleet");
  run(root, "init", "-q", "-b", "main", dir);
  put(join(dir, "fleet.yaml"), "kind: Fleet\nid: acme\n");
  put(join(dir, "accounts/main.yaml"), ACCOUNT);
  for (let index = 0; index < SERVERS; index++) put(join(dir, `servers/main/s-${index}.yaml`), server(`s-${index}`));
  git("add", "-A");
  git("commit", "-qm", "begin");
  run(root, "clone", "-q", "--bare", dir, remote);
  git("remote", "add", "origin", remote);
  repo = await openRepo(dir);
  opened.push(repo);
  queue = await openQueue();
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  rmSync(root, { recursive: true, force: true });
});

/** Asks again with the same key, as whoever is told to does: others may be faster ten times on a busy machine. */
async function stubborn(queue: CommitQueue, request: EditRequest): Promise<string> {
  for (let left = 20; ; left--) {
    try {
      return await queue.submit(request);
    } catch (error) {
      if ((error as FleetError).code !== "GIT_FAILED" || left === 0) throw error;
    }
  }
}

describe("a request", () => {
  it("is one commit of its author's, spliced on what is there, with the work tree behind it", async () => {
    const commit = await queue.submit(label(1, "x"));

    expect(git("log", "-1", "--format=%H|%an|%ae|%cn|%s")).toBe(`${commit}|Ada|ada@example.net|Fleetwright|Label s-1`);
    expect(readFileSync(join(dir, "servers/main/s-1.yaml"), "utf8")).toBe(server("s-1", "labels:\n  l1: x\n"));
    expect(git("status", "--porcelain")).toBe("");
    expect(git("for-each-ref", "refs/fleetwright")).toBe("");
  });

  it("gets the same commit again under its key, from another process too; another request does not", async () => {
    const [commit, twin] = await Promise.all([queue.submit(label(2, "x")), queue.submit(label(2, "x"))]);
    const other = await openQueue();

    expect(twin).toBe(commit);
    expect(await other.submit(label(2, "x"))).toBe(commit);
    await expect(other.submit(label(2, "x", { message: "Another" }))).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("take a new one"),
    });
    expect(git("rev-list", "--count", "main")).toBe("2");
  });

  it("finds an object wherever its file was moved meanwhile", async () => {
    git("mv", "servers/main/s-3.yaml", "servers/moved.yaml");
    git("commit", "-qm", "move");

    await queue.submit(label(3, "x"));

    expect(readFileSync(join(dir, "servers/moved.yaml"), "utf8")).toContain("l3: x");
  });

  it("that changes nothing gets the head, and makes no commit", async () => {
    const edits = [{ path: "servers/main/s-4.yaml", set: ["region"], value: "eu-central" }];

    expect(await queue.submit(label(4, "x", { edits }))).toBe(git("rev-parse", "main"));
    expect(git("rev-list", "--count", "main")).toBe("1");
  });

  it.each([
    {
      what: "its object is gone",
      code: "COMMIT_CONFLICT",
      edit: { kind: "Server", name: "none", set: ["power"], value: "stopped" },
    },
    {
      what: "its file was changed since",
      code: "COMMIT_CONFLICT",
      edit: { path: "servers/main/s-5.yaml", text: null, ifBlob: "0".repeat(40) },
    },
    {
      what: "its new file is there already",
      code: "COMMIT_CONFLICT",
      edit: { path: "servers/main/s-5.yaml", text: "x", ifBlob: null },
    },
    {
      what: "its file would not be valid",
      code: "FLEET_INVALID",
      edit: { kind: "Server", name: "s-5", set: ["power"], value: "sideways" },
    },
    { what: "others would not be valid", code: "FLEET_INVALID", edit: { kind: "Account", name: "main", text: null } },
    {
      what: "its file has uncommitted changes",
      code: "DIRTY_TREE",
      edit: { kind: "Server", name: "s-6", set: ["power"], value: "stopped" },
    },
  ])("is refused when $what, and those beside it go through", async ({ code, edit }) => {
    put(join(dir, "servers/main/s-6.yaml"), "mine");
    const refused = label(5, "x", { edits: [edit] as EditRequest["edits"] });

    const [before, between, after] = await Promise.allSettled([
      queue.submit(label(7, "x")),
      queue.submit(refused),
      queue.submit(label(8, "x")),
    ]);

    expect(between).toMatchObject({ status: "rejected", reason: { code } });
    expect(before.status).toBe("fulfilled");
    expect(git("rev-parse", "main")).toBe((after as PromiseFulfilledResult<string>).value);
    expect(keysIn(dir)).toHaveLength(2);
    await expect((await openQueue()).submit(refused)).rejects.toMatchObject({ code });
  });

  it("of a new file is refused where another has come meanwhile, unless the very same will do", async () => {
    const create = (text: string, orSame?: true) => [
      { path: "keys/k.yaml", text, ifBlob: null, ...(orSame && { orSame }) },
    ];
    const key = (line: string) => `kind: SshKey\nname: k\npublicKey: ${line}\n`;
    const first = key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXU2LKe2GWjyJWYD6y1S2V1N2mVw8rJm6mHh2z6hXkq a");
    const submit = (index: number, text: string, orSame?: true) =>
      queue.submit(label(index, "key", { edits: create(text, orSame) }));
    const commit = await submit(1, first, true);

    expect(await submit(2, first, true)).toBe(commit);
    await expect(submit(3, first)).rejects.toMatchObject({ code: "COMMIT_CONFLICT" });
    await expect(submit(4, first.replace(" a\n", " b\n"), true)).rejects.toMatchObject({ code: "COMMIT_CONFLICT" });
  });

  it("waits for a work tree that another process is just bringing along", async () => {
    put(join(dir, "servers/main/s-5.yaml"), "half of it");
    const brought = new Promise((done) => setTimeout(done, 300)).then(() =>
      git("checkout", "-q", "HEAD", "--", "servers"),
    );

    const commit = await queue.submit(label(5, "x"));

    await brought;
    expect(git("rev-parse", "main")).toBe(commit);
  });

  it("holds to the text that it was made for", async () => {
    const ifBlob = blobId(Buffer.from(server("s-9")));
    const edits = (value: string) => [{ path: "servers/main/s-9.yaml", set: ["labels", "a"], value, ifBlob }];

    const [first, second] = await Promise.allSettled([
      queue.submit(label(9, "one", { edits: edits("one") })),
      queue.submit(label(9, "two", { edits: edits("two") })),
    ]);

    expect(first.status).toBe("fulfilled");
    expect(second).toMatchObject({ reason: { code: "COMMIT_CONFLICT" } });
  });
});

describe("with a remote", () => {
  beforeEach(() => void git("config", "fleetwright.remote", "origin"));

  it("loses and doubles none of 1,000 at once while somebody else pushes", { timeout: 120_000 }, async () => {
    const else_ = join(root, "else");
    run(root, "clone", "-q", remote, else_);
    let isDone = false;
    let pushed = 0;
    const pushing = (async () => {
      while (!isDone) {
        put(join(else_, "notes", `${pushed}.txt`), "a note");
        await sh(
          else_,
          `git add -A && git -c user.name=E -c user.email=e@x commit -qm note-${pushed} && git pull -q --rebase && git push -q`,
        ).then(
          () => pushed++,
          () => undefined,
        );
        await new Promise((done) => setTimeout(done, 1500));
      }
    })();
    const people = Array.from({ length: 20 }, (_, index) => ({
      name: `Person ${index}`,
      email: `p${index}@example.net`,
    }));
    const asked = Array.from({ length: 1000 }, (_, index) =>
      index % 10 === 9
        ? label(index, "gone", { edits: [{ kind: "Server", name: "none", set: ["power"], value: "stopped" }] })
        : label(index, "x", { author: people[index % 20]! }),
    );
    const repeated = asked.filter((_, index) => index % 7 === 0);
    const other = await openQueue();

    const answers = await Promise.allSettled([
      ...asked.map((request) => stubborn(queue, request)),
      ...repeated.map((request) => stubborn(other, request)),
    ]);
    isDone = true;
    await pushing;

    const told = answers.slice(0, 1000);
    expect(told.filter(({ status }) => status === "rejected")).toHaveLength(100);
    expect(told.every((answer, index) => (answer.status === "rejected") === (index % 10 === 9))).toBe(true);
    const commits = told.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    expect(new Set(commits).size).toBe(900);
    repeated.forEach((request, index) => {
      const answer = answers[1000 + index]!;
      const first = told[asked.indexOf(request)]!;
      if (first.status === "fulfilled") expect(answer).toMatchObject({ value: first.value });
      else expect(answer).toMatchObject({ reason: { code: "COMMIT_CONFLICT" } });
    });
    expect(keysIn(remote)).toHaveLength(900);
    expect(new Set(keysIn(remote)).size).toBe(900);
    expect(run(remote, "rev-list", "--count", "--merges", "main")).toBe("0");
    expect(run(remote, "rev-list", "main").split("\n")).toEqual(expect.arrayContaining(commits));
    expect(new Set(run(remote, "log", "--format=%an", "main").split("\n")).size).toBe(
      22 - (20 - new Set(people.filter((_, i) => i % 10 !== 9)).size),
    );
    expect(pushed).toBeGreaterThan(0);
    expect(
      run(remote, "log", "--format=%s", "main")
        .split("\n")
        .filter((line) => line.startsWith("note-")),
    ).toHaveLength(pushed);
  });

  it("goes on when a remote that was gone is back, and says so when it stays away", async () => {
    renameSync(remote, `${remote}.away`);
    let pauses = 0;
    const patient = await openQueue(async () => {
      pauses += 1;
      if (pauses === 3) renameSync(`${remote}.away`, remote);
    });
    const commit = await patient.submit(label(1, "back"));
    expect(run(remote, "rev-parse", "main")).toBe(commit);
    expect(pauses).toBe(3);

    renameSync(remote, `${remote}.away`);
    const hasty = await openQueue(async () => undefined);
    const lost = await Promise.allSettled([hasty.submit(label(2, "away")), hasty.submit(label(3, "away"))]);
    for (const answer of lost)
      expect(answer).toMatchObject({ reason: { code: "GIT_FAILED", message: expect.stringContaining("same key") } });
    expect(git("rev-parse", "main")).toBe(commit);

    renameSync(`${remote}.away`, remote);
    const again = await hasty.submit(label(2, "away"));
    expect(run(remote, "rev-parse", "main")).toBe(again);
    expect(new Set(keysIn(remote)).size).toBe(keysIn(remote).length);
  });

  it("takes back nothing of the user's: commits that only the clone has are pushed, others are refused", async () => {
    put(join(dir, "notes.txt"), "mine");
    git("add", "-A");
    git("commit", "-qm", "mine");
    await queue.submit(label(1, "ahead"));
    expect(run(remote, "log", "--format=%s", "-2", "main")).toBe("Label s-1\nmine");

    const else_ = join(root, "else");
    run(root, "clone", "-q", remote, else_);
    run(else_, "commit", "-q", "--allow-empty", "-m", "theirs");
    run(else_, "push", "-q");
    git("commit", "-q", "--allow-empty", "-m", "mine too");
    const refused = (await queue.submit(label(2, "apart")).catch((error) => error)) as FleetError;
    expect(refused).toMatchObject({ code: "GIT_FAILED", message: expect.stringContaining("by hand") });
    expect(git("log", "-1", "--format=%s")).toBe("mine too");
  });
});

describe("a process killed with -9", { timeout: 120_000 }, () => {
  it.each<Kill & { remote: boolean }>([
    { at: "fast-import", when: "before", remote: false },
    { at: "fast-import", when: "after", remote: true },
    { at: "push", when: "after", remote: true },
    { at: "update-ref", when: "after", remote: false },
    { at: "update-ref", when: "after", remote: true },
  ])("$when $at (remote: $remote) loses none and doubles none", async ({ at, when, remote: hasRemote }) => {
    if (hasRemote) git("config", "fleetwright.remote", "origin");
    const requests = Array.from({ length: 5 }, (_, index) => label(index, "killed"));
    await killWriter(requests, { at, when });

    const commits = await Promise.all(requests.map((request) => queue.submit(request)));

    expect(new Set(commits).size).toBe(5);
    expect(keysIn(hasRemote ? remote : dir).sort()).toEqual(requests.map(({ key }) => key).sort());
    expect(git("rev-parse", "main")).toBe(commits.at(-1));
    if (hasRemote) expect(run(remote, "rev-parse", "main")).toBe(commits.at(-1));
  });

  it("after the third push of 1,000 requests at once loses none and doubles none", async () => {
    git("config", "fleetwright.remote", "origin");
    const requests = Array.from({ length: 1000 }, (_, index) => label(index, "thousand"));
    await killWriter(requests, { at: "push", when: "after", nth: 3 });
    expect(keysIn(remote)).toHaveLength(750);

    const commits = await Promise.all(requests.map((request) => queue.submit(request)));

    expect(new Set(commits).size).toBe(1000);
    expect(keysIn(remote).sort()).toEqual(requests.map(({ key }) => key).sort());
    expect(run(remote, "rev-parse", "main")).toBe(git("rev-parse", "main"));
  });
});

/** Has a process of its own killed with these requests under way. */
async function killWriter(requests: readonly EditRequest[], kill: Kill): Promise<void> {
  const bin = killingGit(root, kill);
  const file = join(root, "requests.json");
  writeFileSync(file, JSON.stringify(requests));
  const options = { cwd: dir, env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } };
  expect(await execute(process.execPath, [WRITER, dir, dataDir, file], options)).toBe("SIGKILL");
  expect(existsSync(join(bin, "killed"))).toBe(true);
  git("reset", "-q", "--hard", "main");
}

/** The signal that ended it, or undefined. */
function execute(file: string, args: string[], options: ExecFileOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(file, args, options, (error) => resolve((error as { signal?: string } | null)?.signal ?? undefined));
  });
}

function sh(cwd: string, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("sh", ["-c", command], { cwd }, (error) => (error ? reject(error) : resolve()));
  });
}
