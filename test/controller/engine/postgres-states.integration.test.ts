import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Blobs } from "../../../controller/engine/blobs.ts";
import { Engine } from "../../../controller/engine/engine.ts";
import { findEngine } from "../../../controller/engine/find.ts";
import { postgresBlobs } from "../../../controller/engine/postgres-blobs.ts";
import { type PostgresServer, query, startPostgres } from "../../setup/postgres.ts";
import { describeBlobs } from "./blob-contract.ts";

const FLEET = "fleet-a";
const root = mkdtempSync(join(tmpdir(), "fw-states-"));
const settings = new Map<string, string>();
let server: PostgresServer;
let url: string;
let engine: Engine;

beforeAll(async () => {
  server = await startPostgres();
  console.log(`postgres ${server.version} (${server.source})`);
  url = await server.createDatabase("states");
  engine = await makeEngine(url);
});
afterAll(async () => {
  await engine?.close();
  await server?.close();
  rmSync(root, { recursive: true, force: true });
});

async function makeEngine(backendUrl: string, project = FLEET): Promise<Engine> {
  const { path, version } = await findEngine();
  const passphraseFile = join(root, "passphrase");
  writeFileSync(passphraseFile, "secret of this test", { mode: 0o600 });
  return new Engine({
    executable: path,
    version,
    dataDir: root,
    project,
    backendUrl,
    passphraseFile,
    stackSettings: {
      read: async (stack) => settings.get(stack),
      write: async (stack, text) => void settings.set(stack, text),
      remove: async (stack) => void settings.delete(stack),
    },
  });
}

describe("the table", () => {
  let blobs: Blobs;
  beforeAll(async () => {
    blobs = postgresBlobs(await server.createDatabase("blobs"));
  });
  afterAll(() => blobs.close());

  describeBlobs(() => blobs);
});

/** A run without resources leaves a state with nothing but the stack in it. */
const run = (stack: string, kind: "up" | "destroy" = "up") =>
  engine.run({
    runId: crypto.randomUUID(),
    stack,
    kind,
    program: async () => ({}),
    providers: {},
    environment: {},
    secrets: [],
  });

describe("states in PostgreSQL", () => {
  it("are nothing before the engine has made its table", async () => {
    expect(await engine.stacks()).toEqual([]);
    expect(await engine.resources("main.0")).toEqual([]);
    expect(await engine.stateVersion("main.0")).toBe("0:0");
  });

  it("are read as the engine wrote them, without a process of it", async () => {
    const done = await run("main.0");
    const exported = (await engine.exportState("main.0")).deployment.resources;
    const read = await engine.resources("main.0");

    expect(done.succeeded).toBe(true);
    expect(read.map(({ urn }) => urn)).toEqual([`urn:pulumi:main.0::${FLEET}::pulumi:pulumi:Stack::${FLEET}-main.0`]);
    expect(JSON.parse(JSON.stringify(exported))).toEqual(read);
    expect(await engine.stacks()).toEqual(["main.0"]);
    expect(settings.get("main.0")).toContain("encryptionsalt");
  });

  it("have a version that changes with each write, and with nothing else", async () => {
    const before = await engine.stateVersion("main.0");
    const same = await engine.stateVersion("main.0");
    await engine.importState("main.0", await engine.exportState("main.0"));
    const after = await engine.stateVersion("main.0");

    expect(same).toBe(before);
    expect(after).not.toBe(before);
  });

  it("keep ten entries of history, and leave those of other stacks and fleets alone", async () => {
    const entries = (stack: string, count: number) =>
      query(
        url,
        `insert into pulumi_state (key, data) select 'states/.pulumi/history/${stack}/' || split_part('${stack}', '/', 2) || '-' || n || '.' || kind || '.json', '{}'
         from generate_series(1000, ${999 + count}) n, unnest(array['history', 'checkpoint']) kind`,
      );
    const count = async (stack: string) =>
      (await query(url, `select from pulumi_state where key like 'states/.pulumi/history/${stack}/%'`)).length;
    await entries(`${FLEET}/main.0`, 15);
    await entries(`${FLEET}/main.01`, 15);
    await entries("fleet-b/main.0", 15);

    await run("main.0");

    expect(await count(`${FLEET}/main.0`)).toBe(20);
    expect(await count(`${FLEET}/main.01`)).toBe(30);
    expect(await count("fleet-b/main.0")).toBe(30);
  });

  it("are mended from the engine's own copies, which then goes on with them", async () => {
    const before = await engine.resources("main.0");
    await query(url, `update pulumi_state set data = '{"data": "ey"}' where key like '%/stacks/${FLEET}/main.0.json'`);
    const problem = await engine.stateProblem("main.0");
    const refused = engine.exportState("main.0");

    await expect(refused).rejects.toMatchObject({ code: "STATE_DAMAGED" });
    const [newest] = await engine.stateCopies("main.0");
    const aside = await engine.replaceState("main.0", newest!.text, new Date("2026-01-01T00:00:00Z"));

    expect(problem).toMatch(/cut off/);
    expect(aside).toMatch(/^states\/damaged\/main.0-2026-01-01T00-00-00.000Z.json in the table pulumi_state/);
    expect(await engine.stateProblem("main.0")).toBeUndefined();
    expect((await engine.resources("main.0")).map(({ urn }) => urn)).toEqual(before.map(({ urn }) => urn));
    expect(await run("main.0")).toMatchObject({ succeeded: true });
  });

  it("stay out of every file and message as to their password", async () => {
    const wrong = await makeEngine(url.replace("/states?", "/missing?"), "fleet-c");
    const failure = await wrong.stateVersion("main.0").catch((error: Error) => error.message);
    const engines = await wrong.exportState("other.0").catch((error: Error) => error.message);
    await wrong.close();

    expect(failure).toMatch(/main.0.json .* cannot be read: database "missing" does not exist/);
    expect(engines).toMatch(/missing/);
    expect(`${failure} ${engines}`).not.toContain(server.password);
    expect(spawnSync("grep", ["-rlF", server.password, root], { encoding: "utf8" }).stdout).toBe("");
  });

  it("take no table whose name the engine would put into its statements", async () => {
    await expect(makeEngine(`${url}&table=a;drop`)).rejects.toMatchObject({ code: "USAGE" });
  });
});
