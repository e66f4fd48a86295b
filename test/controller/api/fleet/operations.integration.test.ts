import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSigned, Receiver, SECRET } from "../../notify/receiver.ts";
import { Site, type Told } from "./site.ts";

/** What operators and admins see to over HTTP: drift, machines of others, people, keys, credentials, notifications, the log. */
const TIMEOUT = 240_000;
const BY = { email: "operator@example.org", via: "command-line" } as const;

let site: Site;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await new Receiver().start();
  const by = { webhook: { url: receiver.url, secret: { env: "FLEETWRIGHT_HOOK" } } };
  site = await Site.open({
    fleet: { notifications: [{ name: "chat", on: ["failure"], ...by }] },
    environment: { FLEETWRIGHT_HOOK: SECRET, FLEETWRIGHT_PRIVATE_WEBHOOKS: "127.0.0.1" },
  });
}, TIMEOUT);
afterAll(async () => {
  await site?.close();
  await receiver?.stop();
});

async function send(method: string, path: string, body?: unknown, token = "admin", key: string = randomUUID()) {
  return await site.ask(`/fleet/v1${path}`, token, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    headers: { "content-type": "application/json", "idempotency-key": key },
  });
}

const get = async (path: string, token = "admin") => await site.ask(`/fleet/v1${path}`, token);
const effects = ({ body }: Told): string[] =>
  (body.effects ?? body.preview.effects).map(
    (one: { op: string; object: { name: string } }) => `${one.op} ${one.object.name}`,
  );

describe("drift and machines of others over the API", () => {
  it(
    "open changes that show what they would do, for those who may, and of what is theirs",
    async () => {
      const { cloud, id } = await site.clouds.server("web-2");
      await site.clouds.of(cloud).change(id, { power: "stopped" });
      const foreign = await site.clouds.of("linode").addForeign({ name: "old-1" });
      await site.pass();
      const [cause] = (await get("/drift")).body.causes;
      const objects = cause.names.map((name: string) => ({ kind: cause.object, account: cause.account, name }));

      const dryRevert = await send("POST", "/drift/revert?dryRun=true", { objects }, "operator");
      const dryAccept = await send("POST", "/drift/accept?dryRun=true", { objects }, "operator");
      const dryAdopt = await send("POST", "/inventory/adopt?dryRun=true", {
        account: "linode-main",
        ids: [foreign.id],
      });
      const none = await get("/changes");
      const opened = await send("POST", "/drift/revert", { objects }, "operator", "revert-web-2");
      const again = await send("POST", "/drift/revert", { objects }, "operator", "revert-web-2");
      const others = await send("POST", "/drift/revert", { objects }, "acme");
      const same = { kind: "Server", account: "linode-main", name: "web-1" };
      const unwritable = await send("POST", "/drift/accept", { objects: [...objects, same] }, "operator");
      const managed = await send("POST", "/inventory/adopt", { account: "linode-main", ids: [id] });
      const unseen = await send("POST", "/inventory/adopt", { account: "linode-main", ids: ["none"] });
      const hidden = await send("POST", "/inventory/adopt", { account: "linode-main", ids: [foreign.id] }, "acme");

      expect(objects).toEqual([{ kind: "Server", account: "linode-main", name: "web-2" }]);
      expect([effects(dryRevert), effects(dryAccept)]).toEqual([["update web-2"], ["update web-2"]]);
      expect(dryRevert.body.effects[0].changes).toMatchObject([{ path: "power", after: "running", drift: true }]);
      expect(dryAdopt.body).toMatchObject({
        proposals: [{ id: foreign.id, name: "old-1", text: expect.stringContaining(`adopt:`) }],
        preview: { effects: [{ op: "adopt" }] },
      });
      expect(none.body.items).toEqual([]);
      expect(opened.body).toMatchObject({ title: "Revert drift of web-2", reverts: ["Server//web-2"], surface: "api" });
      expect(again.body.id).toBe(opened.body.id);
      expect([others, unwritable, managed, unseen, hidden].map(({ status }) => status)).toEqual([
        404, 409, 400, 404, 404,
      ]);
      expect(unwritable.body).toMatchObject({ code: "DRIFT_UNWRITABLE", errors: [{ pointer: "#/objects/1" }] });
      await send("POST", `/changes/${opened.body.id}/close`, {}, "operator");
    },
    TIMEOUT,
  );

  it("and so do accounts and the fleet's settings, for admins alone", async () => {
    const read = await get("/fleet");
    const title = await send("PATCH", "/accounts/do-main?dryRun=true", { title: "Main" });
    const settings = await send("PATCH", "/fleet?dryRun=true", { approval: "auto" });
    const id = await send("PATCH", "/fleet", { id: "other" });
    const wrong = await send("PATCH", "/fleet?dryRun=true", { approval: "perhaps" });
    const denied = [
      await send("PATCH", "/accounts/do-main", { title: "x" }, "operator"),
      await send("PATCH", "/fleet", { approval: "auto" }, "operator"),
      await send("PATCH", "/fleet", { approval: "auto" }, "acme"),
    ];

    expect(read.body).toMatchObject({ desired: { id: "api", approval: "required" }, file: { path: "fleet.yaml" } });
    expect([title.status, settings.status, id.status, wrong.status]).toEqual([200, 200, 400, 422]);
    expect(denied.map(({ status }) => status)).toEqual([403, 403, 403]);
  });
});

describe("people over the API", () => {
  it("are added, changed, given another password and let go, by whoever may do as much", async () => {
    const ben = { name: "Ben", email: "ben@example.org", role: "requester", password: "a long enough pass phrase" };
    const dry = await send("POST", "/users?dryRun=true", ben);
    const nobody = await get("/users");
    const made = await send("POST", "/users", ben, "admin", "make-ben-once");
    const again = await send("POST", "/users", ben, "admin", "make-ben-once");
    const another = await send("POST", "/users", { ...ben, name: "Bob" }, "admin", "make-ben-once");
    const taken = await send("POST", "/users", ben);
    const { id } = made.body;
    const seen = await get(`/users/${id}`, "acme");
    const beyond = await send("POST", "/users", { ...ben, email: "c@example.org" }, "acme");
    const within = await send("POST", "/users", { ...ben, email: "c@example.org", owners: ["acme"] }, "acme");
    const scoped = await send("PATCH", `/users/${id}`, { role: "viewer", owners: ["acme"] });
    const reset = await send("PUT", `/users/${id}/password`, { password: "another long pass phrase" });
    const weak = await send("PUT", `/users/${id}/password`, { password: "short" });
    const signIn = async (password: string) => await send("POST", "/tokens", { email: ben.email, password }, "");
    const [before, after] = [await signIn(ben.password), await signIn("another long pass phrase")];
    const gone = await send("DELETE", `/users/${id}`);

    expect(dry).toMatchObject({ status: 200, body: { email: ben.email } });
    expect(nobody.body.items).toEqual([]);
    expect([made.status, again.status, another.status, taken.status]).toEqual([201, 201, 400, 409]);
    expect(again.body).toEqual(made.body);
    expect([seen.status, beyond.status, within.status, weak.status]).toEqual([404, 403, 201, 400]);
    expect(scoped.body).toMatchObject({ role: "viewer", owners: ["acme"] });
    expect([reset.status, before.status, after.status]).toEqual([200, 401, 200]);
    expect(gone.body).toMatchObject({ enabled: false });
    expect((await get("/whoami", after.body.accessToken)).status).toBe(401);
    for (const told of [dry, made, scoped, reset]) expect(told.text).not.toContain("pass phrase");
  });

  it("have API keys that are told once", async () => {
    const password = "a long enough pass phrase";
    const wish = { name: "Cai", email: "cai@example.org", role: "requester", password } as const;
    const { id } = await site.people.users.create(wish, BY);
    const { accessToken } = (await send("POST", "/tokens", { email: wish.email, password }, "")).body;
    const made = await send("POST", "/api-keys", { name: "ci", role: "viewer" }, accessToken, "a-key-for-ci");
    const again = await send("POST", "/api-keys", { name: "ci", role: "viewer" }, accessToken, "a-key-for-ci");
    const { secret } = made.body;
    const withKey = await site.people.authenticate(new Headers({ "x-api-key": secret }), "127.0.0.1");
    const own = await get("/api-keys", accessToken);
    const byAdmin = await get(`/api-keys?user=${id}`);
    const bySomebody = await get(`/api-keys?user=${id}`, "operator");
    const more = await send("POST", "/api-keys", { name: "x", role: "admin" }, accessToken);
    const notTheirs = await send("DELETE", `/api-keys/${made.body.id}`, undefined, "operator");
    const revoked = await send("DELETE", `/api-keys/${made.body.id}`, undefined, accessToken);

    expect(made).toMatchObject({ status: 201, body: { user: id, name: "ci", role: "viewer" } });
    expect(withKey).toMatchObject({ id, role: "viewer" });
    expect(again.body).toEqual({ ...made.body, secret: undefined });
    for (const { body, text } of [own, byAdmin]) {
      expect(body.items).toMatchObject([{ id: made.body.id, name: "ci" }]);
      expect(text).not.toContain(secret.split("_").at(-1));
    }
    expect([bySomebody, more, notTheirs, revoked].map(({ status }) => status)).toEqual([403, 403, 404, 200]);
    await expect(site.people.authenticate(new Headers({ "x-api-key": secret }), "127.0.0.1")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});

describe("credentials over the API", () => {
  it("go in and never come out, not in an answer, the log or the audit log", async () => {
    const value = "a-token-that-nobody-reads";
    const address = "/accounts/linode-main/credentials/token";
    const answers = [
      await send("PUT", `${address}?dryRun=true`, { value }),
      await send("PUT", address, { value, endpoint: "https://linode.example.org" }),
      await send("PUT", "/accounts/linode-main/credentials/nonsense", { value }),
      await send("PUT", address, { value: `${value}\n${value}` }),
      await send("PUT", address, { value: [value] }),
      await site.ask(`/fleet/v1${address}`, "admin", {
        method: "PUT",
        body: `{"value": "${value}`,
        headers: { "content-type": "application/json", "idempotency-key": "broken-json" },
      }),
      await get("/credentials"),
      await send("POST", "/accounts/linode-main/validate"),
      await send("POST", "/accounts/linode-main/bind", { endpoint: "https://other.example.org" }),
      await send("POST", "/accounts/linode-main/unbind", { endpoint: "https://other.example.org" }),
      await send("DELETE", address),
      await send("DELETE", address),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 400, 400, 400, 200, 200, 200, 200, 200, 404]);
    expect(answers[6]!.body.credentials).toMatchObject([
      {
        account: "linode-main",
        field: "token",
        endpoint: "https://linode.example.org",
        by: "admin <admin@example.org>",
      },
    ]);
    expect(answers[7]!.body).toMatchObject({ account: "linode-main", may: expect.any(Array) });
    expect((await get("/credentials", "acme")).body).toEqual({ credentials: [], bindings: [] });
    expect((await send("PUT", address, { value }, "acme")).status).toBe(404);
    const told = [...answers.map(({ text }) => text), ...site.logged, (await get("/audit?limit=500")).text].join("\n");
    expect(told).not.toContain(value);
    expect(JSON.stringify(await site.controller.store.events(0, 1000))).not.toContain(value);
  });
});

describe("notifications over the API", () => {
  it(
    "are listed, tested with one signed message, and sent once more",
    async () => {
      const targets = await get("/webhooks", "operator");
      const dry = await send("POST", "/webhooks/chat/test?dryRun=true", undefined, "operator");
      const before = receiver.received.length;
      const tested = await send("POST", "/webhooks/chat/test", undefined, "operator", "one-test-only");
      await send("POST", "/webhooks/chat/test", undefined, "operator", "one-test-only");
      const [test] = receiver.ofType("test");
      receiver.answer = () => 500;
      const refused = await send("POST", "/webhooks/chat/test", undefined, "operator");
      receiver.answer = () => 204;
      await site.controller.store.event({ kind: "failure.lane", object: "x", data: { lane: "x", reason: "a test" } });
      for (const end = Date.now() + 60_000; receiver.ofType("failure.lane").length === 0 && Date.now() < end; )
        await site.service.look();
      const sent = await get("/webhooks/deliveries?target=chat&state=sent", "operator");
      const { id } = sent.body.items[0];
      const replayed = await send("POST", `/webhooks/deliveries/${id}/replay`, undefined, "operator");
      const letters = await get("/webhooks/dead-letters", "operator");

      expect(targets.body.items).toMatchObject([{ name: "chat", kind: "webhook", on: ["failure"] }]);
      expect(targets.text).not.toContain("/hook");
      expect([dry.status, tested.status, refused.status]).toEqual([200, 200, 502]);
      expect(before).toBe(0);
      expect(receiver.ofType("test")).toHaveLength(2);
      expect(isSigned(test!, SECRET)).toBe(true);
      expect(replayed.body).toEqual({ target: "chat", sent: 1 });
      expect(receiver.ofType("failure.lane").map(({ headers }) => headers["webhook-id"])).toEqual([id, id]);
      expect(letters.body.items).toEqual([]);
      expect((await get("/webhooks", "acme")).status).toBe(403);
    },
    TIMEOUT,
  );
});

describe("the audit log", () => {
  it("is exported whole, as lines of JSON and as a table that computes nothing", async () => {
    await site.people.audit.audit({ action: "test", object: '=HYPERLINK("x"),"y"' });
    const lines = await get("/audit/export.ndjson");
    const table = await get("/audit/export.csv");
    const entries = lines.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { seq: number; action: string });

    expect(lines.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map(({ seq }) => seq).toSorted((a, b) => a - b));
    expect(entries.map(({ action }) => action)).toEqual(
      expect.arrayContaining(["user.added", "api.setCredential", "test"]),
    );
    expect(table.text).toContain(`"'=HYPERLINK(""x""),""y"""`);
    expect(table.text.split("\r\n")).toHaveLength(entries.length + 2);
    const behind = await get(`/audit/export.ndjson?after=${entries.at(-2)!.seq}`);
    expect(behind.text.trim().split("\n")).toHaveLength(1);
    expect([
      (await get("/audit/export.csv", "operator")).status,
      (await get("/audit/export.csv", "acme")).status,
    ]).toEqual([403, 403]);
  });
});
