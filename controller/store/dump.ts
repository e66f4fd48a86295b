import { type Kysely, sql, type Transaction } from "kysely";
import { FleetError } from "../../resources/errors.ts";
import type { Tables } from "./tables.ts";

/** Rows read or written at once. */
const BATCH = 500;

/** What concerns the moment and the processes that are there: worthless elsewhere, and kysely's own, which are written anew. */
const LEFT_OUT = new Set([
  "lease",
  "budget_grant",
  "budget_quiet",
  "kysely_migration",
  "kysely_migration_lock",
  // A sign-in that was ended after the backup must not come back with it: people sign in anew.
  "token_family",
  "refresh_token",
  "web_session",
  "sign_in_attempt",
]);

/** "pending" after a load: machines may have been made since, which the journal does not know. */
export const JOURNAL_SETTING = "journal.restored";

export interface DumpColumn {
  name: string;
  /** As PostgreSQL writes it: `timestamp with time zone`. */
  type: string;
}

/** Values of one row as text, in the order of the columns. */
export type DumpRow = (string | null)[];

/** Takes a dump as it is read. */
export interface DumpSink {
  /** The migrations that made the tables, in their order. */
  migrations(names: string[]): Promise<void>;
  table(name: string, columns: DumpColumn[]): Promise<void>;
  rows(table: string, rows: DumpRow[]): Promise<void>;
}

/** A dump to be loaded. */
export interface DumpSource {
  migrations: string[];
  tables: { name: string; columns: DumpColumn[]; rows(): AsyncIterable<DumpRow[]> }[];
}

/** Reads all that is to be kept, as it was at one instant, whoever writes meanwhile. */
export async function dump(db: Kysely<Tables>, sink: DumpSink): Promise<void> {
  await db
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (trx) => {
      const { rows: done } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(trx);
      await sink.migrations(done.map(({ name }) => name));
      for (const [table, columns] of await columnsOf(trx)) {
        await sink.table(table, columns);
        await dumpRows(trx, table, columns, sink);
      }
    });
}

async function dumpRows(trx: Transaction<Tables>, table: string, columns: DumpColumn[], sink: DumpSink): Promise<void> {
  const texts = sql.join(columns.map(({ name }) => sql`${sql.id(name)}::text as ${sql.id(name)}`));
  await sql`declare dumped no scroll cursor for select ${texts} from ${sql.table(table)}`.execute(trx);
  for (;;) {
    const { rows } = await sql<Record<string, string | null>>`fetch ${sql.lit(BATCH)} from dumped`.execute(trx);
    if (rows.length > 0)
      await sink.rows(
        table,
        rows.map((row) => columns.map(({ name }) => row[name] ?? null)),
      );
    if (rows.length < BATCH) break;
  }
  await sql`close dumped`.execute(trx);
}

/**
 * Fills empty tables, all or nothing. Runs that were open are over, since whoever did them is elsewhere; all objects are suspect, since the clouds have gone on.
 * @throws {FleetError} STORE_FAILED when something is there already, or a table is not known.
 */
export async function load(db: Kysely<Tables>, source: DumpSource): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const known = new Map(await columnsOf(trx));
    for (const table of known.keys()) {
      const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(trx);
      if (rows.length > 0)
        throw new FleetError("STORE_FAILED", `the database is not empty (${table}): restore into an empty one`, {
          table,
        });
    }
    for (const { name, columns, rows } of source.tables) {
      if (!known.has(name))
        throw new FleetError("STORE_FAILED", `the backup has a table ${name}, which is not known`, {});
      for await (const batch of rows()) await insert(trx, name, columns, batch);
      await continueNumbers(trx, name);
    }
    await sql`update run set finished_at = now(), outcome = 'killed' where finished_at is null`.execute(trx);
    await sql`update object set refresh = true`.execute(trx);
    // What our last run left is told by times of files, which are others now.
    await sql`delete from setting where name like 'state.version.%'`.execute(trx);
    await sql`insert into setting (name, value) values (${JOURNAL_SETTING}, 'pending')
      on conflict (name) do update set value = excluded.value`.execute(trx);
  });
}

async function insert(trx: Transaction<Tables>, table: string, columns: DumpColumn[], rows: DumpRow[]): Promise<void> {
  const lists = columns.map((_, index) => sql`${rows.map((row) => row[index] ?? null)}::text[]`);
  const names = columns.map(({ name }) => sql.id(name));
  const typed = columns.map(({ name, type }) => sql`u.${sql.id(name)}::${sql.raw(safeType(type))}`);
  await sql`
    insert into ${sql.table(table)} (${sql.join(names)}) overriding system value
    select ${sql.join(typed)} from unnest(${sql.join(lists)}) as u (${sql.join(names)})`.execute(trx);
}

/** The type comes from an archive and goes into a statement. */
function safeType(type: string): string {
  if (/^[a-z][a-z0-9 ]*(\[\])?$/.test(type)) return type;
  throw new FleetError("STORE_FAILED", `the backup has a column of the strange type ${type}`, {});
}

async function continueNumbers(trx: Transaction<Tables>, table: string): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select column_name as name from information_schema.columns
    where table_schema = current_schema() and table_name = ${table} and is_identity = 'YES'`.execute(trx);
  for (const { name } of rows) {
    await sql`
      select setval(pg_get_serial_sequence(${table}, ${name}), greatest(1, (select max(${sql.id(name)}) from ${sql.table(table)})))
    `.execute(trx);
  }
}

async function columnsOf(trx: Transaction<Tables>): Promise<[string, DumpColumn[]][]> {
  const { rows } = await sql<{ table: string; name: string; type: string }>`
    select c.relname as "table", a.attname as name, format_type(a.atttypid, null) as type
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    order by c.relname, a.attnum`.execute(trx);
  const kept = rows.filter(({ table }) => !LEFT_OUT.has(table));
  return [...Map.groupBy(kept, ({ table }) => table)].map(([table, columns]) => [
    table,
    columns.map(({ name, type }) => ({ name, type })),
  ]);
}
