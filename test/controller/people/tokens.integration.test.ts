import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { People } from "../../../controller/people/people.ts";
import type { Principal } from "../../../controller/people/principal.ts";
import type { SignedIn, User } from "../../../controller/people/types.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { addUser, bearer, HERE, OPERATOR, PASSWORD, peopleOf, signedIn } from "./support.ts";

const dataDir = makeDataDir();
const MINUTE_MS = 60_000;
let store: Store;
let other: Store;
let people: People;
/** Another controller's. */
let elsewhere: People;
let user: User;

beforeAll(async () => {
  store = await openStore({ dataDir });
  other = await openStore({ dataDir });
  people = await peopleOf(store, dataDir);
  elsewhere = await peopleOf(other, dataDir);
  user = await addUser(people, "ada@example.org", { accounts: ["linode-main"] });
});
afterAll(async () => {
  await store?.close();
  await other?.close();
  await removeDataDir(dataDir);
});

const sql = async (text: string, ...values: unknown[]) => (await store.jobs.executeSql(text, values)).rows;
const authenticate = (token: string, by = people) => by.authenticate(bearer(token), HERE);
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "ok",
    (error: { code: string }) => error.code,
  );
const issue = async (by = people) => await by.tokens.issue(await signedIn(store, user.id));
const start = async () => await people.sessions.start(await signedIn(store, user.id), HERE);
const actions = async () => (await people.audit.list({ limit: 20 })).entries.map(({ action }) => action);

describe("an access token", () => {
  it("makes its bearer known as the database has them, at every controller", async () => {
    const { accessToken, expiresInSeconds } = await issue();

    expect(expiresInSeconds).toBe(900);
    expect(await authenticate(accessToken, elsewhere)).toEqual({
      id: user.id,
      name: "ada",
      email: "ada@example.org",
      role: "operator",
      accounts: ["linode-main"],
      via: "token",
    });
    await people.users.change(user.id, { role: "viewer", accounts: null }, OPERATOR);
    expect(await authenticate(accessToken, elsewhere)).toMatchObject({ role: "viewer" });
    expect(await authenticate(accessToken)).not.toHaveProperty("accounts");
    await people.users.change(user.id, { role: "operator", accounts: ["linode-main"] }, OPERATOR);
  });

  it("says nothing that is to be kept from its bearer", async () => {
    const { accessToken } = await issue();

    expect(Object.keys(decodeJwt(accessToken)).sort()).toEqual(["aud", "exp", "iat", "iss", "jti", "sid", "sub"]);
    expect(decodeProtectedHeader(accessToken)).toEqual({ alg: "HS256", kid: expect.any(String), typ: "at+jwt" });
  });

  it("runs out after a quarter of an hour", async () => {
    let now = Date.now();
    const clocked = await peopleOf(store, dataDir, { now: () => now });
    const { accessToken } = await issue(clocked);

    now += 14 * MINUTE_MS;
    expect(await codeOf(authenticate(accessToken, clocked))).toBe("ok");
    now += 2 * MINUTE_MS;
    await expect(authenticate(accessToken, clocked)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("has run out"),
    });
  });

  describe("is refused", () => {
    /** The key itself: the strongest attacker gets everything right but one thing. */
    const key = () => {
      const [id = "", , secret = ""] = readFileSync(join(dataDir, "token.keys"), "utf8").trim().split(" ");
      return { id, secret: Buffer.from(secret, "base64url") };
    };
    const claims = async (): Promise<JWTPayload> => decodeJwt((await issue()).accessToken);
    const sign = (payload: JWTPayload, header: object = {}, secret: Uint8Array = key().secret) =>
      new SignJWT(payload).setProtectedHeader({ alg: "HS256", kid: key().id, typ: "at+jwt", ...header }).sign(secret);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

    it("never by these tests when nothing is wrong with it", async () => {
      expect(await codeOf(authenticate(await sign(await claims())))).toBe("ok");
    });

    it.each<{ what: string; token: () => Promise<string> }>([
      { what: "without a signature (alg none)", token: async () => new UnsecuredJWT(await claims()).encode() },
      {
        what: "when alg none goes with the right kid and an old signature",
        token: async () => {
          const [, payload, signature] = (await sign(await claims())).split(".");
          return `${part({ alg: "none", kid: key().id, typ: "at+jwt" })}.${payload}.${signature}`;
        },
      },
      {
        what: "with another algorithm and the right key",
        token: async () => {
          const head = `${part({ alg: "HS384", kid: key().id, typ: "at+jwt" })}.${part(await claims())}`;
          return `${head}.${createHmac("sha384", key().secret).update(head).digest("base64url")}`;
        },
      },
      { what: "signed with another key", token: async () => sign(await claims(), {}, new Uint8Array(32)) },
      { what: "with a key that nobody knows", token: async () => sign(await claims(), { kid: "0123456789abcdef" }) },
      { what: "without a kid", token: async () => sign(await claims(), { kid: undefined }) },
      { what: "of another kind", token: async () => sign(await claims(), { typ: "JWT" }) },
      { what: "of another fleet", token: async () => sign({ ...(await claims()), iss: "urn:fleetwright:other" }) },
      {
        what: "for another audience",
        token: async () => sign({ ...(await claims()), aud: "urn:fleetwright:acme:page" }),
      },
      { what: "without an audience", token: async () => sign({ ...(await claims()), aud: undefined }) },
      { what: "without an end", token: async () => sign({ ...(await claims()), exp: undefined }) },
      { what: "that begins later", token: async () => sign({ ...(await claims()), nbf: Date.now() / 1000 + 600 }) },
      { what: "of another sign-in", token: async () => sign({ ...(await claims()), sid: crypto.randomUUID() }) },
      {
        what: "of somebody else's sign-in",
        token: async () => sign({ ...(await claims()), sub: crypto.randomUUID() }),
      },
      {
        what: "when somebody has changed what it says",
        token: async () => {
          const [header, payload, signature] = (await sign(await claims())).split(".");
          const said = JSON.parse(Buffer.from(payload!, "base64url").toString()) as object;
          return `${header}.${part({ ...said, exp: 4_000_000_000 })}.${signature}`;
        },
      },
      { what: "when it is none", token: async () => "no.token.atall" },
      { what: "when it is a refresh token", token: async () => (await issue()).refreshToken },
    ])("$what", async ({ token }) => {
      expect(await codeOf(authenticate(await token()))).toBe("UNAUTHENTICATED");
    });
  });

  it("is worth nothing from the moment on that its bearer is disabled, has another password or signs out", async () => {
    const ends = [
      () => people.users.disable(user.id, OPERATOR),
      () => people.users.change(user.id, { password: "yet another password" }, OPERATOR),
    ];
    // With a clock that stands still only what this process has changed is looked up anew.
    const still = await peopleOf(store, dataDir, { steady: () => 0 });
    for (const end of ends) {
      const { accessToken, refreshToken } = await issue();
      expect(await codeOf(authenticate(accessToken))).toBe("ok");

      await end();

      expect(await codeOf(authenticate(accessToken))).toBe("UNAUTHENTICATED");
      expect(await codeOf(authenticate(accessToken, elsewhere))).toBe("UNAUTHENTICATED");
      expect(await codeOf(people.tokens.refresh(refreshToken, HERE))).toBe("UNAUTHENTICATED");
      await people.users.change(user.id, { enabled: true }, OPERATOR);
      expect(await codeOf(authenticate(accessToken))).toBe("UNAUTHENTICATED");
    }
    const { accessToken } = await issue(still);
    expect(await codeOf(authenticate(accessToken, still))).toBe("ok");
    await still.users.change(user.id, { name: "Ada" }, OPERATOR);
    expect(await authenticate(accessToken, still)).toMatchObject({ name: "Ada" });
    await still.tokens.revoke(accessToken, HERE);
    expect(await codeOf(authenticate(accessToken, still))).toBe("UNAUTHENTICATED");
  });

  it("is looked up again after two seconds at the latest", async () => {
    let steady = 0;
    const cached = await peopleOf(other, dataDir, { steady: () => steady });
    const { accessToken } = await issue();
    expect(await codeOf(authenticate(accessToken, cached))).toBe("ok");
    await people.tokens.revoke(accessToken, HERE);

    steady += 2_000;
    expect(await codeOf(authenticate(accessToken, cached))).toBe("UNAUTHENTICATED");
  });
});

describe("the keys of access tokens", () => {
  it("rotate: the old ones are good until their tokens have run out, the next ones sign when their time comes", async () => {
    let now = Date.now();
    const rotating = await peopleOf(store, dataDir, { now: () => now });
    const kidOf = async () => decodeProtectedHeader((await issue(rotating)).accessToken).kid;
    const { accessToken: before } = await issue(rotating);

    const { kid } = await rotating.rotateTokenKey(10 * MINUTE_MS);
    expect(await kidOf()).not.toBe(kid);
    now += 11 * MINUTE_MS;
    expect(await kidOf()).toBe(kid);
    expect(await codeOf(authenticate(before, rotating))).toBe("ok");
    // Other processes read the file again.
    expect(await codeOf(authenticate((await issue(rotating)).accessToken, elsewhere))).toBe("ok");

    now += 20 * MINUTE_MS;
    await rotating.rotateTokenKey(0);
    const kids = readFileSync(join(dataDir, "token.keys"), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0]);
    expect(kids).toHaveLength(2);
    expect(kids[0]).toBe(kid);
  });
});

describe("a refresh token", () => {
  it("gets the next tokens once; its second use ends the sign-in for everybody", async () => {
    const first = await issue();
    const second = await elsewhere.tokens.refresh(first.refreshToken, HERE);
    expect(await codeOf(authenticate(second.accessToken))).toBe("ok");

    await expect(people.tokens.refresh(first.refreshToken, "203.0.113.9")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("was used before"),
    });

    for (const token of [first.accessToken, second.accessToken])
      expect(await codeOf(authenticate(token))).toBe("UNAUTHENTICATED");
    expect(await codeOf(people.tokens.refresh(second.refreshToken, HERE))).toBe("UNAUTHENTICATED");
    expect((await people.audit.list({ action: "tokens.reused" })).entries[0]).toMatchObject({
      who: { email: "ada@example.org" },
      source: "203.0.113.9",
    });
  });

  it("is good for one of many that use it at once", async () => {
    const { refreshToken } = await issue();

    const all = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        codeOf((index % 2 ? people : elsewhere).tokens.refresh(refreshToken, HERE)),
      ),
    );

    expect(all.filter((code) => code === "ok")).toHaveLength(1);
  });

  it("ends the sign-in at sign-out, and is refused when mistyped, guessed, idle or too old", async () => {
    const out = await issue();
    await people.tokens.revoke(out.refreshToken, HERE);
    expect(await codeOf(people.tokens.refresh(out.refreshToken, HERE))).toBe("UNAUTHENTICATED");
    expect(await codeOf(authenticate(out.accessToken))).toBe("UNAUTHENTICATED");
    expect(await codeOf(people.tokens.revoke(out.refreshToken, HERE))).toBe("UNAUTHENTICATED");
    expect(await actions()).toContain("sign-out");

    const good = await issue();
    const guessed = good.refreshToken.slice(0, -43) + "A".repeat(43);
    for (const wrong of [guessed, good.refreshToken.slice(0, -1), "", `${good.refreshToken}\n`])
      expect(await codeOf(people.tokens.refresh(wrong, HERE))).toBe("UNAUTHENTICATED");
    // A guess ends nobody's sign-in.
    const next = await people.tokens.refresh(good.refreshToken, HERE);

    await sql("update refresh_token set expires_at = now() where used_at is null");
    expect(await codeOf(people.tokens.refresh(next.refreshToken, HERE))).toBe("UNAUTHENTICATED");
    await sql("update token_family set expires_at = now()");
    expect(await codeOf(authenticate(next.accessToken))).toBe("UNAUTHENTICATED");
  });
});

describe("an API key", () => {
  it("is shown once and kept as a hash", async () => {
    const { key, text } = await people.keys.create({ user: user.id, name: "ci", role: "requester" }, OPERATOR);

    expect(text).toMatch(/^fw_[0-9a-f]{20}_[A-Za-z0-9_-]{43}$/);
    expect(key).toMatchObject({ name: "ci", role: "requester", accounts: ["linode-main"], user: user.id });
    const secret = text.slice(-43);
    for (const table of ["api_key", "audit", "setting", "event"])
      expect(JSON.stringify(await sql(`select * from ${table}`))).not.toContain(secret);
    expect(JSON.stringify(await people.keys.list())).not.toContain(secret);
  });

  it("makes its bearer known by either header, and by one of them only", async () => {
    const { text } = await people.keys.create({ user: user.id, name: "both", role: "viewer" }, OPERATOR);
    const both = new Headers({ "x-api-key": text, authorization: `Bearer ${text}` });

    const principal = { id: user.id, role: "viewer", accounts: ["linode-main"], via: "api-key" };
    expect(await people.authenticate(new Headers({ "x-api-key": text }), HERE)).toMatchObject(principal);
    expect(await authenticate(text, elsewhere)).toMatchObject(principal);
    expect(await codeOf(people.authenticate(both, HERE))).toBe("UNAUTHENTICATED");
    expect(await people.authenticate(new Headers(), HERE)).toBeUndefined();
    for (const authorization of ["Basic YTpi", "Bearer", `Bearer ${text} ${text}`, `Bearer ${"x".repeat(20_000)}`])
      expect(await codeOf(people.authenticate(new Headers({ authorization }), HERE))).toBe("UNAUTHENTICATED");
  });

  it("is refused with a wrong secret, an unknown id, when cut off, revoked, run out or of a disabled user", async () => {
    const { key, text } = await people.keys.create({ user: user.id, name: "wrong" }, OPERATOR);
    const wrong = [
      text.slice(0, -1) + (text.endsWith("A") ? "B" : "A"),
      text.slice(0, -43) + "A".repeat(43),
      `fw_${"0".repeat(20)}_${text.slice(-43)}`,
      text.slice(0, -1),
      "fw_",
    ];
    for (const bad of wrong) expect(await codeOf(authenticate(bad))).toBe("UNAUTHENTICATED");
    expect((await people.keys.list()).find(({ id }) => id === key.id)).not.toHaveProperty("lastUsedAt");

    expect(await codeOf(authenticate(text))).toBe("ok");
    await people.users.disable(user.id, OPERATOR);
    expect(await codeOf(authenticate(text))).toBe("UNAUTHENTICATED");
    await people.users.change(user.id, { enabled: true }, OPERATOR);
    await sql("update api_key set expires_at = now() where id = $1", key.id);
    expect(await codeOf(authenticate(text))).toBe("UNAUTHENTICATED");
    await sql("update api_key set expires_at = null where id = $1", key.id);
    expect(await codeOf(authenticate(text))).toBe("ok");
    await people.keys.revoke(key.id, OPERATOR);
    expect(await codeOf(authenticate(text))).toBe("UNAUTHENTICATED");
    expect(await codeOf(people.keys.revoke(key.id, OPERATOR))).toBe("NOT_FOUND");
  });

  it("may never do more than its user, at making and ever after", async () => {
    const make = (wish: object, by = OPERATOR) => people.keys.create({ user: user.id, name: "more", ...wish }, by);
    for (const wish of [{ role: "admin" }, { accounts: ["do-main"] }, { accounts: ["linode-main", "do-main"] }])
      expect(await codeOf(make(wish))).toBe("FORBIDDEN");
    const { text } = await make({ owners: ["c-1", "c-2"] });

    expect(await authenticate(text)).toMatchObject({ role: "operator", owners: ["c-1", "c-2"] });
    await people.users.change(user.id, { role: "viewer", owners: ["c-2", "c-3"], accounts: [] }, OPERATOR);
    expect(await authenticate(text)).toMatchObject({ role: "viewer", owners: ["c-2"], accounts: [] });
    await people.users.change(user.id, { role: "operator", owners: null, accounts: ["linode-main"] }, OPERATOR);
  });

  it("is made by its user or an admin, and by no API key", async () => {
    const stranger = await addUser(people, "bob@example.org");
    const { key, text } = await people.keys.create({ user: user.id, name: "parent" }, { ...user, via: "session" });
    const asKey = (await authenticate(text))!;

    expect(await codeOf(people.keys.create({ user: user.id, name: "child" }, asKey))).toBe("FORBIDDEN");
    expect(await codeOf(people.keys.create({ user: user.id, name: "x" }, { ...stranger, via: "token" }))).toBe(
      "FORBIDDEN",
    );
    expect(await codeOf(people.keys.revoke(key.id, { ...stranger, via: "token" }))).toBe("NOT_FOUND");
    for (const wish of [{ name: "" }, { name: "two\nlines" }, { expiresAt: "2001-01-01" }, { expiresAt: "never" }])
      expect(await codeOf(people.keys.create({ user: user.id, name: "x", ...wish }, OPERATOR))).toBe("USAGE");
    await people.keys.revoke(key.id, { ...user, via: "token" });
  });

  it("has its last use written at most once a minute, over all controllers", async () => {
    const { key, text } = await people.keys.create({ user: user.id, name: "used" }, OPERATOR);
    const used = async () => (await people.keys.list()).find(({ id }) => id === key.id);
    await people.authenticate(bearer(text), "192.0.2.1");
    const first = await used();
    expect(first).toMatchObject({ lastUsedAt: expect.any(String), lastUsedFrom: "192.0.2.1" });

    await people.authenticate(bearer(text), "192.0.2.2");
    await elsewhere.authenticate(bearer(text), "192.0.2.3");
    expect(await used()).toEqual(first);

    await sql("update api_key set last_used_at = now() - interval '61 seconds' where id = $1", key.id);
    await elsewhere.authenticate(bearer(text), "192.0.2.3");
    expect(await used()).toMatchObject({ lastUsedFrom: "192.0.2.3" });
  });
});

describe("a web session", () => {
  it("is over at once where its user was disabled or it was ended, and within two seconds elsewhere", async () => {
    let at = 0;
    const [here, there] = [
      await peopleOf(store, dataDir, { steady: () => at }),
      await peopleOf(other, dataDir, { steady: () => at }),
    ];
    const whom = await addUser(here, "short@example.org");
    const cookieOf = async () => (await here.sessions.start(await signedIn(store, whom.id), HERE)).cookie;
    const [one, two] = [await cookieOf(), await cookieOf()];
    for (const by of [here, there])
      for (const cookie of [one, two]) expect(await by.sessions.principal(cookie)).toMatchObject({ id: whom.id });
    // Whoever has only the id of a session that is known is nobody.
    expect(await here.sessions.principal(`${one.slice(0, -43)}${two.slice(-43)}`)).toBeUndefined();

    await here.sessions.end(one, HERE);
    expect(await here.sessions.principal(one)).toBeUndefined();
    expect(await here.sessions.principal(two)).toBeDefined();
    await here.users.disable(whom.id, OPERATOR);
    expect(await here.sessions.principal(two)).toBeUndefined();

    at += 2_000;
    for (const cookie of [one, two]) expect(await there.sessions.principal(cookie)).toBeUndefined();
  });

  it("is known by its cookie until it ends, at every controller", async () => {
    const { cookie, maxAgeSeconds } = await start();

    expect(maxAgeSeconds).toBe(7 * 24 * 3600);
    const principal = await elsewhere.sessions.principal(cookie);
    expect(principal).toMatchObject({ id: user.id, via: "session", role: "operator" });
    expect(JSON.stringify(await sql("select * from web_session"))).not.toContain(cookie.slice(-43));
    expect(await people.sessions.list(user.id)).toMatchObject([{ id: cookie.split("_")[1], source: HERE }]);
    for (const wrong of ["", "fws_", cookie.slice(0, -43) + "A".repeat(43), cookie.replace("fws", "fwr")])
      expect(await people.sessions.principal(wrong)).toBeUndefined();

    await people.sessions.end(cookie, HERE);
    expect(await elsewhere.sessions.principal(cookie)).toBeUndefined();
    expect(await people.sessions.list(user.id)).toEqual([]);
  });

  it("ends when it is idle, old, of a disabled user or after another password", async () => {
    const begin = async () => (await start()).cookie;
    const alive = async (cookie: string) => (await people.sessions.principal(cookie)) !== undefined;

    const idle = await begin();
    await sql("update web_session set seen_at = now() - interval '7 hours 59 minutes'");
    expect(await alive(idle)).toBe(true);
    const [{ fresh }] = await sql(
      "select seen_at > now() - interval '1 minute' as fresh from web_session where ended_at is null",
    );
    expect(fresh).toBe(true);
    await sql("update web_session set seen_at = now() - interval '8 hours 1 minute'");
    expect(await alive(idle)).toBe(false);

    const old = await begin();
    await sql("update web_session set expires_at = now()");
    expect(await alive(old)).toBe(false);

    const kept = await begin();
    await people.users.disable(user.id, OPERATOR);
    expect(await alive(kept)).toBe(false);
    await people.users.change(user.id, { enabled: true }, OPERATOR);
    expect(await alive(kept)).toBe(false);

    const changed = await begin();
    await people.users.change(user.id, { password: "the next long password" }, OPERATOR);
    expect(await alive(changed)).toBe(false);
  });

  it("ends with all others, and with tokens, when its user or an admin signs the user out everywhere", async () => {
    const bob: Principal = { ...(await people.users.get("bob@example.org")), via: "session" };
    const ways = [
      () => people.users.signOut(user.id, { ...user, via: "session" }),
      () => people.users.signOut(user.email, OPERATOR),
    ];
    for (const way of ways) {
      const { cookie } = await start();
      const { accessToken } = await issue();
      expect(await codeOf(people.users.signOut(user.id, bob))).toBe("FORBIDDEN");
      expect(await codeOf(authenticate(accessToken))).toBe("ok");

      await way();

      expect(await people.sessions.principal(cookie)).toBeUndefined();
      expect(await codeOf(authenticate(accessToken))).toBe("UNAUTHENTICATED");
    }
  });

  it("is ended by nobody but its own user", async () => {
    const { cookie } = await start();
    const bob = await people.users.get("bob@example.org");
    const id = cookie.split("_")[1]!;

    expect(await people.sessions.endById(id, { ...bob, via: "session" }, HERE)).toBe(false);
    expect(await people.sessions.principal(cookie)).toBeDefined();
    expect(await people.sessions.endById(id, { ...user, via: "token" }, HERE)).toBe(true);
    expect(await people.sessions.principal(cookie)).toBeUndefined();
  });
});

describe("a password that is changed during a sign-in", () => {
  it.each([
    { what: "session", begin: (who: SignedIn) => people.sessions.start(who, HERE) },
    { what: "token", begin: (who: SignedIn) => people.tokens.issue(who) },
  ])("leaves no $what of the old one, whichever comes first", async ({ what, begin }) => {
    const email = `${what}@example.org`;
    const { id } = await addUser(people, email);
    const alive = async () => (await people.sessions.list(id)).length + (await families(id));
    const signInWith = (password: string) => people.signIn({ email, password, source: HERE });

    const before = await signInWith(PASSWORD);
    await people.users.change(id, { password: "the next long password" }, OPERATOR);
    expect(await codeOf(begin(before))).toBe("UNAUTHENTICATED");
    expect(await alive()).toBe(0);

    // At the same instant, over and over: whichever is second sees the other.
    for (let round = 0; round < 8; round += 1) {
      const who = await signedIn(store, id);
      await Promise.all([codeOf(begin(who)), elsewhere.users.signOut(id, OPERATOR)]);
      expect(await alive()).toBe(0);
    }
    expect(await codeOf(begin(await signInWith("the next long password")))).toBe("ok");
    expect(await alive()).toBe(1);
  });

  const families = async (id: string) =>
    Number(
      (await sql("select count(*) as many from token_family where person = $1 and revoked_at is null", id))[0].many,
    );
});
