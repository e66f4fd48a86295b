import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import type { Change } from "../../../controller/changes/types.ts";
import { openServerSecrets, sealServerSecrets } from "../../../controller/credentials/server-secrets.ts";
import { ensureServer } from "../../../controller/store/embedded.ts";
import { FleetError } from "../../../resources/errors.ts";
import type { ServerSecrets } from "../../../resources/spec.ts";
import { type CloudName, Clouds } from "../../e2e/clouds.ts";
import { Fleet, server } from "../../e2e/fleet.ts";
import { ANN, Desk, OTTO, signal } from "../changes/desk.ts";

/** Supplied secrets from the wish to the cloud, and a search of everything that was written on the way. */
const TIMEOUT = 240_000;
const PASSWORD = 'canary-Pass"word: 7f3a';
const ANSWER = "canary-udf-answer-55e1";

let clouds: Clouds;
let fleet: Fleet;
let desk: Desk;
let made: Change[];
/** Of the server's file, as it was committed. */
let linodeFile: { secrets: ServerSecrets };

const wanted = (cloud: CloudName, name: string, secrets: ServerSecrets, more: object = {}) => [
  { path: `servers/${name}.yaml`, text: stringify(server(cloud, name, { keys: [], secrets, ...more })), ifBlob: null },
];
const kept = async (refs: ServerSecrets) =>
  (await desk.controller.store.serverSecrets([refs.rootPassword!, ...Object.values(refs.stackscriptData ?? {})]))
    .length;
const approved = async (id: string) => {
  const { preview } = await desk.in(id, "needs-approval");
  await desk.changes.approve(id, { hashes: [preview!.hash], by: OTTO }, signal);
};
const given = async (name: string) => {
  const { cloud, id } = await clouds.server(name);
  return await clouds.of(cloud).given(id);
};

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "secrets-given" });
  fleet.commit("Begin");
  desk = await Desk.start(fleet);
  const sealed = async (name: string, values: ServerSecrets) =>
    await sealServerSecrets(desk.controller, name, values, "Ann <ann@example.org>");
  const linode = await sealed("web-1", { rootPassword: PASSWORD, stackscriptData: { hostname: ANSWER } });
  const droplet = await sealed("api-1", { rootPassword: PASSWORD });
  const echo = { errors: [{ reason: `no: ${PASSWORD}` }], id: "no", message: `no: ${PASSWORD}` };
  await clouds.of("digitalocean").fault({
    match: { method: "POST", path: "^/v2/droplets$" },
    action: { kind: "status", status: 422, body: echo },
  });
  const opened = [
    await desk.open("Add web-1", wanted("linode", "web-1", linode, { provider: { stackscriptId: 12345 } }), {
      executes: true,
    }),
    await desk.open("Add api-1", wanted("digitalocean", "api-1", droplet), { executes: true }),
  ];
  for (const { id } of opened) await approved(id);
  made = await Promise.all(opened.map(({ id }) => desk.in(id, "converged")));
  linodeFile = parse(fleet.git("show", "main:servers/web-1.yaml"));
}, TIMEOUT);

afterAll(async () => {
  await desk?.close();
  await fleet?.close();
  await clouds?.close();
});

describe("a supplied password", () => {
  it("is in the request that makes the machine, with the answers to its script", async () => {
    expect(await given("web-1")).toEqual({
      rootPassword: PASSWORD,
      stackscriptId: 12345,
      stackscriptData: { hostname: ANSWER },
    });
    const { userData } = await given("api-1");
    expect(parse(String(userData))).toEqual({
      chpasswd: { expire: false, users: [{ name: "root", password: PASSWORD, type: "text" }] },
      ssh_pwauth: true,
    });
  });

  it("is a fingerprint in the file, which nobody can make without the fleet's key", () => {
    expect(linodeFile.secrets).toEqual({
      rootPassword: expect.stringMatching(/^s-[0-9a-f]{40}$/),
      stackscriptData: { hostname: expect.stringMatching(/^s-[0-9a-f]{40}$/) },
    });
    const { changes } = made[0]!.preview!.effects[0]!;
    expect(changes.filter(({ path }) => path.startsWith("secrets"))).toEqual([{ path: "secrets", secret: true }]);
  });

  it(
    "is erased once the machine is there, and a machine that needed it again is not begun with",
    async () => {
      expect(await kept(linodeFile.secrets)).toBe(0);
      await expect(
        openServerSecrets(desk.controller, { name: "web-1", formerly: [] }, linodeFile.secrets),
      ).rejects.toMatchObject({ code: "CREDENTIAL_MISSING", message: expect.stringContaining("erased") });

      await clouds.forgetCalls();
      const again = await desk.open("Rebuild web-1", [
        { kind: "Server" as const, name: "web-1", set: ["rebuild"], value: 1 },
      ]);
      const { preview } = await desk.in(again.id, "needs-approval", "previewed");
      await desk.changes
        .approve(again.id, { hashes: [preview!.hash], by: OTTO, overrides: { allowReplace: ["web-1"] } }, signal)
        .catch((error) => expect(error).toBeInstanceOf(FleetError));
      await desk.changes.execute(again.id, OTTO, signal);
      const failed = await desk.in(again.id, "failed");

      expect(JSON.stringify(failed.results)).toContain("is erased");
      expect((await clouds.writes()).filter((call) => call.startsWith("DELETE"))).toEqual([]);
    },
    TIMEOUT,
  );

  it("makes another effect where it is another, and the same where it is the same", async () => {
    const effectOf = async (rootPassword: string) => {
      const secrets = await sealServerSecrets(desk.controller, "web-9", { rootPassword }, "Ann");
      const wish = { title: "x", edits: wanted("linode", "web-9", secrets), by: ANN };
      return (await desk.changes.rehearse(wish, signal)).effects[0]!.hash;
    };
    const [one, two, again] = [
      await effectOf("one-password"),
      await effectOf("two-password"),
      await effectOf("one-password"),
    ];

    expect(two).not.toBe(one);
    expect(again).toBe(one);
  });

  it("opens for the server that it was sealed for alone, and only as it was sealed", async () => {
    const refs = await sealServerSecrets(desk.controller, "web-8", { rootPassword: PASSWORD }, "Ann");
    const { store } = desk.controller;
    const open = async (name: string, formerly: string[] = []) =>
      await openServerSecrets(desk.controller, { name, formerly }, refs);

    expect(await open("web-8")).toEqual({ rootPassword: PASSWORD });
    expect(await open("www", ["web-8"])).toEqual({ rootPassword: PASSWORD });
    await expect(open("web-7")).rejects.toMatchObject({ code: "CREDENTIAL_MISSING" });
    const [row] = await store.serverSecrets([refs.rootPassword!]);
    await store.putServerSecrets([{ ...row!, sealed: `AAAA${row!.sealed.slice(4)}` }]);
    await expect(open("web-8")).rejects.toMatchObject({ message: expect.stringContaining("cannot be opened") });
  });

  it("is erased when its change is closed, and kept while another change asks for the server", async () => {
    const refs = await sealServerSecrets(desk.controller, "web-6", { rootPassword: PASSWORD }, "Ann");
    const one = await desk.open("Add web-6", wanted("linode", "web-6", refs), { draft: true });
    const two = await desk.open("Add web-6 too", wanted("linode", "web-6", refs, { labels: {} }), { draft: true });
    await desk.changes.close(two.id, ANN);
    expect(await kept(refs)).toBe(1);

    await desk.changes.close(one.id, ANN);
    expect(await kept(refs)).toBe(0);
  });

  it("is refused on a cloud that can be given none", async () => {
    const opening = desk.open("Add pve-1", wanted("proxmox", "pve-1", linodeFile.secrets));

    await expect(opening).rejects.toMatchObject({ code: "FLEET_INVALID", message: expect.stringContaining("secrets") });
  });
});

describe("what is written on the way", () => {
  const isFound = (bytes: Buffer) =>
    [PASSWORD, "canary-Pass", ANSWER, Buffer.from(PASSWORD).toString("base64").slice(0, 20)].some((text) =>
      bytes.includes(text),
    );

  it("has it nowhere: git, data folder, database, log, changes, events", async () => {
    const objects = execFileSync("git", ["cat-file", "--batch-all-objects", "--batch"], { cwd: fleet.dir });
    expect(isFound(objects)).toBe(false);
    const files = readdirSync(fleet.dataDir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    expect(files.some(({ parentPath }) => parentPath.includes("/.pulumi/"))).toBe(true);
    const leaking = files.filter(({ parentPath, name }) => isFound(readFileSync(join(parentPath, name))));
    expect(leaking.map(({ name }) => name)).toEqual([]);
    expect(isFound(Buffer.from(desk.lines.join("\n")))).toBe(false);
    expect(isFound(Buffer.from(JSON.stringify(made)))).toBe(false);

    const { socketDir, user, database } = await ensureServer(fleet.dataDir);
    const client = new pg.Client({ host: socketDir, user, database });
    await client.connect();
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        "select table_name as name from information_schema.tables where table_schema = 'fleetwright'",
      );
      for (const { name } of tables) {
        const { rows } = await client.query<{ row: string }>(`select t::text as row from fleetwright."${name}" t`);
        expect(
          rows.some(({ row }) => isFound(Buffer.from(row))),
          name,
        ).toBe(false);
      }
      expect(tables.length).toBeGreaterThan(20);
    } finally {
      await client.end();
    }
  });
});
