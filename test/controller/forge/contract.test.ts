import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Forge } from "../../../controller/forge/types.ts";
import { FORGES } from "./forges.ts";
import type { SimulatedForge, SimulatedUser } from "./simulated-forge.ts";

/** What every client of a forge does, over HTTP: against a simulated one of its kind, on a real repository. */
const { signal } = new AbortController();
const FILES = ["servers/a.yaml", "servers/b.yaml", "servers/c.yaml"];

async function whole<T>(items: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(items);
}

/** A bare repository with `main`, and a branch that has more files. */
function bareRepo(root: string): string {
  const [work, bare] = [join(root, "work"), join(root, "bare.git")];
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", ...args], { cwd: work });
  mkdirSync(join(work, "servers"), { recursive: true });
  git("init", "-q", "-b", "main");
  writeFileSync(join(work, "fleet.yaml"), "kind: Fleet\n");
  git("add", "-A");
  git("commit", "-qm", "Begin");
  git("checkout", "-q", "-b", "more");
  for (const path of FILES) writeFileSync(join(work, path), "kind: Server\n");
  git("add", "-A");
  git("commit", "-qm", "Add servers");
  git("clone", "-q", "--bare", work, bare);
  return bare;
}

describe.each(FORGES)("the client of $name", ({ name, site: siteOf, client }) => {
  let root: string;
  let site: SimulatedForge;
  let forge: Forge;
  let ann: SimulatedUser;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "fleetwright-forge-"));
    site = siteOf(bareRepo(root));
    forge = client({ url: await site.start(), token: site.token, now: Date.now });
    ann = site.user("ann");
    for (let index = 0; index < 5; index++) site.open(`Pull ${index}`, "more", ann, { fork: index === 4 });
    site.close(2);
  });

  afterAll(async () => {
    await site?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it("lists open ones of all pages, and says of one whose it is and where it comes from", async () => {
    const open = await whole(forge.openPulls(signal));

    expect(open.map(({ number }) => number).sort()).toEqual([1, 3, 4, 5]);
    expect(await forge.pull(5, signal)).toMatchObject({
      title: "Pull 4",
      state: "open",
      author: { id: String(ann.id), name: "ann" },
      head: site.head(5),
      isFork: true,
      base: "main",
    });
    expect((await forge.pull(1, signal)).isFork).toBe(false);
    expect((await forge.pull(2, signal)).state).toBe("closed");
    await expect(forge.pull(99, signal)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(site.git("rev-parse", forge.headRef(5))).toBe(site.head(5));
  });

  it("lists the files of all pages", async () => {
    expect((await whole(forge.files(1, signal))).sort()).toEqual(FILES);
  });

  it("comments, changes its own comment, and reads all that people say, the oldest first", async () => {
    const own = await forge.addComment(3, "first", signal);
    const others = ["one", "two", "three"].map((body) => site.comment(3, ann, body).id);
    await forge.editComment(3, own.id, "changed", signal);

    const all = await whole(forge.comments(3, undefined, signal));

    expect(all.map(({ body }) => body)).toEqual(["changed", "one", "two", "three"]);
    expect(all.map(({ id }) => id)).toEqual([own.id, ...others]);
    expect(all[1]).toMatchObject({ author: { id: String(ann.id), name: "ann" } });
    expect(all[1]!.createdAt).toBe(all[1]!.updatedAt);
    await expect(forge.editComment(3, others[0]!, "mine", signal)).rejects.toMatchObject({ code: "FORGE_REFUSED" });
    await expect(forge.editComment(3, 99_999, "gone", signal)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(forge.addComment(3, "x".repeat(forge.longestComment + 1), signal)).rejects.toMatchObject({
      code: "FORGE_REFUSED",
    });
    await forge.addComment(3, "x".repeat(forge.longestComment), signal);
  });

  it("marks a head, also with what it is marked with already, and cuts what is too long", async () => {
    const head = site.head(1);
    const last = () => site.statuses.filter(({ commit }) => commit === head).at(-1);

    await forge.setStatus(head, { state: "pending", description: "looking" }, signal);
    await forge.setStatus(head, { state: "pending", description: "looking" }, signal);
    expect(last()).toMatchObject({ state: "pending", description: "looking" });
    await forge.setStatus(
      head,
      { state: "success", description: "d".repeat(2000), url: "https://fleet.test/1" },
      signal,
    );
    expect(last()).toMatchObject({ state: "success", target_url: "https://fleet.test/1" });
    await forge.setStatus(head, { state: "failure", description: "refused" }, signal);
    expect(last()!.state).toBe(name === "GitLab" ? "failed" : "failure");
    await forge.setStatus(head, { state: "pending", description: "looking again" }, signal);
    expect(last()).toMatchObject({ state: "pending", description: "looking again" });
    await expect(forge.setStatus("0".repeat(40), { state: "success", description: "" }, signal)).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("merges the head that was shown, and no other, once", async () => {
    await expect(forge.merge(4, "0".repeat(40), signal)).rejects.toMatchObject({ code: "FORGE_REFUSED" });
    expect((await forge.pull(4, signal)).state).toBe("open");
    await forge.merge(4, site.head(4), signal);

    expect(await forge.pull(4, signal)).toMatchObject({ state: "merged", merged: site.git("rev-parse", "main") });
    await expect(forge.merge(4, site.head(4), signal)).rejects.toMatchObject({ code: "FORGE_REFUSED" });
  });

  it("knows whose its token is, and others by their names", async () => {
    expect(await forge.me(signal)).toEqual({ id: String(site.bot.id), name: site.bot.login });
    expect(await forge.login("ann", signal)).toEqual({ id: String(ann.id), name: "ann" });
    expect(await forge.login("nobody", signal)).toBeUndefined();
  });
});
