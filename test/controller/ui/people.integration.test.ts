import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Issuer } from "../people/oidc.ts";
import { bearer, HERE, PASSWORD } from "../people/support.ts";
import { findChromium, findings, launch, newPage } from "./chromium.ts";
import { Site } from "./site.ts";
import { hiddenFields, Visitor } from "./visitor.ts";

/** The pages about people, and signing in at an OpenID provider; all of it real but the clouds. */
const TIMEOUT = 240_000;
const NEXT = "another horse battery";

let site: Site;
let issuer: Issuer;
let server: ServerType;
let base: string;
let ada: Visitor;

beforeAll(async () => {
  server = serve({ fetch: (...args) => site.app.fetch(...args), hostname: "127.0.0.1", port: 0 });
  await new Promise((done) => server.once("listening", done));
  // To a browser it is another site than the provider's 127.0.0.1.
  base = `http://localhost:${(server.address() as AddressInfo).port}`;
  issuer = await Issuer.start(base);
  site = await Site.start("people", { environment: issuer.environment(), isBare: true });
  await site.add("Ada", "admin");
  await site.add("Part", "admin", { owners: ["team-web"] });
  for (const name of ["Bob", "Cleo", "Iris"]) await site.add(name, "requester");
  ada = await site.visitor("Ada");
}, TIMEOUT);

afterAll(async () => {
  server?.close();
  await issuer?.close();
  await site?.close();
});

const idOf = async (name: string) => (await site.people.users.get(`${name.toLowerCase()}@example.org`)).id;
const lastAudit = async () => (await site.people.audit.list({ limit: 1 })).entries[0];
const all = { "all-accounts": "true", "all-owners": "true" };

describe("the users page", () => {
  it("adds somebody, with what they may do, and says what is wrong with what was sent", async () => {
    const person = {
      name: "Eve",
      email: "eve@example.org",
      role: "operator",
      accounts: "linode-main, do-main",
      "all-owners": "true",
    };
    const weak = await ada.send("/ui/new-user", "/ui/new-user", { ...person, password: "short" });
    expect([weak.status, weak.text.includes("from 12 to 512 characters"), weak.text.includes('value="Eve"')]).toEqual([
      422,
      true,
      true,
    ]);
    const added = await ada.send("/ui/new-user", "/ui/new-user", { ...person, password: PASSWORD });
    const twice = await ada.send("/ui/new-user", "/ui/new-user", { ...person, ...all });

    expect(added.location).toBe(`/ui/users/${await idOf("eve")}`);
    expect(twice.status).toBe(409);
    const list = (await ada.get("/ui/users?text=eve")).text;
    expect(list).toContain("operator for the accounts linode-main, do-main");
    expect(list).not.toContain("bob@example.org");
    expect(await lastAudit()).toMatchObject({
      action: "user.added",
      who: { email: "ada@example.org", via: "session" },
    });
    expect((await site.visitor("Eve")).cookies.size).toBe(1);
  });

  it("changes role and scope, sets a password, signs out, disables and enables", async () => {
    const id = await idOf("bob");
    const path = `/ui/users/${id}`;
    const bob = await site.visitor("Bob");
    const saved = await ada.send(path, path, {
      name: "Bob B",
      email: "bob@example.org",
      role: "approver",
      owners: "team-web",
    });
    expect(saved.location).toBe(`${path}?done=saved`);
    expect((await ada.get(saved.location!)).text).toContain("It is saved.");
    expect(await site.people.users.get(id)).toMatchObject({
      name: "Bob B",
      role: "approver",
      accounts: [],
      owners: ["team-web"],
    });

    await ada.send(path, `${path}/sign-out`);
    expect((await bob.get("/ui/fleet")).status).toBe(303);
    expect((await ada.send(path, `${path}/password`, { password: "short" })).status).toBe(422);
    await ada.send(path, `${path}/password`, { password: NEXT });
    const again = new Visitor(site.app);
    await again.signIn("bob@example.org", NEXT);
    await ada.send(path, `${path}/disable`);
    expect((await again.get("/ui/fleet")).status).toBe(303);
    await ada.send(path, `${path}/enable`);
    await new Visitor(site.app).signIn("bob@example.org", NEXT);
  });

  it("gives nobody what its admin has not, keeps the last admin, and is for admins", async () => {
    const part = await site.visitor("Part");
    const path = `/ui/users/${await idOf("cleo")}`;
    const beyond = { name: "Cleo", email: "cleo@example.org", role: "admin", ...all };
    const refused = await part.send(path, path, beyond);
    expect([refused.status, refused.text.includes("go beyond your own")]).toEqual([422, true]);
    const own = `/ui/users/${await idOf("ada")}`;
    expect((await ada.send(own, `${own}/disable`)).text).toContain("the last enabled admin");
    const cleo = await site.visitor("Cleo");
    expect((await cleo.get(path)).status).toBe(403);
    expect((await cleo.get("/ui/fleet")).text).not.toContain("/ui/users");
    expect((await ada.get("/ui/users/cleo@example.org")).status).toBe(404);
  });

  it("makes a key, shows it once, and revokes it", async () => {
    const id = await idOf("cleo");
    const path = `/ui/users/${id}`;
    const made = await ada.send(path, `${path}/keys`, { name: "ci", role: "viewer", days: "30" });
    const text = /value="(fw_[^"]+)"/.exec(made.text)![1]!;
    expect(await site.people.authenticate(bearer(text), HERE)).toMatchObject({ id, role: "viewer", via: "api-key" });
    expect((await ada.send(path, `${path}/keys`, { name: "ci", days: "0" })).status).toBe(422);

    const page = (await ada.get(path)).text;
    expect(page).not.toContain(text);
    const [key] = await site.people.keys.list(id);
    expect(key!.expiresAt!.slice(0, 10)).toBe(new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10));
    expect((await ada.send(path, `${path}/keys/${key!.id}/revoke`)).location).toBe(`${path}?done=revoked`);
    await expect(site.people.authenticate(bearer(text), HERE)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("the page about oneself", () => {
  it("changes one's own password with the present one, and ends all sign-ins", async () => {
    const [here, there] = [await site.visitor("Cleo"), await site.visitor("Cleo")];
    const fields = { present: PASSWORD, wanted: NEXT, again: NEXT };
    expect((await here.send("/ui/me", "/ui/me/password", { ...fields, again: "other" })).text).toContain(
      "are not the same",
    );
    const wrong = await here.send("/ui/me", "/ui/me/password", { ...fields, present: "wrong" });
    expect([wrong.status, wrong.text.includes("the present password is wrong")]).toEqual([422, true]);
    expect((await here.send("/ui/me", "/ui/me/password", fields)).location).toBe("/ui/sign-in");

    expect((await there.get("/ui/fleet")).status).toBe(303);
    await new Visitor(site.app).signIn("cleo@example.org", NEXT);
  });

  it("makes and revokes one's own keys, and ends one or all of one's own sign-ins", async () => {
    const [here, there, third] = await Promise.all([1, 2, 3].map(() => site.visitor("Eve")));
    const made = await here!.send("/ui/me", "/ui/me/keys", { name: "laptop", role: "", days: "" });
    expect(made.text).toMatch(/value="fw_[^"]+"/);
    const [key] = await site.people.keys.list(await idOf("eve"));
    // Of others' nobody learns that they are there.
    const token = hiddenFields((await ada.get("/ui/me")).text, "/ui/me/sign-out");
    const others = await site.visitor("Iris");
    const { token: mine } = hiddenFields((await others.get("/ui/me")).text, "/ui/me/sign-out");
    expect((await others.post(`/ui/me/keys/${key!.id}/revoke`, { token: mine! })).status).toBe(404);
    expect(token).toBeDefined();
    await here!.send("/ui/me", `/ui/me/keys/${key!.id}/revoke`);
    expect((await site.people.keys.list(await idOf("eve")))[0]).toHaveProperty("revokedAt");

    const session = there!.cookies.get("fleetwright-session")!.split("_")[1]!;
    await others.post(`/ui/me/sessions/${session}/end`, { token: mine! });
    expect((await there!.get("/ui/me")).status).toBe(200);
    await here!.send("/ui/me", `/ui/me/sessions/${session}/end`);
    expect((await there!.get("/ui/me")).status).toBe(303);
    expect((await here!.get("/ui/me")).text).toContain("this one");
    await here!.send("/ui/me", "/ui/me/sign-out");
    expect([(await here!.get("/ui/me")).status, (await third!.get("/ui/me")).status]).toEqual([303, 303]);
  });
});

describe("the audit page", () => {
  it("is filtered, paged and exported, and is for who is about all of the fleet", async () => {
    for (let index = 0; index < 60; index += 1)
      await site.people.audit.audit({ action: "told", object: `thing <${index}>`, data: { index } });

    const first = await ada.get("/ui/audit?action=told");
    expect(first.text).toContain("thing &lt;59&gt;");
    expect(first.text).not.toContain("thing &lt;9&gt;");
    const older = /rel="next" href="([^"]+)"/.exec(first.text)![1]!.replaceAll("&amp;", "&");
    expect((await ada.get(older)).text).toContain("thing &lt;9&gt;");
    expect((await ada.get("/ui/audit?email=nobody%40example.org")).text).toContain("Nothing like that is on record");
    const csv = await ada.get("/ui/audit/export?action=told&format=csv");
    expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(csv.headers.get("content-disposition")).toBe('attachment; filename="audit.csv"');
    expect(csv.text.trimEnd().split("\r\n")).toHaveLength(61);
    const lines = (await ada.get("/ui/audit/export?format=ndjson")).text.trimEnd().split("\n");
    expect(JSON.parse(lines[0]!)).toMatchObject({ seq: 1, action: "user.added" });
    expect((await ada.get("/ui/audit/export?format=xml")).status).toBe(400);
    const part = await site.visitor("Part");
    expect([(await part.get("/ui/audit")).status, (await part.get("/ui/audit/export")).status]).toEqual([403, 403]);
  });
});

describe("signing in elsewhere", () => {
  const iris = { sub: "iris-1", email: "iris@example.org", email_verified: true };
  const begin = async (visitor: Visitor) => {
    const { text } = await visitor.get("/ui/sign-in?to=%2Fui%2Fchanges");
    expect(text).toContain("Sign in with Example Login");
    return await visitor.get(/href="(\/ui\/sign-in\/issuer[^"]*)"/.exec(text)![1]!);
  };
  const come = async (visitor: Visitor, url: URL) => await visitor.get(url.pathname + url.search);

  it("leads to the provider and back to the page that was asked for, with a session as by password", async () => {
    issuer.person = iris;
    const visitor = new Visitor(site.app);
    const there = await begin(visitor);
    expect(there.headers.get("set-cookie")).toMatch(/^fleetwright-issuer=.*HttpOnly.*SameSite=Lax/);
    const answer = await issuer.visit(there.location!);
    const back = await come(visitor, answer);

    expect([back.status, back.headers.get("refresh")]).toEqual([200, "0; url=/ui/changes"]);
    expect((await visitor.get("/ui/changes")).text).toContain("Iris");
    expect(await lastAudit()).toMatchObject({ action: "sign-in", who: { email: "iris@example.org", via: "issuer" } });
    expect([...visitor.cookies.keys()]).toEqual(["fleetwright-session"]);
    // The same answer again, and in a browser that has begun nothing, or something else.
    const stranger = new Visitor(site.app);
    for (const one of [visitor, stranger]) expect((await come(one, answer)).status).toBe(401);
    await begin(stranger);
    const other = await come(stranger, answer);
    expect([other.status, other.text.includes("is not for this sign-in")]).toEqual([401, true]);
    expect(stranger.cookies.has("fleetwright-session")).toBe(false);
  });

  it("lets nobody in whom no admin has added or who is disabled, and says so", async () => {
    await site.people.users.disable(await idOf("iris"), { email: "ops@example.org", via: "command-line" });
    for (const person of [iris, { ...iris, sub: "zoe-1", email: "zoe@example.org" }]) {
      issuer.person = person;
      const visitor = new Visitor(site.app);
      const back = await come(visitor, await issuer.visit((await begin(visitor)).location!));
      expect([back.status, back.text.includes("an admin adds people")]).toEqual([401, true]);
      expect((await visitor.get("/ui/fleet")).status).toBe(303);
    }
    await site.people.users.change(
      "iris@example.org",
      { enabled: true },
      { email: "ops@example.org", via: "command-line" },
    );
  });

  const executable = findChromium();
  it.skipIf(executable === undefined)(
    "works in a browser, for which the provider is another site; no page has serious findings of accessibility",
    async () => {
      issuer.person = { sub: "ada-1", email: "ada@example.org", email_verified: true };
      const browser = await launch(executable!);
      try {
        const { page, complaints } = await newPage(
          await browser.newContext({ viewport: { width: 1280, height: 900 } }),
        );
        await page.goto(`${base}/ui/users`);
        expect(await findings(page)).toEqual([]);
        await page.getByRole("link", { name: "Sign in with Example Login" }).click();
        await page.getByRole("heading", { name: "Users" }).waitFor();
        const found: string[] = [];
        for (const path of ["users", "new-user", `users/${await idOf("cleo")}`, "audit", "me"]) {
          await page.setViewportSize({ width: 1280, height: 900 });
          await page.goto(`${base}/ui/${path}`);
          found.push(...(await findings(page)).map((finding) => `${path}: ${finding}`));
          await page.setViewportSize({ width: 360, height: 740 });
          const overMuch = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
          if (overMuch > 0) found.push(`${path} is ${overMuch} pixels wider than a telephone`);
        }
        expect(found).toEqual([]);
        expect(complaints).toEqual([]);
        expect(site.errors).toEqual([]);
      } finally {
        await browser.close();
      }
    },
    TIMEOUT,
  );
});
