import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whoOf } from "../../../controller/people/audit.ts";
import { type AuditFormat, auditExport } from "../../../controller/people/audit-export.ts";
import type { People } from "../../../controller/people/people.ts";
import { tidyPeople } from "../../../controller/people/tidy.ts";
import type { DumpColumn, DumpRow, DumpSource } from "../../../controller/store/dump.ts";
import { loadStore, openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { addUser, bearer, HERE, OPERATOR, PASSWORD, peopleOf, signedIn } from "./support.ts";

const dataDir = makeDataDir();
const restored = makeDataDir();
let store: Store;
let people: People;

beforeAll(async () => {
  store = await openStore({ dataDir });
  people = await peopleOf(store, dataDir);
});
afterAll(async () => {
  await store?.close();
  await removeDataDir(dataDir);
  await removeDataDir(restored);
});

const sql = async (text: string, ...values: unknown[]) => (await store.jobs.executeSql(text, values)).rows;

/** The log as it is exported. */
async function exported(by = people): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  for await (const line of auditExport(by.audit.entries(), "ndjson")) lines.push(line);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("the audit log", () => {
  it("has every change of people and keys and every sign-in, with who, what, whence, and no secret", async () => {
    const user = await addUser(people, "ada@example.org");
    const wrong = "not the right password";
    await people.signIn({ email: "ada@example.org", password: wrong, source: HERE }).catch(() => undefined);
    await people.signIn({ email: "hunter2hunter2", password: wrong, source: HERE }).catch(() => undefined);
    await people.signIn({ email: "ada@example.org", password: PASSWORD, source: HERE });
    const { accessToken, refreshToken } = await people.tokens.issue(await signedIn(store, user.id));
    const { cookie } = await people.sessions.start(await signedIn(store, user.id), HERE);
    const { key, text } = await people.keys.create({ user: user.id, name: "ci" }, { ...user, via: "session" }, HERE);
    await people.users.change(user.id, { role: "approver", password: `${PASSWORD} 2` }, OPERATOR, HERE);
    await people.keys.revoke(key.id, OPERATOR);
    const again = await people.tokens.issue(await signedIn(store, user.id));
    await people.tokens.revoke(again.accessToken, HERE);
    await people.users.disable(user.id, OPERATOR);
    await people.signIn({ email: "ada@example.org", password: `${PASSWORD} 2`, source: HERE }).catch(() => undefined);

    const entries = await exported();
    const object = "user ada@example.org";
    const ada = { id: user.id, email: "ada@example.org" };
    expect(entries).toMatchObject([
      { action: "user.added", object, who: OPERATOR, data: { role: "operator" } },
      { action: "sign-in.failed", object, source: HERE, data: { why: "wrong password" } },
      { action: "sign-in.failed", source: HERE, data: { why: "unknown user" } },
      { action: "sign-in", object, source: HERE, who: { ...ada, via: "password" } },
      { action: "key.added", object: `key ${key.id}`, source: HERE, who: { ...ada, via: "session" } },
      { action: "user.changed", object, source: HERE, data: { role: "approver", newPassword: true } },
      { action: "key.revoked", object: `key ${key.id}`, who: OPERATOR },
      { action: "sign-out", object, who: { ...ada, via: "token" } },
      { action: "user.disabled", object, who: OPERATOR },
      { action: "sign-in.failed", object, data: { why: "disabled" } },
    ]);
    const whole = JSON.stringify(entries);
    const [{ password }] = await sql("select password from person where id = $1", user.id);
    const hidden = [PASSWORD, wrong, accessToken, again.accessToken, refreshToken, cookie, text, password as string];
    for (const secret of [...hidden, "hunter2", text.slice(-43)]) expect(whole).not.toContain(secret);
    expect(entries.every(({ at }) => !Number.isNaN(Date.parse(String(at))))).toBe(true);
  });

  it("tells of a lock once, however many are refused by it", async () => {
    for (let index = 0; index < 9; index += 1)
      await people.signIn({ email: "lock@example.org", password: "wrong", source: "192.0.2.9" }).catch(() => undefined);

    const { entries } = await people.audit.list({ limit: 9 });
    expect(entries.filter(({ source, action }) => source === "192.0.2.9" && action === "sign-in.failed")).toHaveLength(
      5,
    );
    expect(entries.filter(({ action }) => action === "sign-in.locked")).toMatchObject([{ data: { by: "user" } }]);
  });

  it("takes secrets out of what others tell it", async () => {
    const { text } = await people.keys.create({ user: (await people.users.list())[0]!.id, name: "told" }, OPERATOR);
    const jwt = `eyJhbGciOiJIUzI1NiJ9.${"e".repeat(20)}.${"s".repeat(43)}`;

    const seq = await people.audit.audit({
      who: OPERATOR,
      action: "credential.set",
      object: `credential ${text}`,
      data: {
        account: "linode-main",
        token: "s3cret-1",
        nested: [{ newPassword: "s3cret-2", note: `with ${jwt} and ${text}`, hasToken: true, count: 3 }],
        nul: "a\0b",
      },
      source: "192.0.2.1",
    });

    const [entry] = (await people.audit.list({ limit: 1 })).entries;
    expect(entry).toMatchObject({
      seq,
      object: "credential [hidden]",
      data: {
        account: "linode-main",
        token: "[hidden]",
        nested: [{ newPassword: "[hidden]", note: "with [hidden] and [hidden]", hasToken: true, count: 3 }],
        nul: "ab",
      },
    });
  });

  it("is listed by pages, the newest first, or from a number on, and by who and what", async () => {
    const all = (await people.audit.list({ limit: 1000 })).entries;
    const paged: number[] = [];
    for (let before: number | undefined; ; ) {
      const page = await people.audit.list({ limit: 4, ...(before !== undefined && { before }) });
      paged.push(...page.entries.map(({ seq }) => seq));
      if (page.next === undefined) break;
      before = page.next;
    }

    expect(paged).toEqual(all.map(({ seq }) => seq));
    expect(paged).toEqual([...paged].sort((one, other) => other - one));
    const after = (await people.audit.list({ after: all.at(-3)!.seq, limit: 2 })).entries;
    expect(after.map(({ seq }) => seq)).toEqual([all.at(-4)!.seq, all.at(-5)!.seq]);
    expect((await people.audit.list({ object: "user ada@example.org", action: "sign-in" })).entries).toHaveLength(1);
    expect((await people.audit.list({ email: "nobody@example.org" })).entries).toEqual([]);
  });

  it("names the API key that something was done with", async () => {
    const user = await addUser(people, "keyed@example.org");
    const { key, text } = await people.keys.create({ user: user.id, name: "ci" }, OPERATOR);
    const who = await people.authenticate(bearer(text), HERE);

    await people.audit.audit({ who: whoOf(who!), action: "api.poke" });

    const { entries } = await people.audit.list({ limit: 1 });
    expect(entries[0]?.who).toEqual({ id: user.id, email: user.email, via: "api-key", key: key.id });
  });

  it("is a table for other programs, in which nothing runs", async () => {
    const entry = { seq: 7, at: "2026-01-02T03:04:05.000Z", action: "told" };
    async function* entries() {
      yield { ...entry, who: { id: "u", email: "=cmd()@example.org", via: "api-key" as const, key: "k" } };
      yield { ...entry, object: 'a "b", c\nd', data: { x: 1 } };
    }
    const of = async (format: AuditFormat) => (await Array.fromAsync(auditExport(entries(), format))).join("");

    expect(await of("csv")).toBe(
      [
        "seq,at,id,email,via,key,action,object,source,data",
        "7,2026-01-02T03:04:05.000Z,u,'=cmd()@example.org,api-key,k,told,,,",
        '7,2026-01-02T03:04:05.000Z,,,,,told,"a ""b"", c\nd",,"{""x"":1}"',
        "",
      ].join("\r\n"),
    );
    expect(
      (await of("ndjson"))
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).seq),
    ).toEqual([7, 7]);
  });

  it.each([
    "update audit set action = 'x'",
    "delete from audit",
    "truncate audit",
    "set fleetwright.pruning_audit = 'on'; delete from audit",
    "update audit set at = now() - interval '1 year'",
  ])("is not changed, not even by hand: %s", async (statement) => {
    const before = await exported();

    await expect(sql(statement)).rejects.toThrow("the audit log is only added to");

    expect(await exported()).toEqual(before);
  });

  it("loses by age what an operator says, never the last thirty days, and tells of it", async () => {
    await sql(
      `insert into audit (at, action) values (now() - interval '400 days', 'old'), (now() - interval '40 days', 'newer')`,
    );
    const before = await exported();
    const tidy = (days?: string) =>
      tidyPeople({ store, environment: days === undefined ? {} : { FLEETWRIGHT_AUDIT_DAYS: days } });

    expect(await tidy()).toBe(0);
    for (const days of ["29", "many", "-1"]) await expect(tidy(days)).rejects.toMatchObject({ code: "USAGE" });
    expect(await exported()).toEqual(before);
    expect(await tidy("365")).toBe(1);
    const left = await exported();
    expect(left.map(({ action }) => action)).toEqual([
      ...before.map(({ action }) => action).filter((action) => action !== "old"),
      "audit.pruned",
    ]);
    expect(left.at(-1)).toMatchObject({ who: { via: "controller" }, data: { days: 365, removed: 1 } });
    // Even the one function that removes keeps to it.
    await sql("select prune_audit(0)");
    expect((await exported()).map(({ action }) => action)).not.toContain("newer");
    expect(await exported()).toHaveLength(left.length - 1);
  });

  it("forgets what has long ended, and keeps what has not", async () => {
    const user = await people.users.change("ada@example.org", { enabled: true }, OPERATOR);
    await people.tokens.issue(await signedIn(store, user.id));
    const { cookie } = await people.sessions.start(await signedIn(store, user.id), HERE);
    await sql("update token_family set expires_at = now() - interval '2 days'");
    await sql("update sign_in_attempt set last_at = now() - interval '2 days' where key like 'source%'");

    await tidyPeople({ store, environment: {} });

    expect(await sql("select 1 from refresh_token")).toEqual([]);
    expect(await sql("select key from sign_in_attempt where key like 'source%'")).toEqual([]);
    expect(await people.sessions.principal(cookie)).toBeDefined();
  });
});

describe("a backup", () => {
  it("has people, keys and the audit log, and no sign-in that was going on", async () => {
    const user = await people.users.get("ada@example.org");
    const { text } = await people.keys.create(
      { user: user.id, name: "kept", owners: ["c-1", "it's, {odd}"] },
      OPERATOR,
    );
    const { accessToken, refreshToken } = await people.tokens.issue(await signedIn(store, user.id));
    const { cookie } = await people.sessions.start(await signedIn(store, user.id), HERE);
    const tables = new Map<string, { columns: DumpColumn[]; rows: DumpRow[] }>();
    let migrations: string[] = [];
    await store.dump({
      migrations: async (names) => {
        migrations = names;
      },
      table: async (name, columns) => void tables.set(name, { columns, rows: [] }),
      rows: async (name, rows) => void tables.get(name)!.rows.push(...rows),
    });
    const source: DumpSource = {
      migrations,
      tables: [...tables].map(([name, { columns, rows }]) => ({
        name,
        columns,
        async *rows() {
          if (rows.length > 0) yield rows;
        },
      })),
    };

    await loadStore({ dataDir: restored }, source);

    const other = await openStore({ dataDir: restored });
    try {
      const there = await peopleOf(other, restored);
      expect(await there.users.list()).toEqual(await people.users.list());
      expect(await there.keys.list()).toEqual(await people.keys.list());
      expect(await exported(there)).toEqual(await exported());
      expect(await there.authenticate(bearer(text), HERE)).toMatchObject({
        id: user.id,
        owners: ["c-1", "it's, {odd}"],
      });
      expect(await there.signIn({ email: user.email, password: `${PASSWORD} 2`, source: HERE })).toMatchObject({
        id: user.id,
      });
      await expect(there.authenticate(bearer(accessToken), HERE)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      await expect(there.tokens.refresh(refreshToken, HERE)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      expect(await there.sessions.principal(cookie)).toBeUndefined();
      await expect(other.jobs.executeSql("delete from audit")).rejects.toThrow("only added to");
      const numbers = (await exported(there)).map(({ seq }) => Number(seq));
      expect(await there.audit.audit({ action: "next" })).toBe(Math.max(...numbers) + 1);
    } finally {
      await other.close();
    }
  });
});
