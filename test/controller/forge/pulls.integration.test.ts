import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { toStored } from "../../../controller/changes/records.ts";
import { forgeKey } from "../../../controller/forge/open.ts";
import { laneStates } from "../../../controller/jobs/lane-states.ts";
import type { Role } from "../../../controller/people/principal.ts";
import type { StoredPull } from "../../../controller/store/types.ts";
import type { ForgeSpec } from "../../../resources/spec.ts";
import { Clouds } from "../../e2e/clouds.ts";
import { Fleet, KEY, server } from "../../e2e/fleet.ts";
import { Desk } from "../changes/desk.ts";
import { SimulatedGitHub, type SimulatedUser } from "./site.ts";

/** Pull requests with a running service: real git, database and engine; simulated clouds and a simulated GitHub. */
const TIMEOUT = 240_000;

let clouds: Clouds;
let fleet: Fleet;
let desk: Desk;
let site: SimulatedGitHub;
let key: string;
let forge: Pick<ForgeSpec, "kind" | "url" | "repository" | "token" | "poll" | "page">;
let [ann, otto, vera, eve]: SimulatedUser[] = [];

const text = (name: string, changes: object = {}) => stringify(server("linode", name, changes));

/** Writes files on a branch of its own and pushes it. */
function push(branch: string, files: Record<string, string | object | null>, from = "main"): void {
  fleet.git("checkout", "-q", "-B", "work", from);
  fleet.write(files);
  fleet.commit(`Change ${Object.keys(files).join(", ")}`);
  fleet.git("push", "-q", "-f", "origin", `HEAD:${branch}`);
  fleet.git("checkout", "-q", "main");
}

async function row(number: number): Promise<StoredPull | undefined> {
  return await desk.controller.store.pull(key, number);
}

/** Waits until the comment and the status of a pull request are so. */
async function says(number: number, words: string, status: string): Promise<string> {
  const shown = () => site.said(number).find(({ body }) => body.includes(` pull ${number} -->`))?.body ?? "";
  await desk.until(
    async () => shown().includes(words) && (site.status(number) ?? "").startsWith(status),
    () => `it says ${site.status(number)}\n${shown()}\n${desk.lines.slice(-12).join("\n")}`,
  );
  return shown();
}

const answers = (number: number): string[] =>
  site.said(number).flatMap(({ body }) => (body.includes(" answer ") ? [body] : []));

async function answered(number: number, count: number): Promise<string> {
  await desk.until(
    async () => answers(number).length >= count,
    () => desk.lines.slice(-12).join("\n"),
  );
  return answers(number).at(-1)!;
}

const hashIn = (body: string): string => /fleetwright approve ([0-9a-f]+)/.exec(body)![1]!;

async function user(login: SimulatedUser, role: Role): Promise<void> {
  const { store } = desk.controller;
  const { id } = await store.people.addUser(
    { name: login.login, email: `${login.login}@example.org`, role },
    { action: "user.added" },
  );
  await store.putForgeLogin(
    { forge: key, id: String(login.id), name: login.login, user: id, by: "test" },
    { action: "forge.linked" },
  );
}

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "pulls" });
  const bare = join(fleet.root, "origin.git");
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", bare]);
  site = new SimulatedGitHub(bare);
  const url = await site.start();
  forge = {
    kind: "github",
    url,
    repository: "acme/fleet",
    token: { env: "FLEETWRIGHT_FORGE_TOKEN" },
    poll: "1s",
    page: "https://fleet.example.net",
  };
  key = forgeKey(forge);
  fleet.environment.FLEETWRIGHT_FORGE_TOKEN = site.token;
  fleet.write({
    "fleet.yaml": { kind: "Fleet", id: "pulls", forge },
    "keys/ops.yaml": KEY,
    "servers/web-1.yaml": text("web-1"),
  });
  fleet.commit("Begin");
  fleet.git("remote", "add", "origin", bare);
  fleet.git("push", "-q", "-u", "origin", "main");
  await fleet.converge();
  desk = await Desk.start(fleet);
  [ann, otto, vera, eve] = ["ann", "otto", "vera", "eve"].map((login) => site.user(login));
  await user(ann!, "requester");
  await user(otto!, "operator");
  await user(vera!, "viewer");
}, TIMEOUT);

afterAll(async () => {
  await desk?.close();
  await site?.stop();
  await fleet?.close();
  await clouds?.close();
});

describe("a pull request", () => {
  it(
    "is previewed in one comment, approved by whoever may, merged by a command, and executed",
    async () => {
      push("api", { "servers/api-1.yaml": text("api-1") });
      const number = site.open("Add api-1", "api", ann!);
      const first = await says(number, "1 effect, 1 to be approved", "pending: 1 of 1 effect to be approved");

      expect(first).toMatch(/\| create \| `api-1` \|/);
      expect(first).toContain("a month");
      const { id } = (await desk.changes.list({}, 1))[0]!;
      expect(first).toContain(`(https://fleet.example.net/ui/changes/${id})`);
      expect(await desk.changes.get(id)).toMatchObject({
        surface: "pull-request",
        author: { name: "ann" },
        role: "requester",
      });

      for (const [who, why] of [
        [eve!, "eve is nobody of this fleet"],
        [vera!, "this is for the role approver, and yours is viewer"],
      ] as const) {
        const before = answers(number).length;
        site.comment(number, who, `fleetwright approve ${hashIn(first)}`);
        expect(await answered(number, before + 1)).toContain(why);
      }
      site.comment(number, otto!, `fleetwright approve ${hashIn(first)}`, { edited: true });
      expect(await answered(number, 3)).toContain("an edited comment is not heeded");
      site.comment(number, otto!, "fleetwright execute");
      expect(await answered(number, 4)).toContain("what is executed is approved first");
      site.comment(number, otto!, `> fleetwright approve ${hashIn(first)}\nnot yet`);
      expect((await desk.changes.get(id)).approvals).toEqual([]);

      site.comment(number, otto!, `fleetwright approve ${hashIn(first)}`);
      await says(number, "1 effect, approved", "success");

      push("api", { "servers/api-1.yaml": text("api-1", { size: "g6-standard-1" }) });
      site.pushed(number);
      const second = await says(number, "g6-standard-1", "pending: 1 of 1 effect to be approved");
      expect(hashIn(second)).not.toBe(hashIn(first));
      site.comment(number, otto!, `fleetwright approve ${hashIn(first)}`);
      expect(await answered(number, 5)).toContain("this is not what");
      site.comment(number, otto!, `fleetwright approve ${hashIn(second)}`);
      await says(number, "1 effect, approved", "success");
      site.comment(number, otto!, "fleetwright execute");
      await says(number, "1 effect, done", "success");

      const done = await desk.changes.get(id);
      expect(done).toMatchObject({ state: "converged", merged: site.git("rev-parse", "main") });
      expect((await clouds.server("api-1")).power).toBe("running");
      expect(site.said(number).filter(({ body }) => body.includes(` pull ${number} -->`))).toHaveLength(1);
      await desk.until(async () => (await row(number))?.state === "done");
      const audit = await desk.controller.store.people.audits({ object: `change ${id}`, limit: 50 });
      expect(audit.map(({ action, who }) => `${action} ${who?.email ?? "-"}`).reverse()).toEqual([
        "pull-request.refused -",
        "pull-request.refused vera@example.org",
        "pull-request.refused otto@example.org",
        "pull-request.approve otto@example.org",
        "pull-request.refused otto@example.org",
        "pull-request.approve otto@example.org",
        "pull-request.execute otto@example.org",
      ]);
    },
    TIMEOUT,
  );

  it(
    "from a fork, or that changes accounts, runs nothing with credentials until an operator has admitted its head",
    async () => {
      const asked: string[] = [];
      const trap = createServer((request, response) => {
        asked.push(`${request.url} ${request.headers.authorization}`);
        response.writeHead(500).end();
      });
      await new Promise<void>((done) => trap.listen(0, "127.0.0.1", done));
      const account = fleet
        .read("accounts/linode-main.yaml")
        .replace(/endpoint: .*/, `endpoint: http://127.0.0.1:${(trap.address() as AddressInfo).port}`);
      push("thief", {
        "accounts/linode-main.yaml": account,
        "servers/web-1.yaml": text("web-1", { size: "g6-standard-1" }),
      });
      push("fork", { "servers/fork-1.yaml": text("fork-1") });
      const thief = site.open("Faster API", "thief", ann!);
      const fork = site.open("Add fork-1", "fork", ann!, { fork: true });

      const gated = await says(thief, "it changes accounts/linode-main.yaml", "pending: valid; waits for an operator");
      expect(gated).not.toContain("| update |");
      await says(fork, "it comes from a fork", "pending: valid; waits for an operator");
      const { id } = (await desk.changes.list({ states: ["draft"] }, 5)).find(({ title }) => title === "Add fork-1")!;
      await expect(desk.changes.preview(id, { name: "Otto", email: "otto@example.org" })).rejects.toMatchObject({
        code: "FORBIDDEN",
      });
      const head = site.head(fork);
      site.comment(fork, ann!, `fleetwright preview ${head}`);
      expect(await answered(fork, 1)).toContain("this is for the role operator");
      site.comment(fork, otto!, "fleetwright preview");
      expect(await answered(fork, 2)).toContain(`fleetwright preview ${head}`);
      push("fork", { "servers/fork-2.yaml": text("fork-2") }, "main");
      site.pushed(fork);
      site.comment(fork, otto!, `fleetwright preview ${head}`);
      expect(await answered(fork, 3)).toContain("read it, and say that one");
      site.comment(fork, otto!, `fleetwright preview ${site.head(fork)}`);
      await says(fork, "fork-2", "pending: 1 of 1 effect to be approved");
      push("fork", { "servers/fork-3.yaml": text("fork-3") });
      site.pushed(fork);
      await says(fork, "it comes from a fork", "pending: valid; waits for an operator");

      site.close(fork);
      site.close(thief);
      await desk.in(id, "closed");
      await desk.until(async () => (await row(thief))?.state === "done");
      expect(asked).toEqual([]);
      trap.close();
    },
    TIMEOUT,
  );

  it(
    "that nobody has approved waits once it is merged, comments once whatever is killed in between, and says why it does not fit",
    async () => {
      push("label", { "servers/web-1.yaml": text("web-1", { labels: { env: "pulled" } }) });
      push("broken", { "servers/web-9.yaml": text("web-9", { account: "nobody" }) });
      push("docs", { "README.md": "Our fleet\n" });
      const number = site.open("Label web-1", "label", eve!);
      const broken = site.open("Break it", "broken", ann!);
      const docs = site.open("Tell what it is", "docs", ann!);
      const body = await says(number, "1 to be approved", "pending");
      await says(broken, "it cannot be merged into the fleet", "failure: does not fit the fleet");
      expect(site.said(broken)[0]!.body).toContain("servers/web-9.yaml");
      expect(site.said(docs)).toEqual([]);

      // As if it had been killed after the comment was posted and before that was written down.
      await desk.until(async () => (await row(number))?.comment !== undefined);
      const { comment: _, commentHash: __, told: ___, ...before } = (await row(number))!;
      await desk.controller.store.putPull(before);
      await desk.until(async () => (await row(number))?.comment !== undefined);
      expect(site.said(number)).toHaveLength(1);

      site.merge(number);
      await says(number, "merged already", "pending");
      expect((await clouds.server("web-1")).tags.join(" ")).not.toContain("pulled");
      site.comment(number, otto!, `fleetwright approve ${hashIn(body)}`);
      await says(number, "1 effect, done", "success");
      expect((await clouds.server("web-1")).tags.join(" ")).toContain("pulled");
      expect(desk.lines.filter((line) => line.includes(site.token))).toEqual([]);
    },
    TIMEOUT,
  );
});

describe("a pull request that is executed before its merge", () => {
  const labels = async () => (await clouds.server("web-1")).tags.join(" ");
  /** Waits until the lane waits for this. */
  const waits = async (words: string) => {
    const lane = async () => (await laneStates(desk.controller.store)).find(({ lane }) => lane === "linode-main");
    let last = await lane();
    await desk.until(
      async () => {
        last = await lane();
        return (
          last?.state === "waiting" && last.commit === site.git("rev-parse", "main") && last.reason!.includes(words)
        );
      },
      () => `${JSON.stringify(last)}\n${desk.lines.slice(-12).join("\n")}`,
    );
    expect(last!.waiting).toEqual(["update web-1"]);
  };
  /** Commits to the main line, and waits until the service is there. */
  const land = async (files: Record<string, string | object>) => {
    fleet.git("fetch", "-q", "origin");
    push("main", files, "origin/main");
    const head = site.git("rev-parse", "main");
    await desk.until(async () => desk.service.desired?.commit === head);
  };
  const policy = (approval: "auto" | "required", execute: string) => ({
    "fleet.yaml": { kind: "Fleet", id: "pulls", approval, forge: { ...forge, execute } },
  });
  const labelled = (env: string) => ({ "servers/web-1.yaml": text("web-1", { labels: { env } }) });

  it(
    "is held as it is until it is merged, whatever the main line and other changes do meanwhile, and its merge does nothing more",
    async () => {
      await land(policy("required", "before-merge"));
      push("ahead", labelled("ahead"), "origin/main");
      const number = site.open("Label web-1 ahead", "ahead", ann!);
      const shown = await says(number, "1 effect, 1 to be approved", "pending");
      site.comment(number, otto!, `fleetwright approve ${hashIn(shown)}`);
      await says(number, "fleetwright execute", "pending: 1 effect, approved; to be executed before the merge");
      const main = site.git("rev-parse", "main");

      site.comment(number, otto!, "fleetwright execute");
      const done = await says(number, "1 effect, executed: it may be merged", "success: 1 effect, executed");

      expect(done).toContain("**Held for this pull request** until it is merged or closed: `web-1`");
      expect(await labels()).toContain("ahead");
      expect(site.git("rev-parse", "main")).toBe(main);
      const { id } = (await desk.changes.list({ ahead: true }, 1))[0]!;
      expect(await desk.changes.get(id)).toMatchObject({ state: "approved", results: [{ state: "converged" }] });
      site.comment(number, otto!, "fleetwright execute");
      expect(await answered(number, 1)).toContain("it is executed already");
      await expect(desk.changes.close(id, { name: "Otto", email: "otto@example.org" })).rejects.toMatchObject({
        code: "CHANGE_STATE",
      });

      const other = await desk.open("Another label", [
        { kind: "Server", name: "web-1", set: ["labels", "env"], value: "other" },
      ]);
      await desk.until(async () => (await desk.changes.get(other.id)).reason?.startsWith(`waits for ${id}`) === true);
      // From here on what the main line says needs nobody's approval.
      await land(policy("auto", "before-merge"));
      await waits(`pull request ${number} was executed before its merge`);
      expect(await labels()).toContain("ahead");

      push("ahead", labelled("ahead-2"), "origin/main");
      site.pushed(number);
      const next = await says(number, "ahead-2", "pending: 1 effect, approved; to be executed before the merge");
      expect(next).toContain("labels.env ahead → ahead-2");
      expect(next).toContain("**Held for this pull request**");
      site.comment(number, otto!, "fleetwright execute");
      await says(number, "executed: it may be merged", "success");
      const ups = async () =>
        (await desk.controller.store.runs(100))
          .filter(({ kind, objects }) => kind === "up" && objects.some(({ key }) => key.endsWith("/web-1")))
          .map((run) => run.id);
      const before = await ups();
      site.merge(number);
      await says(number, "1 effect, done", "success");

      expect(await desk.changes.get(id)).toMatchObject({ state: "converged", merged: site.git("rev-parse", "main") });
      expect(await labels()).toContain("ahead-2");
      expect(await ups()).toEqual(before);
      await desk.in(other.id, "approved");
      await desk.changes.close(other.id, { name: "Otto", email: "otto@example.org" });
    },
    2 * TIMEOUT,
  );

  it(
    "goes on after a kill, and once it is closed its going back is for whoever approves it on the main line",
    async () => {
      await land(policy("required", "before-merge"));
      push("given-up", labelled("given-up"), "origin/main");
      const number = site.open("Label web-1 and give it up", "given-up", ann!);
      const shown = await says(number, "1 effect, 1 to be approved", "pending");
      site.comment(number, otto!, `fleetwright approve ${hashIn(shown)}`);
      await says(number, "fleetwright execute", "pending");
      const { store } = desk.controller;
      const change = (await desk.changes.list({ states: ["approved"] }, 1))[0]!;
      const at = new Date().toISOString();
      const hashes = change.preview!.effects.map(({ hash }) => hash);
      const ahead = { by: "Otto <otto@example.org>", since: at, objects: change.objects, hashes };
      // As if it had been killed after this step and before anything of it was begun.
      await store.putChange(
        toStored({ ...change, state: "executing", version: change.version + 1, ahead }),
        change.version,
        { change: change.id, from: "approved", to: "executing", by: ahead.by, at },
      );
      desk.service.poke();
      await says(number, "1 effect, executed: it may be merged", "success");
      expect(await labels()).toContain("given-up");

      site.close(number);
      await desk.in(change.id, "closed");
      await waits("nobody has approved it");
      await desk.until(async () => site.said(number).some(({ body }) => body.includes("closed after it was executed")));
      expect(site.said(number)[0]!.body).toContain("Going back waits for an approval there");
      expect(await labels()).toContain("given-up");
      expect([...(await store.openApprovals()).keys()].filter((hash) => hashes.includes(hash))).toEqual([]);
    },
    2 * TIMEOUT,
  );
});

describe("somebody at the forge", () => {
  it(
    "is who an operator of this machine says, by a number that no other name gets, until that is undone",
    async () => {
      interface Links {
        links: { login: { id: string; name: string }; email: string; role: string }[];
      }
      const verb = async <T>(...args: string[]) => await fleet.json<T>(["forge", ...args]);

      const checked = await verb<{ login: string; open: number }>("check");
      const linked = await verb("link", "@eve", "vera@example.org");
      const { links } = await verb<Links>("list");
      const unknown = await verb("link", "nobody-there", "vera@example.org");
      const nobody = await verb("link", "eve", "nobody@example.org");
      const unlinked = await verb("unlink", "eve");
      const again = await verb("unlink", "eve");

      expect(checked).toMatchObject({ code: 0, login: site.bot.login, open: expect.any(Number) });
      expect(linked.code).toBe(0);
      expect(links.find(({ login }) => login.name === "eve")).toMatchObject({
        login: { id: String(eve!.id) },
        email: "vera@example.org",
        role: "viewer",
      });
      expect([unknown.error?.code, nobody.error?.code]).toEqual(["NOT_FOUND", "NOT_FOUND"]);
      expect([unlinked.code, again.error?.code]).toEqual([0, "NOT_FOUND"]);
      expect((await verb<Links>("list")).links.map(({ login }) => login.name)).not.toContain("eve");
      const audit = await desk.controller.store.people.audits({ limit: 200 });
      expect(audit.filter(({ action }) => action === "forge.linked" || action === "forge.unlinked")[0]).toMatchObject({
        action: "forge.unlinked",
        who: { via: "command-line" },
      });
    },
    TIMEOUT,
  );
});
