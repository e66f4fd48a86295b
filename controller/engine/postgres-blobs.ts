import pg from "pg";
import { FleetError } from "../../resources/errors.ts";
import type { Blobs } from "./blobs.ts";

/** The engine's own default, and what a table may be called: the engine puts the name into its statements as it stands. */
const DEFAULT_TABLE = "pulumi_state";
const TABLE = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/;
const UNDEFINED_TABLE = "42P01";
const VERSION = "extract(epoch from updated_at)::text || ':' || pg_column_size(data)";

/**
 * State in the table that the engine keeps for `postgres://`: one row a file, its bytes in base64 within a JSON document. A read is one statement,
 * where the engine would start a process.
 *
 * @param backendUrl as the engine takes it: `table` names the table, `sslmode` has the meaning it has in libpq and is `require` unless given.
 * @throws {FleetError} USAGE for a URL that the engine could not take either.
 * @see https://github.com/pulumi/pulumi/tree/master/pkg/backend/diy/postgres
 */
export function postgresBlobs(backendUrl: string): Blobs {
  const { connectionString, table, root } = parse(backendUrl);
  const pool = new pg.Pool({ connectionString, max: 2, idleTimeoutMillis: 10_000, connectionTimeoutMillis: 30_000 });
  const quiet = () => undefined;
  pool.on("error", quiet).on("connect", (client) => client.on("error", quiet));
  const place = (key: string) => `${root}${key} in the table ${table} of PULUMI_BACKEND_URL`;

  async function query<T extends pg.QueryResultRow>(what: string, text: string, values: unknown[]): Promise<T[]> {
    try {
      return (await pool.query<T>(text, values)).rows;
    } catch (error) {
      // The engine makes its table when it first comes to the database.
      if ((error as { code?: unknown }).code === UNDEFINED_TABLE) return [];
      throw failure(what, error);
    }
  }

  return {
    async read(key) {
      const text = `select data->>'data' as data from ${table} where key = $1`;
      const [row] = await query<{ data: string | null }>(`${place(key)} cannot be read`, text, [root + key]);
      return row && Buffer.from(row.data ?? "", "base64").toString("utf8");
    },

    // Neither the time nor the size has the document read.
    async version(key) {
      const text = `select ${VERSION} as version from ${table} where key = $1`;
      const [row] = await query<{ version: string }>(`${place(key)} cannot be read`, text, [root + key]);
      return row?.version;
    },

    async list(folder) {
      const text = `select key, ${VERSION} as version from ${table}
        where starts_with(key, $1) and strpos(substr(key, length($1) + 1), '/') = 0 order by key`;
      const what = `${place(folder)} cannot be read`;
      const rows = await query<{ key: string; version: string }>(what, text, [root + folder]);
      return new Map(rows.map(({ key, version }) => [key.slice(root.length), version]));
    },

    async write(key, content) {
      const data = { data: Buffer.from(content).toString("base64") };
      try {
        await pool.query(engineTable(table));
        await pool.query(put(table, "values ($1, $2::json)"), [root + key, JSON.stringify(data)]);
      } catch (error) {
        throw failure(`${place(key)} could not be written, and is as it was`, error);
      }
    },

    async copy(from, to) {
      const text = `${put(table, `select $2, data from ${table} where key = $1`)} returning key`;
      return (await query(`${place(to)} could not be written`, text, [root + from, root + to])).length > 0;
    },

    async remove(keys) {
      const what = `${keys.map(place).join(", ")} cannot be removed`;
      await query(what, `delete from ${table} where key = any($1)`, [keys.map((key) => root + key)]);
    },

    place,
    close: () => pool.end(),
  };
}

const put = (table: string, rows: string): string =>
  `insert into ${table} (key, data) ${rows} on conflict (key) do update set data = excluded.data, updated_at = now()`;

/** As the engine makes it where it finds none. */
const engineTable = (table: string): string =>
  `create table if not exists ${table} (key text primary key, data json not null, updated_at timestamptz not null default now())`;

function failure(what: string, error: unknown): FleetError {
  // Without its cause: that may hold the connection's password.
  return new FleetError("ENGINE_FAILED", `${what}: ${error instanceof Error ? error.message : error}`, {});
}

function parse(backendUrl: string): { connectionString: string; table: string; root: string } {
  const url = new URL(backendUrl);
  const table = url.searchParams.get("table") ?? DEFAULT_TABLE;
  if (!TABLE.test(table))
    throw new FleetError("USAGE", `PULUMI_BACKEND_URL names the table "${table}": letters, digits and _ only`, {});
  url.searchParams.delete("table");
  // The driver's own reading of `require` is stricter than the engine's.
  if (!url.searchParams.has("sslmode")) url.searchParams.set("sslmode", "require");
  url.searchParams.set("uselibpqcompat", "true");
  // To the engine the database's name is also the folder in its table.
  const folder = decodeURIComponent(url.pathname).replace(/^\/+/, "");
  return { connectionString: url.href, table, root: folder === "" || folder.endsWith("/") ? folder : `${folder}/` };
}
