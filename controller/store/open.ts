import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { Kysely, PostgresDialect, type PostgresPool } from "kysely";
import { FleetError } from "../../resources/errors.ts";
import { approvalMethods } from "./approvals.ts";
import { budgetLedger } from "./budgets.ts";
import { callMethods } from "./calls.ts";
import { catalogMethods } from "./catalogs.ts";
import { changeMethods } from "./changes.ts";
import { commitMethods } from "./commits.ts";
import { costMethods } from "./costs.ts";
import { credentialMethods } from "./credentials.ts";
import { type DumpSource, dump, load } from "./dump.ts";
import { toStoreError, withStoreErrors } from "./errors.ts";
import { eventMethods } from "./events.ts";
import { forgeMethods } from "./forge.ts";
import { inventoryMethods } from "./inventory.ts";
import { journalMethods } from "./journal.ts";
import { leaseMethods } from "./leases.ts";
import { knowsMigrations, migrate } from "./migrations.ts";
import { notificationMethods } from "./notifications.ts";
import { objectMethods } from "./objects.ts";
import { peopleStore } from "./people.ts";
import { EmbeddedPool, serverPool } from "./pool.ts";
import { requestMethods } from "./requests.ts";
import { revertMethods } from "./reverts.ts";
import { runMethods } from "./runs.ts";
import { serverSecretMethods } from "./server-secrets.ts";
import type { Tables } from "./tables.ts";
import type { Store } from "./types.ts";
import { vpsTableMethods } from "./vps-tables.ts";

const SCHEMA = "fleetwright";
/** Connections that only who reads has: behind fifty who write, a look of a millisecond would wait for seconds. */
const READERS = 2;

export interface StoreOptions {
  /** The controller's folder; made when it is not there. */
  dataDir: string;
  /** `postgres://…` of a server to use in place of the embedded one. One database belongs to one fleet. */
  databaseUrl?: string;
  /** Leave the embedded server running after the last `close()`. Default false. */
  keepRunning?: boolean;
  /** Told in one line what takes time. */
  log?: (line: string) => void;
}

/**
 * Opens the controller's memory, making or migrating it as needed. Several processes may have the same one open.
 *
 * @throws {FleetError} STORE_FAILED
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { db, pool } = connect(options);
  const reading = connect(options, READERS);
  try {
    await migrate(db, SCHEMA);
  } catch (error) {
    await Promise.all([db, reading.db].map((one) => one.destroy().catch(() => undefined)));
    throw toStoreError(error, "open");
  }

  let closed: Promise<unknown> | undefined;
  let written = 0;
  const store = withStoreErrors<Omit<Store, "jobs" | "written">>({
    ...journalMethods(db),
    budgets: budgetLedger(db),
    people: { ...peopleStore(db), ...lookUps(reading.db) },
    ...counted(objectMethods(db), ["putObjects", "moveServers", "removeObjects"], () => written++),
    ...runMethods(db),
    ...approvalMethods(db),
    ...leaseMethods(db),
    ...eventMethods(db),
    ...catalogMethods(db),
    ...counted(inventoryMethods(db), ["recordPass"], () => written++),
    ...costMethods(db),
    ...notificationMethods(db),
    ...revertMethods(db),
    dump: (sink) => dump(db, sink),
    ...commitMethods(db),
    ...requestMethods(db),
    ...credentialMethods(db),
    ...serverSecretMethods(db),
    ...changeMethods(db),
    ...callMethods(db),
    ...forgeMethods(db),
    ...vpsTableMethods(db),
    ...recordReads(reading.db),
    async close() {
      closed ??= Promise.all([db.destroy(), reading.db.destroy()]);
      await closed;
    },
  });
  return {
    ...store,
    written: () => written,
    jobs: { executeSql: (text, values = []) => onConnection(pool, text, values) },
  };
}

/** Who it is that asks: looked up for each request, or nearly. */
function lookUps(db: Kysely<Tables>) {
  const { session, apiKey, noteApiKeyUse, family } = peopleStore(db);
  return { session, apiKey, noteApiKeyUse, family };
}

/** What all who read the fleet are answered from. */
function recordReads(db: Kysely<Tables>) {
  const { hashes, recordsVersion } = objectMethods(db);
  const { sightings, openDrift } = inventoryMethods(db);
  return { hashes, recordsVersion, sightings, openDrift };
}

/** The same, with a count of the calls of some that have ended, however they did. */
function counted<Methods extends object>(methods: Methods, names: (keyof Methods)[], count: () => void): Methods {
  const entries = names.map((name) => {
    const method = methods[name] as (...args: unknown[]) => Promise<unknown>;
    return [name, (...args: unknown[]) => method(...args).finally(count)];
  });
  return { ...methods, ...Object.fromEntries(entries) };
}

/** Several statements in one text are one query, and go without values. */
async function onConnection(pool: PostgresPool, text: string, values: unknown[]): Promise<{ rows: unknown[] }> {
  const client = await pool.connect();
  try {
    return await client.query(text, values);
  } finally {
    client.release();
  }
}

/**
 * Fills an empty database from a dump, in the tables that it was made of, and then brings these up to date.
 * @throws {FleetError} STORE_FAILED when it is not empty, or the dump is of a newer version.
 */
export async function loadStore(options: StoreOptions, source: DumpSource): Promise<void> {
  if (!knowsMigrations(source.migrations))
    throw new FleetError(
      "STORE_FAILED",
      "the backup was made by a newer version of Fleetwright: restore it with that",
      {},
    );
  const { db } = connect(options);
  try {
    await migrate(db, SCHEMA, source.migrations.at(-1));
    await load(db, source);
    await migrate(db, SCHEMA);
  } catch (error) {
    throw toStoreError(error, "load the backup");
  } finally {
    await db.destroy().catch(() => undefined);
  }
}

function connect(options: StoreOptions, connections?: number): { db: Kysely<Tables>; pool: PostgresPool } {
  const dataDir = path.resolve(options.dataDir);
  options.log?.(options.databaseUrl ? "connecting to the database server" : `opening the database in ${dataDir}`);
  const pool = options.databaseUrl
    ? serverPool(options.databaseUrl, SCHEMA, connections)
    : new EmbeddedPool(dataDir, SCHEMA, options.keepRunning ?? false, connections);
  return { db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), pool };
}

/**
 * Where the controller of this fleet keeps its data unless told otherwise: one folder a fleet, outside the repository, so that no `git clean`
 * removes it. Root uses /var/lib, because the database's user cannot enter root's home.
 */
export function defaultDataDir(fleetDir: string, env: NodeJS.ProcessEnv = process.env): string {
  const fleet = createHash("sha256").update(realpathSync(fleetDir)).digest("hex").slice(0, 16);
  if (env.XDG_STATE_HOME) return path.join(env.XDG_STATE_HOME, "fleetwright", fleet);
  if (process.getuid?.() === 0) return path.join("/var/lib/fleetwright", fleet);
  return path.join(env.HOME || homedir(), ".local/state/fleetwright", fleet);
}
