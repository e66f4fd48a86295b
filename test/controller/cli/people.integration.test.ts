import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../../controller/cli/main.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { Fleet } from "../../e2e/fleet.ts";
import { Serving } from "../../e2e/serving.ts";
import { bearer, HERE, peopleOf } from "../people/support.ts";
import { fakeIo } from "./fake-io.ts";

const PASSWORD = "a password of length";
let fleet: Fleet;
let store: Store;

beforeAll(async () => {
  fleet = new Fleet(undefined, { id: "acme" });
  fleet.commit("A fleet");
  // As beside a running controller: no command has to start and end the database.
  store = await openStore({ dataDir: fleet.dataDir });
});
afterAll(async () => {
  await store?.close();
  await fleet?.close();
});

/** One command in this process; `typed` is what stands on standard input. */
async function run(args: string[], typed?: string) {
  const io = fakeIo(typed === undefined ? {} : { secret: typed });
  const code = await main(["--fleet", fleet.dir, "--data", fleet.dataDir, ...args], io);
  return { code, out: io.stdout.join("\n"), err: io.stderr.join("\n") };
}

// biome-ignore lint/suspicious/noExplicitAny: what a command prints is what is looked at here.
async function json(args: string[], typed?: string): Promise<{ code: number; value: Record<string, any> }> {
  const { code, out } = await run([...args, "--json"], typed);
  expect(out.split("\n")).toHaveLength(1);
  return { code, value: JSON.parse(out) };
}
const people = () => peopleOf(store, fleet.dataDir);

describe("init-admin", () => {
  it("asks for a password, and makes the one who asks the first admin, once", async () => {
    expect(await json(["init-admin"])).toMatchObject({ code: 1, value: { error: { code: "USAGE" } } });
    expect(await json(["init-admin"], "short")).toMatchObject({ code: 1, value: { error: { code: "USAGE" } } });

    const { code, value } = await json(["init-admin"], PASSWORD);

    expect(code).toBe(0);
    expect(value.user).toMatchObject({ email: "ada@example.org", name: "Ada Operator", role: "admin" });
    const again = await json(["init-admin", "--email", "eve@example.org", "--name", "Eve"], PASSWORD);
    expect(again).toMatchObject({ code: 1, value: { error: { code: "CONFLICT" } } });
    expect(await (await people()).signIn({ email: "ada@example.org", password: PASSWORD, source: HERE })).toBeDefined();
  });

  it("takes the password from standard input of a real process, and shows it nowhere", async () => {
    const args = ["users", "set", "ada@example.org", "--password"];
    const bin = join(import.meta.dirname, "../../../bin/fleetwright.ts");
    const child = spawn(process.execPath, [bin, "--fleet", fleet.dir, "--data", fleet.dataDir, ...args], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
    child.stdin.end("piped password\n");

    expect(await once(child, "close")).toEqual([0, null]);
    expect(said).toContain("Changed ada@example.org");
    expect(said).not.toContain("piped");
    const signIn = (await people()).signIn({ email: "ada@example.org", password: "piped password", source: HERE });
    expect(await signIn).toBeDefined();
  });
});

describe("users", () => {
  it("are added with a password from a file, listed, changed and disabled", async () => {
    const file = join(fleet.root, "password");
    writeFileSync(file, `${PASSWORD}\n`, { mode: 0o600 });
    const add = ["users", "add", "bob@example.org", "--name", "Bob", "--role", "operator"];
    const { value } = await json([...add, "--account", "a,b", "--owner", "c-1", "--password-file", file]);
    expect(value.user).toMatchObject({ role: "operator", accounts: ["a", "b"], owners: ["c-1"], hasPassword: true });
    expect(
      await json(["users", "add", "sso@example.org", "--name", "S", "--role", "viewer", "--no-password"]),
    ).toMatchObject({ code: 0, value: { user: { hasPassword: false } } });

    expect(
      (await json(["users", "set", "bob@example.org", "--role", "approver", "--all-accounts"])).value.user,
    ).toMatchObject({ role: "approver", owners: ["c-1"] });
    expect((await json(["users", "disable", "bob@example.org"])).value.user).toMatchObject({ enabled: false });
    const { out } = await run(["users", "list"]);
    expect(out).toMatch(/^bob@example\.org +Bob +approver for the owners c-1 +disabled/m);
    expect(out).toMatch(/^ada@example\.org +Ada Operator +admin /m);
    expect((await json(["users", "list"])).value.users).toHaveLength(3);
    expect((await run(["users", "sign-out", "bob@example.org"])).out).toContain("Signed out bob@example.org");
    expect((await json(["users", "set", "bob@example.org", "--enable"])).value.user).toMatchObject({ enabled: true });
  });

  it.each([
    { args: ["users", "add", "x@example.org", "--name", "X", "--role", "root"], code: "USAGE" },
    { args: ["users", "add", "bob@example.org", "--name", "X", "--role", "viewer"], code: "CONFLICT" },
    { args: ["users", "disable", "nobody@example.org"], code: "NOT_FOUND" },
    { args: ["users", "disable", "ada@example.org"], code: "CONFLICT" },
    { args: ["users", "set", "bob@example.org", "--password-file", "/no/such/file"], code: "USAGE" },
  ])("are told what is wrong: $args", async ({ args, code }) => {
    expect(await json(args, PASSWORD)).toMatchObject({ code: 1, value: { error: { code } } });
  });
});

describe("tokens", () => {
  it("are printed once, alone on standard output, and work until they are revoked", async () => {
    const made = await run([
      "tokens",
      "add",
      "ci",
      "--user",
      "bob@example.org",
      "--role",
      "requester",
      "--expires-days",
      "90",
    ]);
    expect(made.code).toBe(0);
    expect(made.out).toMatch(/^fw_[0-9a-f]{20}_[A-Za-z0-9_-]{43}$/);
    expect(made.err).toContain("not shown again");
    const by = await people();
    expect(await by.authenticate(bearer(made.out), HERE)).toMatchObject({
      email: "bob@example.org",
      role: "requester",
    });

    const { value } = await json(["tokens", "list", "--user", "bob@example.org"]);
    expect(value.keys).toMatchObject([{ name: "ci", email: "bob@example.org", lastUsedFrom: HERE }]);
    const inDays = (Date.parse(value.keys[0].expiresAt) - Date.now()) / 86_400_000;
    expect(inDays).toBeGreaterThan(89.9);
    expect(inDays).toBeLessThan(90.1);
    expect(JSON.stringify(value)).not.toContain(made.out.slice(-43));
    expect(await json(["tokens", "revoke", value.keys[0].id])).toEqual({
      code: 0,
      value: { revoked: value.keys[0].id },
    });
    await expect(by.authenticate(bearer(made.out), HERE)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect((await run(["tokens", "list"])).out).toContain("revoked 2");
    expect((await json(["tokens", "add", "x", "--user", "bob@example.org", "--role", "admin"])).value).toMatchObject({
      error: { code: "FORBIDDEN" },
    });
  });

  it("of access get another key, now or later", async () => {
    const { value } = await json(["tokens", "rotate", "--in-minutes", "60"]);

    expect(Date.parse(value.from) - Date.now()).toBeGreaterThan(59 * 60_000);
    const file = join(fleet.dataDir, "token.keys");
    expect(readFileSync(file, "utf8")).toContain(value.kid);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe("audit", () => {
  it("shows who did all that, and exports it whole, a JSON object a line", async () => {
    const page = await run(["audit", "--limit", "2"]);
    expect(page.out.split("\n")).toHaveLength(2);
    expect(page.out).toContain("ada@example.org (command-line)");
    expect(page.out).toContain("token-key.added");
    expect(page.err).toMatch(/there are more: --before \d+/);
    const { value } = await json(["audit", "--object", "user bob@example.org", "--limit", "100"]);
    expect(value.entries.map(({ action }: { action: string }) => action)).toEqual([
      "user.changed",
      "user.signed-out",
      "user.disabled",
      "user.changed",
      "user.added",
    ]);

    const file = join(fleet.root, "audit.ndjson");
    const exported = await json(["audit", "--export", file]);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(exported.value).toEqual({ file, entries: lines.length });
    expect(JSON.parse(lines[0]!)).toMatchObject({ action: "user.first-admin", who: { email: "ada@example.org" } });
    expect(lines.join("")).not.toContain(PASSWORD);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await json(["audit", "--export", file])).toMatchObject({ code: 1, value: { error: { code: "USAGE" } } });
  });

  it("is shortened by the service where its operator says so, and not otherwise", async () => {
    await store.jobs.executeSql(`insert into audit (at, action) values (now() - interval '200 days', 'long-ago')`);
    const actions = async () => {
      const { rows } = await store.jobs.executeSql(
        "select action from audit where action in ('long-ago', 'audit.pruned')",
      );
      return rows.map(({ action }) => action as string);
    };
    for (const [days, wanted] of [
      ["365", "long-ago"],
      ["90", "audit.pruned"],
    ] as const) {
      // What it removes by age at the same time tells when it has looked.
      await store.jobs.executeSql(
        `insert into event (at, kind, data) values (now() - interval '1 year', 'old', 'null')`,
      );
      const serving = new Serving(fleet, fleet.dir, [], { FLEETWRIGHT_AUDIT_DAYS: days });
      await serving.line("what it removed", ({ msg }) => msg.startsWith("removed old runs"));
      await expect.poll(actions, { timeout: 30_000, interval: 50 }).toEqual([wanted]);
      expect(await serving.end()).toBe(0);
      expect(await actions()).toEqual([wanted]);
    }
  });
});
