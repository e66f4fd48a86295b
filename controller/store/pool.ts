import { setTimeout as sleep } from "node:timers/promises";
import type { PostgresPool, PostgresPoolClient } from "kysely";
import pg from "pg";
import { FleetError } from "../../resources/errors.ts";
import { type EmbeddedServer, ensureServer, stopEmbedded } from "./embedded.ts";
import { isDown } from "./errors.ts";

const APPLICATION = "fleetwright";
/** Connections of one process. A server takes 50. */
const POOL_SIZE = 4;
const JOIN_TIMEOUT_MS = 60_000;
/** Held shared by every process that uses the server, alone by the one that ends it. An arbitrary number. */
const PRESENCE = 7_246_118;

/** Options every connection has: our schema, and commits that are on disk when they are told. */
export function connectionOptions(schema: string, max = POOL_SIZE): pg.PoolConfig {
  return {
    application_name: APPLICATION,
    options: `-c search_path=${schema} -c synchronous_commit=on`,
    max,
    idleTimeoutMillis: 10_000,
    connectionTimeoutMillis: 30_000,
  };
}

/** A pool on a server that somebody else runs. */
export function serverPool(url: string, schema: string, max?: number): PostgresPool {
  return quietPool({ ...connectionOptions(schema, max), connectionString: url });
}

/**
 * A pool on the embedded server of a data folder. It starts the server when it is needed and not there, again when it has died since, and
 * ends it with the last process that used it.
 */
export class EmbeddedPool implements PostgresPool {
  readonly #dataDir: string;
  readonly #schema: string;
  readonly #keepRunning: boolean;
  readonly #max: number | undefined;
  #joined: Promise<Joined> | undefined;

  constructor(dataDir: string, schema: string, keepRunning: boolean, max?: number) {
    this.#dataDir = dataDir;
    this.#schema = schema;
    this.#keepRunning = keepRunning;
    this.#max = max;
  }

  async connect(): Promise<PostgresPoolClient> {
    const joined = this.#join();
    try {
      return await (await joined).pool.connect();
    } catch (error) {
      if (!isDown(error)) throw error;
      // Whoever notices first joins anew; the others find that done.
      if (this.#joined === joined) await this.#leave(joined);
      return await (await this.#join()).pool.connect();
    }
  }

  async end(): Promise<void> {
    const joined = this.#joined;
    this.#joined = undefined;
    if (joined === undefined) return;
    const { pool, presence } = await joined;
    await pool.end();
    try {
      if (!this.#keepRunning && (await isLast(presence))) await stopEmbedded(this.#dataDir);
    } catch (error) {
      if (!isDown(error)) throw error;
    } finally {
      await presence.end().catch(() => undefined);
    }
  }

  #join(): Promise<Joined> {
    this.#joined ??= join(this.#dataDir, this.#schema, this.#max).catch((error: unknown) => {
      this.#joined = undefined;
      throw error;
    });
    return this.#joined;
  }

  async #leave(joined: Promise<Joined>): Promise<void> {
    this.#joined = undefined;
    const { pool, presence } = await joined;
    // Not awaited: clients still lent out fail at their next query, and only then is the pool done.
    void pool.end().catch(() => undefined);
    await presence.end().catch(() => undefined);
  }
}

interface Joined {
  pool: pg.Pool;
  /** A connection that only says that this process is here: it ends with the process, however that ends. */
  presence: pg.Client;
}

async function join(dataDir: string, schema: string, max: number | undefined): Promise<Joined> {
  const deadline = performance.now() + JOIN_TIMEOUT_MS;
  for (;;) {
    const server = await ensureServer(dataDir);
    const presence = await announce(server);
    if (presence !== undefined) {
      return { pool: quietPool({ ...connectionOptions(schema, max), ...address(server) }), presence };
    }
    if (performance.now() > deadline) {
      throw new FleetError("STORE_FAILED", `the database in ${dataDir} answers no connection`, { path: dataDir });
    }
    await sleep(20);
  }
}

/** Undefined when the server is about to end: the last user is just leaving. */
async function announce(server: EmbeddedServer): Promise<pg.Client | undefined> {
  const client = quiet(
    new pg.Client({ ...address(server), application_name: APPLICATION, connectionTimeoutMillis: 30_000 }),
  );
  try {
    await client.connect();
    const { rows } = await client.query<{ here: boolean }>("select pg_try_advisory_lock_shared($1) as here", [
      PRESENCE,
    ]);
    if (rows[0]?.here) return client;
  } catch (error) {
    if (!isDown(error)) throw error;
  }
  await client.end().catch(() => undefined);
  return undefined;
}

/** True once for the last of all users, and then no one can join any more. A foreign client (psql) keeps the server as well. */
async function isLast(presence: pg.Client): Promise<boolean> {
  await presence.query("select pg_advisory_unlock_shared($1)", [PRESENCE]);
  const { rows } = await presence.query<{ last: boolean }>(
    `select not exists (
       select from pg_stat_activity where backend_type = 'client backend' and application_name <> $2
     ) and pg_try_advisory_lock($1) as last`,
    [PRESENCE, APPLICATION],
  );
  return rows[0]?.last === true;
}

function address({ socketDir, user, database }: EmbeddedServer): pg.ClientConfig {
  // Set in full, so that PGHOST, PGPASSWORD and their like in the caller's environment mean nothing.
  return { host: socketDir, port: 5432, user, database, password: "", ssl: false };
}

/** A pool whose connections may break, idle or lent out: the pool listens only to those that are idle. */
function quietPool(config: pg.PoolConfig): pg.Pool {
  return quiet(new pg.Pool(config)).on("connect", quiet);
}

/** A connection that breaks is an event without a listener, which would end the process; the next query tells. */
function quiet<T extends NodeJS.EventEmitter>(connection: T): T {
  connection.on("error", () => undefined);
  return connection;
}
