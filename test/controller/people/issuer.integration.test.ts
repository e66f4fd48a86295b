import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPeople, type People } from "../../../controller/people/people.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { addUser, bearer, HERE, OPERATOR, peopleOf, signedIn } from "./support.ts";

const dataDir = makeDataDir();
const AUDIENCE = "fleetwright-api";
let store: Store;
let server: Server;
let issuer: string;
let down = false;
let keys: Record<"rsa" | "ec" | "unpublished", { publicKey: CryptoKey; privateKey: CryptoKey }>;
let people: People;

beforeAll(async () => {
  store = await openStore({ dataDir });
  keys = {
    rsa: await generateKeyPair("RS256", { extractable: true }),
    ec: await generateKeyPair("ES256", { extractable: true }),
    unpublished: await generateKeyPair("RS256", { extractable: true }),
  };
  const published = await Promise.all(
    (["rsa", "ec"] as const).map(async (kid) => ({ ...(await exportJWK(keys[kid].publicKey)), kid, use: "sig" })),
  );
  server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    if (down) response.statusCode = 503;
    const isDescription = request.url === "/.well-known/openid-configuration";
    response.end(JSON.stringify(isDescription ? { issuer, jwks_uri: `${issuer}/keys` } : { keys: published }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  people = await open();
  await addUser(people, "ada@example.org");
});
afterAll(async () => {
  server?.close();
  await store?.close();
  await removeDataDir(dataDir);
});

const open = (environment: Record<string, string> = {}) =>
  peopleOf(store, dataDir, {
    environment: { FLEETWRIGHT_OIDC_ISSUER: issuer, FLEETWRIGHT_OIDC_AUDIENCE: AUDIENCE, ...environment },
  });
const seconds = (offset = 0) => Math.floor(Date.now() / 1000) + offset;

function claims(changes: JWTPayload = {}): JWTPayload {
  return {
    iss: issuer,
    aud: AUDIENCE,
    sub: "subject-of-ada",
    email: "ADA@example.org",
    email_verified: true,
    iat: seconds(),
    exp: seconds(300),
    ...changes,
  };
}

const sign = (payload: JWTPayload, kid: "rsa" | "ec" = "rsa", key = keys[kid].privateKey) =>
  new SignJWT(payload).setProtectedHeader({ alg: kid === "rsa" ? "RS256" : "ES256", kid }).sign(key);
const authenticate = async (token: string | Promise<string>, by = people) =>
  await by.authenticate(bearer(await token), HERE);
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "ok",
    (error: { code: string }) => error.code,
  );

describe("a token of the configured issuer", () => {
  it("makes known whoever has its verified mail address, and from then on its subject, whatever the address", async () => {
    expect(await codeOf(authenticate(sign(claims({ email_verified: false }))))).toBe("UNAUTHENTICATED");
    expect(await codeOf(authenticate(sign(claims({ email_verified: "true" }))))).toBe("UNAUTHENTICATED");

    expect(await authenticate(sign(claims()))).toMatchObject({
      email: "ada@example.org",
      role: "operator",
      via: "token",
    });
    expect(await authenticate(sign(claims({ email: "ada@elsewhere.example" }), "ec"))).toMatchObject({
      email: "ada@example.org",
    });
    // The address has gone to somebody else at the issuer.
    expect(await codeOf(authenticate(sign(claims({ sub: "somebody-else" }))))).toBe("UNAUTHENTICATED");
    await people.users.change("ada@example.org", { subject: null }, OPERATOR);
    expect(await codeOf(authenticate(sign(claims({ sub: "somebody-else" }))))).toBe("ok");
    await people.users.change("ada@example.org", { subject: null }, OPERATOR);
  });

  it("makes nobody a user, and lets no one in who is disabled", async () => {
    await expect(authenticate(sign(claims({ sub: "x", email: "new@example.org" })))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("an admin adds people"),
    });
    expect(await people.users.list()).toHaveLength(1);
    const token = await sign(claims());
    expect(await codeOf(authenticate(token))).toBe("ok");
    await people.users.disable("ada@example.org", OPERATOR);
    expect(await codeOf(authenticate(token))).toBe("UNAUTHENTICATED");
    await people.users.change("ada@example.org", { enabled: true }, OPERATOR);
  });

  it("makes a requester of somebody new where a documented service welcomes them, about what is theirs alone", async () => {
    const welcome = async (changes: JWTPayload) => await people.welcome(bearer(await sign(claims(changes))), HERE);
    const newcomer = { sub: "new-one", email: "new@example.org", role: "admin" };

    expect(await codeOf(welcome({ ...newcomer, email_verified: false }))).toBe("UNAUTHENTICATED");
    const [first, second] = await Promise.all([welcome(newcomer), welcome({ ...newcomer, iat: seconds(-1) })]);
    expect(first).toMatchObject({ email: "new@example.org", role: "requester", owners: ["new@example.org"] });
    expect(second!.id).toBe(first!.id);
    await people.users.disable("new@example.org", OPERATOR);
    expect(await codeOf(welcome(newcomer))).toBe("UNAUTHENTICATED");
    // Who is known is who they were.
    expect(await welcome({})).toMatchObject({ email: "ada@example.org", role: "operator" });
  });

  it("is one sign-in in the audit log, however often it comes", async () => {
    const signIns = async () =>
      (await people.audit.list({ action: "sign-in", email: "ada@example.org" })).entries.length;
    const before = await signIns();
    const token = await sign(claims({ iat: seconds(60), exp: seconds(400) }));

    await authenticate(token);
    await authenticate(token, await open());

    expect(await signIns()).toBe(before + 1);
  });

  it.each<{ what: string; token: () => Promise<string> }>([
    { what: "run out", token: () => sign(claims({ exp: seconds(-60) })) },
    { what: "for another audience", token: () => sign(claims({ aud: "another-service" })) },
    { what: "without an audience", token: () => sign(claims({ aud: undefined })) },
    { what: "without an end", token: () => sign(claims({ exp: undefined })) },
    { what: "without a subject", token: () => sign(claims({ sub: undefined })) },
    {
      what: "signed by a key that the issuer does not publish",
      token: () => sign(claims(), "rsa", keys.unpublished.privateKey),
    },
    {
      what: "signed with the issuer's public key as a secret (HS/RS confusion)",
      token: async () =>
        await new SignJWT(claims())
          .setProtectedHeader({ alg: "HS256", kid: "rsa" })
          .sign(new TextEncoder().encode(await exportSPKI(keys.rsa.publicKey))),
    },
    {
      what: "of our own issuer and signed by the other",
      token: () => sign(claims({ iss: "urn:fleetwright:acme", aud: "urn:fleetwright:acme:api", sid: "x", jti: "x" })),
    },
    {
      what: "without a signature",
      token: async () => {
        const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
        return `${part({ alg: "none" })}.${part(claims())}.`;
      },
    },
  ])("is refused: $what", async ({ token }) => {
    expect(await codeOf(authenticate(await token()))).toBe("UNAUTHENTICATED");
  });

  it("is worth nothing where no issuer is configured, or another", async () => {
    const token = await sign(claims());

    expect(await codeOf(authenticate(token, await peopleOf(store, dataDir)))).toBe("UNAUTHENTICATED");
    const another = await open({ FLEETWRIGHT_OIDC_ISSUER: "https://login.example.org" });
    expect(await codeOf(authenticate(token, another))).toBe("UNAUTHENTICATED");
  });

  it("is nobody's fault while the issuer is down: our own tokens go on, and so does the issuer's afterwards", async () => {
    const fresh = await open();
    const own = await fresh.tokens.issue(await signedIn(store, (await fresh.users.get("ada@example.org")).id));
    down = true;
    const refused = authenticate(sign(claims()), fresh);
    await expect(refused).rejects.toMatchObject({ code: "ISSUER_UNAVAILABLE" });
    expect(await codeOf(authenticate(own.accessToken, fresh))).toBe("ok");

    down = false;
    expect(await codeOf(authenticate(sign(claims()), fresh))).toBe("ok");
    const direct = await open({ FLEETWRIGHT_OIDC_JWKS_URL: `${issuer}/keys` });
    down = true;
    expect(await codeOf(authenticate(sign(claims()), direct))).toBe("ISSUER_UNAVAILABLE");
    down = false;
    expect(await codeOf(authenticate(sign(claims()), direct))).toBe("ok");
  });

  it.each([
    { environment: { FLEETWRIGHT_OIDC_ISSUER: "https://login.example.org" }, says: "FLEETWRIGHT_OIDC_AUDIENCE is not" },
    {
      environment: { FLEETWRIGHT_OIDC_ISSUER: "http://login.example.org", FLEETWRIGHT_OIDC_AUDIENCE: "a" },
      says: "must be an https address",
    },
    {
      environment: {
        FLEETWRIGHT_OIDC_ISSUER: "https://login.example.org",
        FLEETWRIGHT_OIDC_AUDIENCE: "a",
        FLEETWRIGHT_OIDC_JWKS_URL: "file:///etc/keys",
      },
      says: "FLEETWRIGHT_OIDC_JWKS_URL must be an https address",
    },
  ])("is not taken by settings that are not safe: $says", async ({ environment, says }) => {
    const opened = openPeople({ store, dataDir, environment, fleetId: "acme", now: Date.now });

    await expect(opened).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining(says) });
  });
});
