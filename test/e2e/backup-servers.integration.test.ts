import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { restore } from "../../controller/backup/restore.ts";
import { openBackend } from "../../controller/engine/backend.ts";
import { type PostgresServer, query, startPostgres } from "../setup/postgres.ts";
import { Clouds } from "./clouds.ts";
import { Fleet, server, tokensOf } from "./fleet.ts";

/** Backup and restore where a PostgreSQL server has both the database and the states. */
const TIMEOUT = 240_000;
const STACK = "linode-main.0";

let postgres: PostgresServer;
let clouds: Clouds;
let fleet: Fleet;
let archive: string;
let key: string;
const others: Fleet[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "served", environment: await places("first") });
  key = join(fleet.root, "state.key");
  fleet.environment.FLEETWRIGHT_STATE_KEY_FILE = key;
  fleet.write({ "servers/web-1.yaml": server("linode", "web-1", { keys: [] }) });
  fleet.commit("Begin");
  await fleet.converge();
  archive = join(fleet.root, "served.tar.gz");
}, TIMEOUT);

afterAll(async () => {
  for (const other of others) await other.close();
  await fleet?.close();
  await clouds?.close();
  await postgres?.close();
});

const places = async (name: string) => ({
  DATABASE_URL: await postgres.createDatabase(`${name}_database`),
  PULUMI_BACKEND_URL: await postgres.createDatabase(`${name}_states`),
});

/** Another machine, with nothing but the key and what `environment` names. */
function emptyMachine(environment: Record<string, string>): Fleet {
  const other = new Fleet(undefined, { environment: { ...tokensOf(clouds), ...environment } });
  rmSync(other.dir, { recursive: true });
  others.push(other);
  return other;
}

async function stacksAt(url: string): Promise<string[]> {
  const states = openBackend(url, "served", {}).states!;
  try {
    return [...(await states.versions()).keys()];
  } finally {
    await states.close();
  }
}

/** Without a process of its own. */
async function restored(environment: Record<string, string>): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), "fw-restored-"));
  try {
    const to = { file: archive, fleetDir: join(root, "fleet"), dataDir: join(root, "data") };
    await restore({ ...to, environment: { ...environment, FLEETWRIGHT_STATE_KEY_FILE: key }, now: new Date() });
    return readdirSync(root);
  } catch (error) {
    expect(readdirSync(root)).toEqual([]);
    throw error;
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe("a backup of what servers keep", () => {
  it(
    "is restored into other ones: nothing is bought again, and the full preview is empty",
    async () => {
      const made = await fleet.run(["backup", archive]);
      const before = (await clouds.servers()).map(({ id, mark }) => `${id} ${mark}`);
      const there = await places("second");
      const other = emptyMachine(there);
      copyFileSync(key, join(other.root, "state.key"));
      other.environment.FLEETWRIGHT_STATE_KEY_FILE = join(other.root, "state.key");
      await clouds.forgetCalls();

      const done = await other.run(["restore", archive]);
      const full = await other.preview("--full");

      expect(made).toMatchObject({ code: 0, stderr: expect.not.stringContaining("not in the archive") });
      expect(done).toMatchObject({ code: 0 });
      expect(full).toMatchObject({ code: 0, effects: [] });
      expect(await stacksAt(there.PULUMI_BACKEND_URL)).toEqual([STACK]);
      expect(readdirSync(other.dataDir)).not.toContain("postgres");
      expect(await clouds.writes()).toEqual([]);
      expect((await clouds.servers()).map(({ id, mark }) => `${id} ${mark}`)).toEqual(before);
    },
    TIMEOUT,
  );

  it(
    "is put over nothing that is there, and what cannot be restored whole leaves nothing",
    async () => {
      const full = await places("third");
      await restored(full);
      const fresh = await places("fourth");

      const statesThere = restored({ ...fresh, PULUMI_BACKEND_URL: full.PULUMI_BACKEND_URL });
      await expect(statesThere).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining(STACK) });
      expect(await query(fresh.DATABASE_URL, "select from pg_namespace where nspname = 'fleetwright'")).toEqual([]);
      const recordsThere = restored({ ...fresh, DATABASE_URL: full.DATABASE_URL });
      await expect(recordsThere).rejects.toMatchObject({ code: "STORE_FAILED" });
      expect(await stacksAt(fresh.PULUMI_BACKEND_URL)).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "moves a fleet from servers to files",
    async () => {
      const root = mkdtempSync(join(tmpdir(), "fw-moved-"));
      const { DATABASE_URL } = await places("fifth");
      const to = { file: archive, fleetDir: join(root, "fleet"), dataDir: join(root, "data") };
      await restore({ ...to, keyFile: key, environment: { DATABASE_URL }, now: new Date() });

      expect(readdirSync(join(root, "data", "state/.pulumi/stacks/served"))).toEqual([`${STACK}.json`]);
      expect(readdirSync(join(root, "data")).sort()).toEqual(["state", "state.key"]);
      rmSync(root, { recursive: true });
    },
    TIMEOUT,
  );

  it("keeps the password of the servers out of the archive and of every message", async () => {
    const there = await places("sixth");
    const wrong = there.PULUMI_BACKEND_URL.replace("sixth_states", "nowhere");
    const failure = await restored({ ...there, PULUMI_BACKEND_URL: wrong }).catch((error: Error) => error.message);

    expect(failure).toContain("nowhere");
    expect(failure).not.toContain(postgres.password);
  });
});
