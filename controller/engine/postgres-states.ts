import pg from "pg";
import { FleetError } from "../../resources/errors.ts";
import { HISTORY_KEPT, NO_STATE, type StateStore } from "./state-store.ts";

/** The engine's own default, and what a table may be called: the engine puts the name into its statements as it stands. */
const DEFAULT_TABLE = "pulumi_state";
const TABLE = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/;
const UNDEFINED_TABLE = "42P01";

/**
 * States in the table that the engine keeps for `postgres://`: one row a file, its bytes in base64 within a JSON document. A read is one
 * statement, where the engine would start a process.
 *
 * @param backendUrl as the engine takes it: `table` names the table, `sslmode` has the meaning it has in libpq and is `require` unless given.
 * @throws {FleetError} USAGE for a URL that the engine could not take either.
 * @see https://github.com/pulumi/pulumi/tree/master/pkg/backend/diy/postgres
 */
export function postgresStates(backendUrl: string, project: string): StateStore {
  const { connectionString, table, root } = parse(backendUrl);
  const pool = new pg.Pool({ connectionString, max: 2, idleTimeoutMillis: 10_000, connectionTimeoutMillis: 30_000 });
  const quiet = () => undefined;
  pool.on("error", quiet).on("connect", (client) => client.on("error", quiet));
  const folder = `${root}.pulumi/stacks/${project}/`;
  const key = (stack: string) => `${folder}${stack}.json`;

  async function query<T extends pg.QueryResultRow>(what: string, text: string, values: unknown[]): Promise<T[]> {
    try {
      return (await pool.query<T>(text, values)).rows;
    } catch (error) {
      // The engine makes its table when it first comes to the database.
      if ((error as { code?: unknown }).code === UNDEFINED_TABLE) return [];
      const why = error instanceof Error ? error.message : String(error);
      throw new FleetError("ENGINE_FAILED", `${what} cannot be read from PostgreSQL: ${why}`, {});
    }
  }

  return {
    async stacks() {
      const text = `select key from ${table} where starts_with(key, $1) and key like '%.json' order by key`;
      const rows = await query<{ key: string }>("the list of stacks", text, [folder]);
      return rows.map(({ key }) => key.slice(folder.length, -".json".length));
    },

    async read(stack) {
      const text = `select data->>'data' as data from ${table} where key = $1`;
      const [row] = await query<{ data: string }>(`the state of ${stack}`, text, [key(stack)]);
      return row && Buffer.from(row.data, "base64").toString("utf8");
    },

    async version(stack) {
      // Both are there without the document being read.
      const text = `select extract(epoch from updated_at)::text as at, pg_column_size(data) as size from ${table} where key = $1`;
      const [row] = await query<{ at: string; size: number }>(`the state of ${stack}`, text, [key(stack)]);
      return row === undefined ? NO_STATE : `${row.at}:${row.size}`;
    },

    async prune(stack) {
      const text = `delete from ${table} where key in (
        select key from ${table} where starts_with(key, $1) order by key desc offset ${2 * HISTORY_KEPT})`;
      await query(`the history of ${stack}`, text, [`${root}.pulumi/history/${project}/${stack}/`]);
    },

    close: () => pool.end(),
  };
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
