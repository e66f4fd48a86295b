import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Change } from "../../../../controller/changes/types.ts";
import { ATTACKS } from "./attacks.ts";
import { Site, type Told } from "./site.ts";

/** Mutations over HTTP: each a change, with the real service, engine and database on simulated clouds. */
const TIMEOUT = 240_000;

let site: Site;
beforeAll(async () => {
  site = await Site.open();
}, TIMEOUT);
afterAll(async () => await site?.close());

interface Sent {
  token?: string;
  key?: string;
  headers?: Record<string, string>;
  wait?: number;
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  { token = "requester", key = randomUUID(), headers, wait }: Sent = {},
): Promise<Told> {
  return await site.ask(`/fleet/v1${path}`, token, {
    method,
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    headers: {
      "content-type": "application/json",
      "idempotency-key": key,
      ...(wait !== undefined && { prefer: `wait=${wait}` }),
      ...headers,
    },
  });
}

async function until(id: string, ...states: string[]): Promise<Change> {
  for (const end = Date.now() + 120_000; ; await new Promise((done) => setTimeout(done, 100))) {
    const { body } = await site.ask(`/fleet/v1/changes/${id}`, "admin");
    if (states.includes(body.state)) return body as Change;
    if (Date.now() > end)
      throw new Error(`${id} is ${body.state}: ${body.reason}\n${site.logged.slice(-20).join("\n")}`);
  }
}

/** The change that was opened, once it is shown what it would do. */
async function shown({ body }: Told): Promise<Change & { preview: NonNullable<Change["preview"]> }> {
  return (await until(body.id, "needs-approval")) as Change & { preview: NonNullable<Change["preview"]> };
}

const SERVER = {
  account: "linode-main",
  size: "g6-nanode-1",
  region: "us-east",
  image: "linode/debian12",
  keys: ["ops"],
};

describe("a server by the API", () => {
  it(
    "is asked for, previewed with its price, approved, executed and there",
    async () => {
      const dry = await send("POST", "/servers?dryRun=true", { name: "new-1", ...SERVER });
      const none = await site.ask("/fleet/v1/changes", "admin");
      const opened = await send("POST", "/servers", { name: "new-1", ...SERVER }, { key: "the-first-key", wait: 1 });
      const again = await send("POST", "/servers", { name: "new-1", ...SERVER }, { key: "the-first-key" });
      const { id, preview } = await shown(opened);
      const denied = await send("POST", `/changes/${id}/approve`, { hashes: [preview.hash] });
      const early = await send("POST", `/changes/${id}/execute`);
      const wrong = await send("POST", `/changes/${id}/approve`, { hashes: ["0".repeat(64)] }, { token: "approver" });
      const approved = await send("POST", `/changes/${id}/approve`, { hashes: [preview.hash] }, { token: "approver" });
      const twice = await send("POST", `/changes/${id}/approve`, { hashes: [preview.hash] }, { token: "approver" });
      const executed = await send("POST", `/changes/${id}/execute`);
      const done = await until(id, "converged");
      const server = await site.ask("/fleet/v1/servers/new-1");

      expect(dry.body).toMatchObject({ effects: [{ op: "create", cost: { after: { currency: "USD" } } }] });
      expect(none.body.items).toEqual([]);
      expect([200, 202]).toContain(opened.status);
      expect(opened.body).toMatchObject({ surface: "api", author: { name: "requester" } });
      expect(opened.headers.get("preference-applied")).toBe("wait=1");
      expect(again.body.id).toBe(id);
      expect([denied.status, early.status, wrong.status]).toEqual([403, 409, 409]);
      expect([early.body.code, wrong.body.code]).toEqual(["CHANGE_STATE", "PREVIEW_STALE"]);
      expect([approved.body.state, twice.body.state]).toEqual(["approved", "approved"]);
      expect(executed.status).toBe(202);
      expect(executed.headers.get("location")).toBe(`/fleet/v1/changes/${id}`);
      expect(done).toMatchObject({ results: [{ state: "converged" }], steps: expect.any(Array) });
      expect(server.body).toMatchObject({
        state: { sync: "synced" },
        file: { path: "servers/linode-main/new-1.yaml" },
      });
      expect(site.fleet.git("log", "-1", "--format=%an", done.merged!)).toBe("requester");
    },
    TIMEOUT,
  );

  it(
    "is patched on what was read, and refused when it has changed meanwhile",
    async () => {
      const read = await site.ask("/fleet/v1/servers/web-2");
      const etag = read.headers.get("etag")!;
      const patched = await send(
        "PATCH",
        "/servers/web-2",
        { labels: { env: null, tier: "db" } },
        { headers: { "if-match": etag } },
      );
      await send(
        "POST",
        `/changes/${patched.body.id}/approve`,
        { hashes: [(await shown(patched)).preview.hash] },
        { token: "approver" },
      );
      await send("POST", `/changes/${patched.body.id}/execute`);
      const done = await until(patched.body.id, "converged");
      const stale = await send("PATCH", "/servers/web-2", { labels: { tier: "x" } }, { headers: { "if-match": etag } });

      expect(done.preview!.effects[0]!.changes.map(({ path }) => path).sort()).toEqual(["labels.env", "labels.tier"]);
      expect(stale).toMatchObject({ status: 412, body: { code: "CONDITION_FAILED" } });
      expect(site.fleet.git("show", "main:servers/web-2.yaml")).toContain("tier: db");
    },
    TIMEOUT,
  );

  it("is refused before anything is kept where it does not fit", async () => {
    const before = (await site.ask("/fleet/v1/changes", "admin")).body.items.length;
    const answers = [
      await send("POST", "/servers", { name: "web-1", ...SERVER }),
      await send("POST", "/servers", { name: "../../x", ...SERVER }),
      await send("POST", "/servers", { name: "new-2", ...SERVER, size: 7 }),
      await send("POST", "/servers", { name: "new-2", ...SERVER, nonsense: true }),
      await send("PATCH", "/servers/none", { size: "x" }),
      await send("PATCH", "/servers/web-1", { name: "other" }),
      await send("DELETE", "/servers/none"),
      await send("POST", "/changes", { title: "Empty" }),
      await send("POST", "/changes", { title: "a\nb", delete: [{ kind: "Server", name: "web-1" }] }),
      await send("POST", "/changes", { title: "Kinds", create: [{ kind: "Nothing", name: "x" }] }),
    ];

    expect(answers.map(({ status, body }) => `${status} ${body.code}`)).toEqual([
      "409 COMMIT_CONFLICT",
      "422 FLEET_INVALID",
      "422 FLEET_INVALID",
      "422 FLEET_INVALID",
      "404 NOT_FOUND",
      "400 USAGE",
      "404 NOT_FOUND",
      "400 USAGE",
      "400 USAGE",
      "400 USAGE",
    ]);
    expect((await site.ask("/fleet/v1/changes", "admin")).body.items).toHaveLength(before);
    expect(site.fleet.git("for-each-ref", "refs/fleetwright/drafts")).toBe("");
  });
});

describe("somebody who is about one owner", () => {
  it("changes and sees that owner's servers, and nothing goes over to others", async () => {
    const theirs = await send("PATCH", "/servers/web-2", { size: "g6-standard-1" }, { token: "acme" });
    const away = await send("PATCH", "/servers/web-1", { owner: "globex" }, { token: "acme" });
    const nobodys = await send("PATCH", "/servers/web-1", { owner: null }, { token: "acme" });
    const others = await send("POST", "/servers", { name: "g-1", ...SERVER, owner: "globex" }, { token: "acme" });
    const shared = await send(
      "POST",
      "/changes",
      { title: "All", delete: [{ kind: "Firewall", name: "web" }] },
      { token: "acme" },
    );
    const plan = await send("POST", "/plans", { name: "free" }, { token: "operator" });
    const own = await send("POST", "/servers", { name: "acme-9", ...SERVER, owner: "acme" }, { token: "acme" });
    const { id, preview } = await shown(own);

    expect([theirs, away, nobodys, others, shared, plan].map(({ status }) => status)).toEqual([
      404, 403, 403, 403, 403, 403,
    ]);
    const seenBy = async (token: string) => (await site.ask(`/fleet/v1/changes/${id}`, token)).status;
    expect([await seenBy("acme"), await seenBy("globex"), await seenBy("viewer")]).toEqual([200, 404, 200]);
    const listed = (await site.ask("/fleet/v1/changes", "globex")).body.items as Change[];
    expect(listed.map(({ title }) => title)).toEqual(["Change server web-2"]);
    expect((await send("POST", `/changes/${id}/approve`, { hashes: [preview.hash] }, { token: "globex" })).status).toBe(
      404,
    );
    expect((await send("POST", `/changes/${id}/close`, {}, { token: "requester" })).status).toBe(403);
    const closed = await send("POST", `/changes/${id}/close`, { reason: "no" }, { token: "acme" });
    expect(closed.body).toMatchObject({ state: "closed", reason: "no" });
    expect((await send("POST", `/changes/${id}/close`, {}, { token: "acme" })).body.state).toBe("closed");
  });
});

describe("changes by the API", () => {
  it("are listed by pages and filters, and need a key", async () => {
    const keyless = await site.ask("/fleet/v1/servers/web-1", "requester", { method: "DELETE" });
    const opened = await send("POST", "/changes", {
      title: "Two at once",
      draft: true,
      delete: [
        { kind: "Server", name: "web-1" },
        { kind: "Server", name: "api-1" },
      ],
    });
    const first = await site.ask("/fleet/v1/changes?limit=1", "viewer");
    const second = await site.ask(`/fleet/v1/changes?limit=1&cursor=${first.body.next}`, "viewer");
    const drafts = await site.ask("/fleet/v1/changes?state=draft", "viewer");
    const touching = await site.ask("/fleet/v1/changes?object=Server//api-1", "viewer");

    expect(keyless.status).toBe(400);
    expect(opened).toMatchObject({
      status: 200,
      body: { state: "draft", objects: expect.arrayContaining(["Server//api-1", "Server//web-1"]) },
    });
    expect(first.body.items[0].id).toBe(opened.body.id);
    expect(second.body.items[0].id).not.toBe(opened.body.id);
    for (const { body } of [drafts, touching]) expect(body.items.map(({ id }: Change) => id)).toEqual([opened.body.id]);
  });
});

const OPERATOR = { email: "operator@example.org", via: "command-line" } as const;

describe("a sign-in", () => {
  it("gives tokens that work until it is ended, and is told in the audit log as mutations are", async () => {
    const [email, password] = ["ann@example.org", "a long enough pass phrase"];
    await site.people.users.create({ name: "Ann", email, role: "requester", password }, OPERATOR);
    const post = async (path: string, body: object) => await send("POST", path, body, { token: "" });

    const wrong = await post("/tokens", { email, password: "another pass phrase" });
    const signedIn = await post("/tokens", { email, password });
    const next = await post("/tokens/refresh", { refreshToken: signedIn.body.refreshToken });
    const { accessToken, refreshToken } = next.body;
    const who = await site.ask("/fleet/v1/whoami", accessToken);
    const opened = await send(
      "POST",
      "/changes",
      { title: "A draft of Ann", draft: true, delete: [{ kind: "Server", name: "api-1" }] },
      { token: accessToken },
    );
    const out = await post("/tokens/revoke", { refreshToken });
    const after = await site.ask("/fleet/v1/whoami", accessToken);
    const log = await site.ask("/fleet/v1/audit?limit=500", "admin");

    expect([wrong.status, signedIn.status, out.status, after.status]).toEqual([401, 200, 204, 401]);
    expect(who.body).toMatchObject({ name: "Ann", role: "requester", via: "token" });
    expect(opened.body.author).toEqual({ name: "Ann", email });
    const entries = log.body.items as { action: string; who?: { email?: string }; data?: object }[];
    expect(entries.find(({ action }) => action === "api.openChange")).toMatchObject({
      who: { email },
      data: { change: opened.body.id },
    });
    expect(JSON.stringify(log.body)).not.toContain(password);
    expect((await site.ask("/fleet/v1/audit", "operator")).status).toBe(403);
    expect((await site.ask("/fleet/v1/audit", "acme")).status).toBe(403);
  });
});

describe("a request that means harm", () => {
  it.each(ATTACKS)("is refused and leaves nothing: $name", async ({ method, path, body, text, headers, status }) => {
    const before = site.fleet.git("rev-parse", "main");
    const changes = (await site.ask("/fleet/v1/changes?limit=500", "admin")).body.items.length;
    const logged = site.logged.length;

    const told = await send(method, path, text ?? body, headers && { headers });

    expect(told.status, told.text).toBe(status);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(site.fleet.git("rev-parse", "main")).toBe(before);
    expect((await site.ask("/fleet/v1/changes?limit=500", "admin")).body.items).toHaveLength(changes);
    expect(site.logged.slice(logged).filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});
