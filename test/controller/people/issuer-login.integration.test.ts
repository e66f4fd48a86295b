import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { People } from "../../../controller/people/people.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { CLIENT, Issuer, PAGE } from "./oidc.ts";
import { addUser, OPERATOR, peopleOf, signedIn } from "./support.ts";

/** Signing in to the page at a real OpenID provider on loopback. */
const dataDir = makeDataDir();
const ADA = { sub: "ada-1", email: "Ada@example.org", email_verified: true };
let store: Store;
let issuer: Issuer;
let people: People;
let sources = 0;

beforeAll(async () => {
  store = await openStore({ dataDir });
  issuer = await Issuer.start();
  people = await open();
  for (const name of ["ada", "bob", "dan"]) await addUser(people, `${name}@example.org`);
});
afterAll(async () => {
  await issuer?.close();
  await store?.close();
  await removeDataDir(dataDir);
});

const open = (environment: Record<string, string | undefined> = {}) =>
  peopleOf(store, dataDir, { environment: { ...issuer.environment(), ...environment } });
const secretOf = (name: string) => `${name}-${"s".repeat(43)}`;
/** Of a new address each: failures of one are no others'. */
const here = () => {
  sources += 1;
  return `192.0.2.${sources}`;
};

async function comeBack(
  secret: string,
  person: typeof ADA | "declines" = ADA,
  change?: (url: URL) => void,
): Promise<URLSearchParams> {
  issuer.person = person;
  const url = await people.login!.begin(secret);
  change?.(url);
  return (await issuer.visit(url)).searchParams;
}
const finish = (secret: string, answer: URLSearchParams, by = people) => by.login!.finish(secret, answer, here());
const refusalOf = async (promise: Promise<unknown>) =>
  await promise.then(
    () => ({ code: "ok", message: "" }),
    ({ code, message }: { code: string; message: string }) => ({ code, message }),
  );
const last = async () => (await people.audit.list({ limit: 1 })).entries[0];

describe("signing in at the issuer", () => {
  it("asks by code with PKCE, and makes known whoever has the verified mail address, then the subject", async () => {
    const url = await people.login!.begin(secretOf("first"));
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: "code",
      client_id: CLIENT.id,
      redirect_uri: `${PAGE}/ui/sign-in/return`,
      code_challenge_method: "S256",
      scope: "openid email profile",
    });
    expect(url.href).not.toContain(CLIENT.secret);

    const user = await finish(secretOf("first"), await comeBack(secretOf("first")));

    expect(user).toMatchObject({ email: "ada@example.org", role: "operator" });
    expect(await people.users.get("ada@example.org")).toMatchObject({ subject: `${issuer.url} ada-1` });
    expect(await last()).toMatchObject({ action: "sign-in", who: { email: "ada@example.org", via: "issuer" } });
    // Another address at the issuer by now.
    const renamed = await comeBack(secretOf("again"), { ...ADA, email: "bob@example.org" });
    expect(await finish(secretOf("again"), renamed)).toMatchObject({ id: user.id });
    expect(JSON.stringify((await people.audit.list({ limit: 50 })).entries)).not.toContain(CLIENT.secret);
  });

  it("takes an answer in no other browser, and with no other state, nonce or verifier", async () => {
    const other = await comeBack(secretOf("mine"));
    expect(await refusalOf(finish(secretOf("theirs"), other))).toMatchObject({
      code: "UNAUTHENTICATED",
      message: "the answer of the issuer is not for this sign-in: begin anew",
    });
    expect(await last()).toMatchObject({ action: "sign-in.failed", data: { by: "issuer" } });
    const changed: Record<string, (url: URL) => void> = {
      state: (url) => url.searchParams.set("state", "x".repeat(43)),
      nonce: (url) => url.searchParams.set("nonce", "x".repeat(43)),
      verifier: (url) => url.searchParams.set("code_challenge", "x".repeat(43)),
    };
    for (const [what, change] of Object.entries(changed)) {
      const answer = await comeBack(secretOf(what), ADA, change);
      expect(answer.get("code")).toBeTruthy();
      expect([what, (await refusalOf(finish(secretOf(what), answer))).code]).toEqual([what, "UNAUTHENTICATED"]);
    }
  });

  it("takes an answer once", async () => {
    const answer = await comeBack(secretOf("once"));
    await finish(secretOf("once"), answer);

    expect(await refusalOf(finish(secretOf("once"), answer))).toMatchObject({
      code: "UNAUTHENTICATED",
      message: "this sign-in was used before or took too long: begin anew",
    });
  });

  it("takes no token that was made for another client, nor one that says nothing of whom", async () => {
    const answer = await comeBack(secretOf("aud"));
    const url = await people.login!.begin(secretOf("aud"));
    issuer.answer = { status: 200, body: await issuer.tokensOfAnother(url.searchParams.get("nonce")!) };
    expect(issuer.answer.body).toContain("id_token");
    expect((await refusalOf(finish(secretOf("aud"), answer))).code).toBe("UNAUTHENTICATED");
    issuer.answer = { status: 200, body: '{"access_token":"x","token_type":"Bearer"}' };
    expect((await refusalOf(finish(secretOf("aud"), answer))).code).not.toBe("ok");
    issuer.answer = undefined;
    expect((await refusalOf(finish(secretOf("aud"), answer))).code).toBe("ok");
  });

  it("makes nobody a user, and lets in nobody who is disabled or whose address is not verified", async () => {
    const { id } = await people.users.get("dan@example.org");
    await people.users.disable(id, OPERATOR);
    for (const person of [
      { sub: "eve-1", email: "eve@example.org", email_verified: true },
      { sub: "bob-1", email: "bob@example.org", email_verified: false },
      { sub: "dan-1", email: "dan@example.org", email_verified: true },
      { sub: "not-ada", email: "ada@example.org", email_verified: true },
    ]) {
      const refusal = await refusalOf(finish(secretOf(person.sub), await comeBack(secretOf(person.sub), person)));
      expect([person.sub, refusal.code]).toEqual([person.sub, "UNAUTHENTICATED"]);
      expect(refusal.message).toContain("an admin adds people");
      expect(await last()).toMatchObject({
        action: "sign-in.refused",
        data: { subject: `${issuer.url} ${person.sub}` },
      });
    }
    expect(await people.users.list()).toHaveLength(3);
  });

  it("tells what the issuer said, and what is wrong with the settings", async () => {
    expect(await refusalOf(finish(secretOf("no"), await comeBack(secretOf("no"), "declines")))).toMatchObject({
      code: "UNAUTHENTICATED",
      message: "the issuer did not sign you in: access_denied, the person does not want to",
    });
    const wrong = await open({ FLEETWRIGHT_OIDC_CLIENT_SECRET: "not the secret of this client" });
    const refused = await refusalOf(finish(secretOf("wrong"), await comeBack(secretOf("wrong")), wrong));
    expect(refused).toMatchObject({ code: "ISSUER_UNAVAILABLE" });
    expect(refused.message).toContain("refuses this controller (status 401)");
    issuer.answer = { status: 503, body: "down" };
    expect((await refusalOf(finish(secretOf("down"), await comeBack(secretOf("down"))))).code).toBe(
      "ISSUER_UNAVAILABLE",
    );
    issuer.answer = undefined;
    const away = await open({ FLEETWRIGHT_OIDC_ISSUER: "http://127.0.0.1:9" });
    expect((await refusalOf(away.login!.begin(secretOf("away")))).code).toBe("ISSUER_UNAVAILABLE");
  });

  it("reads the client's secret from a file, and says when it cannot", async () => {
    const file = join(dataDir, "client-secret");
    const byFile = await open({ FLEETWRIGHT_OIDC_CLIENT_SECRET: undefined, FLEETWRIGHT_OIDC_CLIENT_SECRET_FILE: file });
    expect((await refusalOf(byFile.login!.begin(secretOf("file")))).message).toContain("client-secret");
    writeFileSync(file, `${CLIENT.secret}\n`);
    chmodSync(file, 0o600);

    expect(await finish(secretOf("file"), await comeBack(secretOf("file")), byFile)).toMatchObject({
      email: "ada@example.org",
    });
  });

  it("is slowed down by its failures, of whomever they were", async () => {
    const source = "192.0.2.200";
    const answer = new URLSearchParams({ code: "x", state: "x" });
    const codes = new Set<string>();
    for (let index = 0; index < 31; index += 1)
      codes.add((await refusalOf(people.login!.finish(secretOf("guess"), answer, source))).code);

    expect([...codes]).toEqual(["UNAUTHENTICATED", "TOO_MANY"]);
  });

  it("leaves no session where all of the user's were ended meanwhile", async () => {
    const user = await finish(secretOf("late"), await comeBack(secretOf("late")));
    await people.users.signOut(user.id, OPERATOR);

    expect((await refusalOf(people.sessions.start(user, here()))).code).toBe("UNAUTHENTICATED");
    expect((await refusalOf(people.sessions.start(await signedIn(store, user.id), here()))).code).toBe("ok");
  });

  it.each([
    { what: { FLEETWRIGHT_PAGE_URL: undefined }, says: "FLEETWRIGHT_PAGE_URL" },
    { what: { FLEETWRIGHT_PAGE_URL: "http://fleet.example.org" }, says: "must be an https address" },
    { what: { FLEETWRIGHT_PAGE_URL: `${PAGE}/below` }, says: "without a path" },
    { what: { FLEETWRIGHT_OIDC_ISSUER: undefined }, says: "FLEETWRIGHT_OIDC_ISSUER is not" },
    { what: { FLEETWRIGHT_OIDC_CLIENT_SECRET_FILE: "/run/secret" }, says: "set either" },
  ])("is refused with settings that say too little: $says", async ({ what, says }) => {
    await expect(open(what)).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining(says) });
  });
});
