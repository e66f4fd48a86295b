import { hash } from "@node-rs/argon2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LOCKOUT } from "../../../controller/people/attempts.ts";
import { argon2id, type Hasher } from "../../../controller/people/passwords.ts";
import type { People } from "../../../controller/people/people.ts";
import type { Principal } from "../../../controller/people/principal.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { addUser, countingHasher, HERE, OPERATOR, PASSWORD, peopleOf } from "./support.ts";

const dataDir = makeDataDir();
let store: Store;
/** Another controller's. */
let other: Store;
let people: People;
let elsewhere: People;

beforeAll(async () => {
  store = await openStore({ dataDir });
  other = await openStore({ dataDir });
  people = await peopleOf(store, dataDir);
  elsewhere = await peopleOf(other, dataDir);
});
afterAll(async () => {
  await store?.close();
  await other?.close();
  await removeDataDir(dataDir);
});

const sql = async (text: string, ...values: unknown[]) => (await store.jobs.executeSql(text, values)).rows;
const signIn = (by: People, email: string, password = PASSWORD, source = HERE) =>
  by.signIn({ email, password, source });
/** As if so much time had gone by for all that waits. */
const pass = (seconds: number) =>
  sql(
    `update sign_in_attempt set until = until - $1 * interval '1 second', since = since - $1 * interval '1 second', last_at = last_at - $1 * interval '1 second'`,
    seconds,
  );
const forget = () => sql("delete from sign_in_attempt");

/** Has every change of a person take a while, so that two at once overlap. */
async function slowly<T>(change: () => Promise<T>): Promise<T> {
  await sql(`create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return null; end $$;
    create trigger dawdle after insert or update on person for each row execute function dawdle()`);
  try {
    return await change();
  } finally {
    await sql("drop trigger dawdle on person; drop function dawdle()");
  }
}

describe("the first admin", () => {
  it("is made once, also by two controllers at the same time", async () => {
    const wish = { name: "Ada", password: PASSWORD };
    const made = await slowly(() =>
      Promise.allSettled([
        people.users.createFirst({ ...wish, email: "ada@example.org" }, OPERATOR),
        elsewhere.users.createFirst({ ...wish, email: "eve@example.org" }, OPERATOR),
      ]),
    );

    expect(made.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(made.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "CONFLICT" } });
    const [admin] = await people.users.list();
    expect(admin).toMatchObject({ name: "Ada", role: "admin", enabled: true, hasPassword: true });
    expect(admin).not.toHaveProperty("accounts");
    await people.users.change(admin!.id, { email: "ada@example.org" }, OPERATOR);
  });

  it("is never taken away as the last one, in whatever way", async () => {
    const last = "the last enabled admin";
    const ways = [{ enabled: false }, { role: "operator" }, { accounts: ["linode-main"] }, { owners: [] }] as const;

    for (const edit of ways) await expect(people.users.change("ada@example.org", edit, OPERATOR)).rejects.toThrow(last);
    expect(await people.users.get("ada@example.org")).toMatchObject({ role: "admin", enabled: true });
  });

  it("is left by one of two who take each other's role at the same time", async () => {
    const second = await addUser(people, "second@example.org", { role: "admin" });
    const first = await people.users.get("ada@example.org");

    const done = await slowly(() =>
      Promise.allSettled([
        people.users.change(first.id, { role: "viewer" }, OPERATOR),
        elsewhere.users.change(second.id, { role: "viewer" }, OPERATOR),
      ]),
    );

    expect(done.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await people.users.list()).filter(({ role }) => role === "admin")).toHaveLength(1);
    await people.users.change(first.id, { role: "admin" }, OPERATOR);
    await people.users.change(second.id, { role: "admin", enabled: false }, OPERATOR);
  });
});

describe("users", () => {
  it("have one mail address each, however it is written", async () => {
    const user = await addUser(people, "Grace@Example.org", { owners: ["c-1"], accounts: [] });

    expect(await people.users.get(" grace@example.ORG")).toEqual(user);
    expect(user).toMatchObject({ email: "Grace@Example.org", owners: ["c-1"], accounts: [] });
    await expect(addUser(people, "gRACE@example.org")).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(people.users.change(user.id, { email: "ADA@example.org" }, OPERATOR)).rejects.toMatchObject({
      code: "CONFLICT",
    });
  });

  it.each([
    { what: "a short password", password: "eleven char", says: "from 12" },
    { what: "a password that is the mail address", password: "Weak@Example.org", says: "not the mail address" },
    { what: "one character again and again", password: "aaaaaaaaaaaaaaaa", says: "different characters" },
    { what: "a name that git cannot write", name: "Weak <weak>", says: "git can write" },
    { what: "a name of two lines", name: "Weak\rApproved-by: eve", says: "one line" },
    { what: "an unknown role", role: "root", says: "a role is one of" },
    { what: "an empty account", accounts: [""], says: "lists of names" },
  ])("are refused with $what, and the password is in no message", async ({ says, what: _, ...wish }) => {
    const refusal = addUser(people, "weak@example.org", wish as object);

    await expect(refusal).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining(says) });
    if (wish.password) await expect(refusal).rejects.not.toThrow(wish.password);
    await expect(people.users.get("weak@example.org")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("are changed by admins alone, who give and touch nothing beyond their own", async () => {
    const grace = await people.users.get("grace@example.org");
    const as = (standing: Partial<Principal>): Principal => ({
      id: grace.id,
      name: "",
      email: "x@example.org",
      role: "admin",
      via: "token",
      ...standing,
    });
    const small = as({ owners: ["c-1"] });

    await expect(people.users.change(grace.id, { name: "G" }, as({ role: "operator" }))).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    const scoped = await people.users.create(
      { name: "C", email: "c@example.org", role: "requester", owners: ["c-1"] },
      small,
    );
    expect(scoped).toMatchObject({ owners: ["c-1"], hasPassword: false });
    for (const edit of [{ owners: null }, { owners: ["c-1", "c-2"] }])
      await expect(people.users.change(scoped.id, edit, small)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(people.users.change("ada@example.org", { name: "Mine" }, small)).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await expect(
      people.users.create({ name: "D", email: "d@example.org", role: "viewer" }, small),
    ).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("change their own password with the present one, and wrong ones count as failed sign-ins", async () => {
    const user = await addUser(people, "own@example.org");
    const who: Principal = { ...user, via: "session" };
    const change = (present: string, wanted = "another long password") =>
      people.users.changeOwnPassword(who, { present, wanted }, HERE);

    await expect(change("wrong")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(change(PASSWORD, "short")).rejects.toMatchObject({ code: "USAGE" });
    await change(PASSWORD);

    await expect(signIn(people, "own@example.org")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await signIn(people, "own@example.org", "another long password")).toMatchObject({ id: user.id });
    for (let tries = 0; tries < 5; tries += 1) await change("wrong").catch(() => undefined);
    await expect(change("another long password")).rejects.toMatchObject({ code: "TOO_MANY" });
    await forget();
  });
});

describe("signing in", () => {
  it("answers the user, notes when, and takes the mail address as it comes", async () => {
    const user = await signIn(people, " ADA@example.org ");

    expect(user).toMatchObject({ email: "ada@example.org", role: "admin" });
    expect(user).not.toHaveProperty("password");
    expect(Date.parse((await people.users.get(user.id)).signedInAt!)).toBeGreaterThan(0);
  });

  it("does the same work and answers the same for whoever is unknown, disabled or without a password", async () => {
    const hasher = countingHasher();
    const counted = await peopleOf(store, dataDir, { hasher });
    const refusals: unknown[] = [];
    const works: string[][] = [];
    const who = ["ada@example.org", "nobody@example.org", "second@example.org", "c@example.org", "nul\0@example.org"];
    for (const email of who) {
      hasher.calls.length = 0;
      refusals.push(
        await signIn(counted, email, "a wrong password").catch((error) => ({ ...error, text: error.message })),
      );
      works.push([...hasher.calls]);
    }

    expect(works[0]).toEqual([expect.stringMatching(/^verify \$argon2id\$v=19\$m=19456,t=2,p=1 \d+$/)]);
    for (const work of works) expect(work).toEqual(works[0]);
    for (const refusal of refusals) expect(refusal).toEqual(refusals[0]);
    expect(refusals[0]).toMatchObject({ code: "UNAUTHENTICATED" });
    await forget();
  });

  it("hashes anew a password whose hash was made with other parameters", async () => {
    const user = await addUser(people, "old@example.org");
    const outdated = await hash(PASSWORD, { algorithm: 2, memoryCost: 8192, timeCost: 1, parallelism: 1 });
    await sql("update person set password = $1 where id = $2", outdated, user.id);

    await signIn(people, "old@example.org");

    const [{ password }] = await sql("select password from person where id = $1", user.id);
    expect(password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await signIn(people, "old@example.org");
    expect(await sql("select password from person where id = $1", user.id)).toEqual([{ password }]);
  });

  it("does not put an old password back that was changed while it was hashed anew", async () => {
    const user = await addUser(people, "raced@example.org");
    await sql("update person set password = $1 where id = $2", await hash(PASSWORD, { memoryCost: 8192 }), user.id);
    const meanwhile: Hasher = {
      ...argon2id,
      hash: async (password) => {
        await elsewhere.users.change(user.id, { password: "the next long password" }, OPERATOR);
        return await argon2id.hash(password);
      },
    };

    await signIn(await peopleOf(store, dataDir, { hasher: meanwhile }), "raced@example.org");

    await expect(signIn(people, "raced@example.org")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await signIn(people, "raced@example.org", "the next long password")).toMatchObject({ id: user.id });
  });

  it("waits after five failures, twice as long each time, over all controllers, and says how long", async () => {
    const refused = (by: People, password?: string) =>
      signIn(by, "grace@example.org", password).then(
        () => undefined,
        (error) => error,
      );
    for (const by of [people, elsewhere, people, elsewhere, people])
      expect(await refused(by, "wrong")).toMatchObject({ code: "UNAUTHENTICATED" });

    const locked = await refused(elsewhere);
    expect(locked).toMatchObject({ code: "TOO_MANY", message: expect.stringMatching(/come again in \d+ s/) });
    expect(locked.at.retryAfterSeconds).toBeGreaterThan(25);
    expect(locked.at.retryAfterSeconds).toBeLessThanOrEqual(30);

    await pass(31);
    expect(await refused(people, "wrong")).toMatchObject({ code: "UNAUTHENTICATED" });
    const again = await refused(people);
    expect(again.at.retryAfterSeconds).toBeGreaterThan(50);
    await pass(3600);
    expect(await refused(people)).toBeUndefined();
    expect(await refused(people, "wrong")).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await refused(elsewhere)).toBeUndefined();
    await forget();
  });

  it("lets no more guesses through when they come at once", async () => {
    const guesses = Array.from({ length: 12 }, (_, index) =>
      signIn(index % 2 ? people : elsewhere, "grace@example.org", "wrong", `192.0.2.${index}`).catch(
        ({ code }) => code,
      ),
    );

    const codes = await Promise.all(guesses);

    expect(codes.filter((code) => code === "UNAUTHENTICATED")).toHaveLength(5);
    expect(codes.filter((code) => code === "TOO_MANY")).toHaveLength(7);
    await forget();
  });

  it("locks unknown mail addresses in the same way, so that a lock tells of nobody", async () => {
    const tries: string[] = [];
    for (let index = 0; index < 6; index += 1)
      tries.push(await signIn(people, "nobody@example.org", "wrong").catch(({ code }) => code));

    expect(tries).toEqual([...Array<string>(5).fill("UNAUTHENTICATED"), "TOO_MANY"]);
    await forget();
  });

  it("bears thirty failures of one source, whoever they were for, an IPv6 network being one", async () => {
    const from = (index: number) => `2001:db8:0:7:${index.toString(16)}::1`;
    const attempt = (index: number) =>
      signIn(people, `guess-${index}@example.org`, "wrong", from(index)).catch((e) => e);
    for (let index = 0; index < 30; index += 1) expect(await attempt(index)).toMatchObject({ code: "UNAUTHENTICATED" });

    expect(await attempt(30)).toMatchObject({ code: "TOO_MANY", message: expect.stringContaining("this address") });
    await expect(signIn(elsewhere, "ada@example.org", PASSWORD, from(31))).rejects.toMatchObject({ code: "TOO_MANY" });
    expect(await signIn(people, "ada@example.org", PASSWORD, "2001:db8:0:8::1")).toMatchObject({ role: "admin" });
    await pass(15 * 60 + 1);
    expect(await signIn(people, "ada@example.org", PASSWORD, from(32))).toMatchObject({ role: "admin" });
    await forget();
  });

  it("does not clear a source's failures by one good sign-in", async () => {
    const strict = await peopleOf(store, dataDir, { lockout: { ...LOCKOUT, sourceFailures: 4 } });
    for (const email of ["a@example.org", "b@example.org", "c@example.org"])
      await signIn(strict, email, "wrong").catch(() => undefined);
    await signIn(strict, "ada@example.org");
    await signIn(strict, "d@example.org", "wrong").catch(() => undefined);

    await expect(signIn(strict, "ada@example.org")).rejects.toMatchObject({ code: "TOO_MANY" });
    await forget();
  });
});
