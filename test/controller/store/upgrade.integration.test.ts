import { Kysely, PostgresDialect, sql } from "kysely";
import { afterAll, describe, expect, it } from "vitest";
import { migrate, migrationNames } from "../../../controller/store/migrations.ts";
import { openStore } from "../../../controller/store/open.ts";
import { EmbeddedPool } from "../../../controller/store/pool.ts";
import type { Tables } from "../../../controller/store/tables.ts";
import { appliedServer, makeDataDir, removeDataDir } from "./support.ts";

const dataDir = makeDataDir();
/** As every released version names it. */
const SCHEMA = "fleetwright";
/** What a migration drops on purpose, by the first level that has it so. */
const READ_ANEW: Record<string, string[]> = { "001-first": ["catalog"] };

afterAll(async () => await removeDataDir(dataDir));

/** Connections to a schema as an earlier version had it. */
async function using<T>(schema: string, work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
  const pool = new EmbeddedPool(dataDir, schema, true);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

type Rows = Record<string, Record<string, unknown>[]>;

interface Column {
  table: string;
  name: string;
  type: string;
}

/** Of all tables, without what the database numbers by itself. */
async function columnsOf(db: Kysely<Tables>): Promise<Map<string, Column[]>> {
  const { rows } = await sql<Column>`
    select c.table_name as "table", c.column_name as name, c.data_type as type
    from information_schema.columns c
    where c.table_schema = current_schema() and c.is_identity = 'NO' and c.table_name not like 'kysely%'
    order by 1, c.ordinal_position`.execute(db);
  return Map.groupBy(rows, ({ table }) => table);
}

/** Alike in all tables of a row's number, so that references hold. */
const VALUES: Record<string, (row: number) => unknown> = {
  text: (row) => `row ${row}, "quoted" \\ ü 機`,
  integer: (row) => row,
  bigint: (row) => `${2n ** 53n + BigInt(row)}`,
  boolean: (row) => row % 2 === 0,
  json: (row) => JSON.stringify({ row, nested: [{ text: "ü" }, null] }),
  uuid: (row) => `00000000-0000-4000-8000-00000000000${row}`,
  ARRAY: (row) => [`one ${row}`, "two"],
  date: (row) => `2026-01-0${row}`,
  "timestamp with time zone": (row) => `2026-01-0${row} 12:00:00.123456+00`,
};

/** Three rows into every table that there is. */
async function fill(db: Kysely<Tables>): Promise<void> {
  const tables = await columnsOf(db);
  await db.connection().execute(async (connection) => {
    // References are not looked at meanwhile, so tables come in any order.
    await sql`set session_replication_role = replica`.execute(connection);
    for (const [table, columns] of tables)
      for (const row of [1, 2, 3])
        await sql`
          insert into ${sql.table(table)} (${sql.join(columns.map(({ name }) => sql.id(name)))})
          values (${sql.join(columns.map(({ type }) => VALUES[type]!(row)))})`.execute(connection);
    await sql`set session_replication_role = origin`.execute(connection);
  });
}

async function rowsOf(db: Kysely<Tables>): Promise<Rows> {
  const all: Rows = {};
  for (const table of (await columnsOf(db)).keys()) {
    const { rows } = await sql<{ row: string }>`
      select row_to_json(t)::text as "row" from ${sql.table(table)} t order by t::text`.execute(db);
    all[table] = rows.map(({ row }) => JSON.parse(row));
  }
  return all;
}

/** The columns that there were. */
const onlyAs = (before: Rows[string], after: Rows[string] = []): Rows[string] =>
  after.map((row) => Object.fromEntries(Object.keys(before[0]!).map((name) => [name, row[name]])));

describe("a database of an earlier version", () => {
  it("is brought forward from every level, with each row as it was", { timeout: 240_000 }, async () => {
    for (const [index, level] of migrationNames.entries())
      await using(`from_${index}`, async (db) => {
        await migrate(db, `from_${index}`, level);
        await fill(db);
        const before = await rowsOf(db);

        await migrate(db, `from_${index}`);

        const after = await rowsOf(db);
        for (const table of READ_ANEW[level] ?? []) delete before[table];
        expect(Object.keys(before).length, level).toBeGreaterThan(5);
        for (const [table, rows] of Object.entries(before)) {
          expect(rows, `${table} at ${level}`).toHaveLength(3);
          expect(onlyAs(rows, after[table]), `${table} from ${level}`).toEqual(rows);
        }
      });
  });

  it("is read by this version as the first one wrote it, and numbers go on", async () => {
    const web = appliedServer("web-1", { cloudId: "7" });
    await using(SCHEMA, async (db) => {
      await migrate(db, SCHEMA, "001-first");
      await sql`
        insert into account values ('linode-main', 'linode-main', 3);
        insert into setting values ('fleet.id', 'acme');
        insert into event (run, kind, object, data) values (null, 'note', null, '{"text": "long ago"}');
        insert into approval (effect_hash, approved_by, approved_at, commit, allow_replace)
          values ('e1', 'Ada <ada@example.org>', '2026-01-01T00:00:00Z', 'c1', true);
        insert into run values ('r1', 'linode-main.0', 'up', '{"pid": 1, "startTime": "1", "host": "then"}',
          '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z', 'succeeded', '[]', 'c1')`.execute(db);
      await sql`
        insert into object values (${web.account}, ${web.kind}, ${web.identity}, ${web.name}, ${web.stack}, ${web.generation},
          ${web.mark}, ${web.hash}, ${JSON.stringify(web.document)}::json, '7', ${web.commit}, false)`.execute(db);
      await sql`
        insert into journal_entry values ('linode-main', 'fw-web-2', 'Server',
          '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', null, 1, null)`.execute(db);
    });

    const store = await openStore({ dataDir, keepRunning: true });
    try {
      expect(await store.objects()).toEqual([web]);
      expect(await store.accounts()).toEqual([{ identity: "linode-main", name: "linode-main", cells: 3 }]);
      expect([...(await store.openApprovals()).values()]).toMatchObject([
        { effectHash: "e1", approvedBy: "Ada <ada@example.org>", commit: "c1", allowReplace: true },
      ]);
      expect(await store.runs(10)).toMatchObject([{ id: "r1", outcome: "succeeded" }]);
      expect(await store.openIntents()).toMatchObject([{ key: "fw-web-2", kind: "Server" }]);
      expect(await store.events(0, 10)).toMatchObject([{ seq: 1, data: { text: "long ago" } }]);
      expect(await store.event({ kind: "note", data: null })).toBe(2);
    } finally {
      await store.close();
    }
  });

  it("is refused, and left as it is, when a newer version has had it", async () => {
    await using(SCHEMA, async (db) => {
      await migrate(db, SCHEMA);
      await sql`insert into kysely_migration values ('998-later', now()::text), ('999-last', now()::text)`.execute(db);
      const before = await rowsOf(db);

      await expect(openStore({ dataDir, keepRunning: true })).rejects.toMatchObject({
        code: "STORE_FAILED",
        message: expect.stringMatching(
          /newer version of Fleetwright \(it has 998-later, 999-last.*run that version, or restore/,
        ),
      });

      expect(await rowsOf(db)).toEqual(before);
    });
  });
});
