import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type ServerType, serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Change } from "../../../controller/changes/types.ts";
import { main } from "../../../controller/cli/main.ts";
import { REMOTE_VERBS } from "../../../controller/cli/remote/settings.ts";
import { Site } from "../api/fleet/site.ts";
import { OTTO, signal } from "../changes/desk.ts";
import { fakeIo } from "./fake-io.ts";

/** The same command beside the controller's data, and through its API. */
const TIMEOUT = 240_000;

let site: Site;
let server: ServerType;
let url: string;
/** Streams that are still to be cut after their first event. */
let cuts = 0;
const lastIds: (string | null)[] = [];

beforeAll(async () => {
  site = await Site.open();
  server = serve({
    fetch: async (request, env) => cut(request, await site.app.fetch(request, env)),
    hostname: "127.0.0.1",
    port: 0,
  });
  await new Promise((done) => server.once("listening", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [name, value] of Object.entries(site.fleet.environment)) vi.stubEnv(name, value);
  vi.stubEnv("DATABASE_URL", undefined);
  vi.stubEnv("XDG_CONFIG_HOME", join(site.fleet.root, "config"));
}, TIMEOUT);
afterAll(async () => {
  vi.unstubAllEnvs();
  server?.close();
  await site?.close();
});

function cut(request: Request, response: Response): Response {
  if (!request.url.endsWith("/events")) return response;
  lastIds.push(request.headers.get("last-event-id"));
  if (cuts === 0 || response.body === null) return response;
  cuts -= 1;
  const reader = response.body.getReader();
  let isTold = false;
  const body = new ReadableStream({
    pull: async (controller) => {
      if (isTold) {
        await reader.cancel();
        // Once what was told is on its way.
        setTimeout(() => controller.error(new Error("the line is cut")), 50);
        return;
      }
      const { value } = await reader.read();
      isTold = true;
      controller.enqueue(value);
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}

async function run(args: string[], secret?: string) {
  const io = fakeIo(secret === undefined ? {} : { secret });
  const code = await main(args, io);
  // How long ago it was differs by a second.
  const out = io.stdout
    .join("\n")
    .replace(/\d+ (s|min)$/gm, "ago")
    .replace(/since \d+ (s|min)/g, "since then");
  return { code, out, err: io.stderr.join("\n") };
}
const here = (...args: string[]) =>
  run(["--fleet", site.fleet.dir, "--data", site.fleet.dataDir, "--stand-ins", ...args]);
const there = (role: string, ...args: string[]) => run(["--server", url, "--token", role, ...args]);

async function opened(title: string, size: string): Promise<Change> {
  const edits = [{ kind: "Server" as const, name: "web-1", set: ["size"], value: size }];
  const { id } = await site.service.changes.open({ title, edits, surface: "api", by: OTTO }, signal);
  return await site.service.changes.settled(id, 60_000, signal);
}

describe("a controller elsewhere", () => {
  it(
    "has a change shown, approved and executed, and its run followed over a line that breaks, as here",
    async () => {
      const { id, preview } = await opened("Another size for web-1", "g6-standard-1");
      const shown = await there("viewer", "change", "show", id);
      expect(shown.out).toContain(`Approve it: fleetwright change approve ${id} --hash ${preview!.hash}`);
      expect(await here("change", "show", id)).toMatchObject({ code: 0, out: shown.out });
      expect((await there("viewer", "changes")).out).toBe((await here("changes")).out);
      expect(await there("requester", "change", "approve", id, "--hash", preview!.hash)).toMatchObject({
        code: 1,
        err: expect.stringContaining("FORBIDDEN"),
      });

      expect((await there("approver", "change", "approve", id, "--hash", preview!.hash)).out).toContain("approved");
      expect((await there("operator", "change", "execute", id)).code).toBe(0);
      await expect.poll(async () => (await site.service.changes.get(id)).state, { timeout: 120_000 }).toBe("converged");
      const runId = (await site.service.changes.runs(await site.service.changes.get(id))).at(-1)!.id;

      cuts = 2;
      lastIds.length = 0;
      const told = await there("viewer", "runs", "--follow", runId);
      expect(told).toMatchObject({ code: 0, out: expect.stringMatching(/web-1[\s\S]*The run has succeeded\.$/) });
      expect(told.out).toBe((await here("runs", "--follow", runId)).out);
      // Each try goes on behind the last event that had come.
      expect(lastIds).toHaveLength(3);
      expect(lastIds[0]).toBeNull();
      expect(Number(lastIds[2])).toBeGreaterThan(Number(lastIds[1]));
      expect((await there("viewer", "change", "show", id)).out).toBe((await here("change", "show", id)).out);
      expect((await there("viewer", "changes", "--all")).out).toBe((await here("changes", "--all")).out);
      expect((await there("viewer", "runs")).out).toBe((await here("runs")).out);
    },
    TIMEOUT,
  );

  it(
    "tells what clouds sell, and for how much, as here",
    async () => {
      for (const args of [
        ["catalog", "sizes", "--account", "linode-main"],
        ["catalog", "regions", "--account", "do-main"],
        ["cheapest", "--min-cpu", "2", "--limit", "3"],
        ["compare", "--max-price", "0.05", "--min-memory", "2GiB"],
      ]) {
        const far = await there("viewer", ...args);
        const near = await here(...args);
        expect([args, far.code, far.out.length > 50]).toEqual([args, 0, true]);
        expect(far.out).toBe(near.out);
      }
      expect(await there("viewer", "cheapest", "--min-cpu", "4096")).toMatchObject({
        code: 1,
        err: expect.stringContaining("nothing on sale has"),
      });
    },
    TIMEOUT,
  );

  it(
    "closes a change with a reason, and answers the errors that there were",
    async () => {
      const { id } = await opened("Never mind", "g6-standard-2");
      expect((await there("operator", "change", "close", id, "--reason", "not needed")).out).toContain("not needed");
      const wrong = async (...args: string[]) => (await there("viewer", ...args, "--json")).out;
      expect(JSON.parse(await wrong("change", "show", "c-nosuchchange"))).toMatchObject({
        error: { code: "NOT_FOUND" },
      });
      expect(JSON.parse(await wrong("runs", "--follow", "nosuchrun"))).toMatchObject({ error: { code: "NOT_FOUND" } });
      expect(JSON.parse((await there("nobody-known", "changes", "--json")).out)).toMatchObject({
        error: { code: "UNAUTHENTICATED" },
      });
      const gone = await run(["--server", "http://127.0.0.1:9", "--token", "x", "changes"]);
      expect(gone).toMatchObject({
        code: 1,
        err: expect.stringContaining("SERVER_UNAVAILABLE the controller at http://127.0.0.1:9"),
      });
    },
    TIMEOUT,
  );

  it(
    "tells what is recorded, what differs and what the clouds have, as of its last passes, as here",
    async () => {
      const { cloud, id } = await site.clouds.server("web-2");
      await site.clouds.of(cloud).change(id, { power: "stopped" });
      await site.clouds.of("linode").addForeign({ name: "theirs" });
      await site.pass();

      for (const args of [
        ["status"],
        ["status", "--look"],
        ["inventory"],
        ["inventory", "--all", "--account", "linode-main"],
      ]) {
        // First here: where that is a pass of its own, both then tell of it.
        const near = await here(...args);
        expect([args, (await there("requester", ...args)).out]).toEqual([args, near.out]);
      }
      const drift = await there("viewer", "drift");
      expect(drift).toMatchObject({
        code: 2,
        err: expect.stringMatching(/^as of the controller's last passes, .* ago$/),
      });
      expect(drift.out).toContain("web-2");
      expect(drift.out).toBe((await here("drift")).out);
      expect((await there("viewer", "inventory")).out).toContain("theirs");

      // First here: that is a pass of its own, which both then tell of.
      const near = JSON.parse((await here("inventory", "--json")).out).accounts;
      const { accounts, passes } = JSON.parse((await there("viewer", "inventory", "--json")).out);
      expect(accounts).toEqual(near);
      expect(passes.map(({ account }: { account: string }) => account)).toContain("linode-main");
      // Whoever is about some servers is told of these.
      const own = JSON.parse((await there("acme", "status", "--json")).out);
      expect(own.servers.map(({ name }: { name: string }) => name)).not.toContain("web-2");
      expect(own).not.toHaveProperty("openApprovals");
      expect((await there("acme", "drift")).out).not.toContain("web-2");
      expect((await there("viewer", "inventory", "--account", "none")).err).toContain(
        'there is no account "none"; there are',
      );

      expect((await there("viewer", "drift", "--revert")).err).toContain("FORBIDDEN");
      const { change } = JSON.parse((await there("operator", "drift", "--revert", "--json")).out);
      expect(change).toMatchObject({ state: "needs-approval", reverts: ["Server//web-2"] });
      expect((await there("operator", "change", "close", change.id)).code).toBe(0);
      await site.clouds.of(cloud).change(id, { power: "running" });
    },
    TIMEOUT,
  );

  it(
    "has changes opened from options and files, and carried out, as here",
    async () => {
      const opened = await there(
        "requester",
        "change",
        "open",
        "--set",
        "Server/web-1",
        "labels.team=blue",
        "size=g6-nanode-1",
      );
      expect(opened.out).toContain("Approve it: fleetwright change approve");
      const id = /^c-\w+/.exec(opened.out)![0];
      expect((await site.service.changes.get(id)).edits).toEqual([
        { kind: "Server", name: "web-1", set: ["labels", "team"], value: "blue" },
        { kind: "Server", name: "web-1", set: ["size"], value: "g6-nanode-1" },
      ]);
      await there("operator", "change", "close", id);
      expect((await there("viewer", "change", "open", "--delete", "Server/web-1")).err).toContain("FORBIDDEN");

      const file = join(site.fleet.root, "wishes.yaml");
      const label = (team: string) =>
        writeFileSync(
          file,
          `title: To ${team}\npatch:\n  - {kind: Server, name: web-1, patch: {labels: {team: ${team}}}}\n`,
        );
      label("red");
      const far = await there("operator", "change", "open", "--file", file, "--approve", "--execute", "--wait", "120");
      expect(far).toMatchObject({ code: 0, out: expect.stringContaining("converged") });
      label("green");
      const near = await here("change", "open", "--file", file, "--approve", "--execute", "--wait", "120");
      expect([near.code, near.err]).toEqual([0, expect.stringMatching(/^using stand-ins [^\n]+$/)]);
      expect(near.out).toContain("converged");
      expect(site.fleet.read("servers/web-1.yaml")).toContain("team: green");

      const refused = async (...args: string[]) => (await there("operator", "change", ...args)).err;
      expect(await refused("open")).toContain("say what is wanted");
      expect(await refused("open", "--set", "size=x")).toContain("of what?");
      expect(await refused("open", "--set", "Machine/web-1", "size=x")).toContain("is no object");
      expect(await refused("show")).toContain("which change?");
      writeFileSync(file, "patches: []\n");
      expect(await refused("open", "--file", file)).toContain("there is no patches");
    },
    TIMEOUT,
  );

  it(
    "is signed in to once, by a key that only its owner may read, until it is signed out of",
    async () => {
      const [email, password] = ["lea@example.org", "a password of length"];
      const by = { email: "ada@example.org", via: "command-line" } as const;
      await site.people.users.create({ name: "Lea", email, role: "operator", password }, by);
      const login = (secret?: string, ...more: string[]) =>
        run(["--server", url, "login", "--email", email, ...more], secret);
      expect((await login("another password")).err).toContain("UNAUTHENTICATED");
      expect(existsSync(join(site.fleet.root, "config"))).toBe(false);

      const signedIn = await login(password);
      expect(signedIn).toMatchObject({ code: 0, out: expect.stringContaining(`as ${email} (operator), until `) });
      const file = join(site.fleet.root, "config", "fleetwright", "logins.json");
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readFileSync(file, "utf8")).not.toContain(password);
      const { [url]: kept } = JSON.parse(readFileSync(file, "utf8"));
      expect(signedIn.out + signedIn.err).not.toContain(kept.token);
      expect((await run(["--server", url, "status"])).code).toBe(0);
      chmodSync(file, 0o644);
      expect((await run(["--server", url, "status"])).err).toContain("chmod 600");
      chmodSync(file, 0o600);

      expect((await run(["--server", url, "logout"])).code).toBe(0);
      expect((await run(["--server", url, "status"])).err).toContain("say who asks");
      expect((await run(["--server", url, "--token", kept.token, "status"])).err).toContain("UNAUTHENTICATED");
      expect((await run(["--server", url, "logout"])).err).toContain("nobody is signed in");
      expect((await run(["--server", url, "--token", "viewer", "login"])).out).toContain(
        "as viewer@example.org (viewer). ",
      );
      expect((await run(["--server", url, "status"])).code).toBe(0);
      expect((await run(["--server", url, "logout"])).code).toBe(0);
      expect((await run(["login"])).err).toContain("--server is an https address");
    },
    TIMEOUT,
  );

  it("is asked for what it can do only, and gets a token that is kept well", async () => {
    const refused = await there("admin", "apply", "--yes");
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining("`apply` cannot be asked of a remote controller"),
    });
    expect(refused.err).toContain(REMOTE_VERBS.join(", "));
    expect((await there("admin", "users", "list")).err).toContain("`users` cannot be asked");
    expect((await run(["--server", "http://fleet.example.org", "--token", "x", "changes"])).err).toContain(
      "https address",
    );
    expect((await run(["--server", url, "changes"])).err).toContain("say who asks");
    const file = join(site.fleet.root, "token");
    writeFileSync(file, "viewer\n", { mode: 0o644 });
    const byFile = () => run(["--server", url, "--token-file", file, "changes"]);
    expect((await byFile()).err).toContain("chmod 600");
    chmodSync(file, 0o600);
    expect((await byFile()).code).toBe(0);
    vi.stubEnv("FLEETWRIGHT_SERVER", url);
    vi.stubEnv("FLEETWRIGHT_TOKEN", "viewer");
    expect((await run(["changes"])).code).toBe(0);
    expect((await run(["--fleet", site.fleet.dir, "validate"])).code).toBe(0);
    expect((await run(["--fleet", site.fleet.dir, "apply"])).err).toContain("`apply` cannot be asked");
  });
});
