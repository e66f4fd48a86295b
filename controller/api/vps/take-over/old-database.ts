import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { FleetError } from "../../../../resources/errors.ts";

/** A row as JSON has it. */
export type Row = Readonly<Record<string, unknown>>;

/** What an installation's database holds, as it is: what it means is for `installationOf` to say. */
export interface OldRows {
  providers: readonly Row[];
  plans: readonly Row[];
  instances: readonly Row[];
  /** Mail addresses of people and of the owners of organizations, by id. */
  people: ReadonlyMap<string, string>;
  /** Members by id of an organization, where there are several. */
  members: ReadonlyMap<string, number>;
  /** Whether instances have a column for their provider. */
  hasProviders: boolean;
}

/** The document's name of the change that gives instances their provider. */
const MIGRATION = "016_add_provider_id_to_vps_instances.sql";
const TABLES = ["service_providers", "vps_instances", "vps_plans"] as const;
const WAIT_MS = 15_000;

/** As one would give it to psql. */
export const migrationSql = async (): Promise<string> => await readFile(join(import.meta.dirname, MIGRATION), "utf8");

/**
 * Reads the three tables, and whose instances are, as they are at one instant. Nothing is written, and keys are not read.
 * @throws {FleetError} USAGE for what is no address of a database, or a table that is missing; STORE_FAILED
 */
export async function readOldRows(url: string): Promise<OldRows> {
  return await connected(url, async (client) => {
    await client.query("begin transaction isolation level repeatable read read only");
    await refuseMissing(client);
    const all = async (text: string) => (await client.query<{ row: Row }>(text)).rows.map(({ row }) => row);
    const columns = async (table: string) => await columnsOf(client, table);
    const people = new Map<string, string>();
    const members = new Map<string, number>();
    const users = await columns("users");
    const organizations = await columns("organizations");
    if (users.has("id") && users.has("email")) {
      await pairs(client, people, "select id::text, email::text as value from users");
      if (organizations.has("id") && organizations.has("owner_id"))
        await pairs(
          client,
          people,
          "select o.id::text, u.email::text as value from organizations o join users u on u.id = o.owner_id",
        );
    }
    if ((await columns("organization_members")).has("organization_id"))
      await pairs(
        client,
        members,
        "select organization_id::text as id, count(*)::int as value from organization_members group by 1 having count(*) > 1",
      );
    return {
      // Keys are sealed by another service's secret: they would only be carried about.
      providers: await all("select to_jsonb(t) - 'api_key_encrypted' as row from service_providers t order by 1"),
      plans: await all("select to_jsonb(t) as row from vps_plans t order by 1"),
      instances: await all("select to_jsonb(t) as row from vps_instances t order by 1"),
      people,
      members,
      hasProviders: (await columns("vps_instances")).has("provider_id"),
    };
  });
}

/** What was filled in at the old database. */
export interface Filled {
  /** Whether the Linode provider had to be made. */
  madeLinode: boolean;
  instances: number;
}

/**
 * Has the document's migration and fills it: instances without a provider are Linode's, whose row is made where there is none. All of it or nothing;
 * again it changes nothing.
 * @param linode id of the Linode provider, where it has to be made
 * @throws {FleetError} USAGE, STORE_FAILED; CONFLICT where it is not told which of several Linode providers has instances
 */
export async function migrateOld(url: string, linode: string): Promise<Filled> {
  const migration = await migrationSql();
  return await connected(url, async (client) => {
    await client.query("begin");
    await refuseMissing(client);
    await client.query(migration);
    await client.query(
      "update vps_instances i set provider_type = p.type from service_providers p where p.id = i.provider_id and i.provider_type is null",
    );
    const theirs = "provider_id is null and coalesce(provider_type, 'linode') = 'linode'";
    const made = await client.query(
      `insert into service_providers (id, name, type, api_key_encrypted)
       select $1, 'Linode', 'linode', '' where not exists (select from service_providers where type = 'linode')
         and exists (select from vps_instances where ${theirs})`,
      [linode],
    );
    const { rows } = await client.query<{ id: string }>("select id from service_providers where type = 'linode'");
    const waiting = await client.query(`select from vps_instances where ${theirs} limit 1`);
    if (rows.length > 1 && waiting.rowCount !== 0)
      throw new FleetError(
        "CONFLICT",
        `instances of Linode have no provider_id, and the database has ${rows.length} Linode providers: set it for each`,
      );
    const filled = await client.query(
      `update vps_instances set provider_type = 'linode', provider_id = $1 where ${theirs}`,
      [rows[0]?.id ?? null],
    );
    await client.query("commit");
    return { madeLinode: made.rowCount === 1, instances: filled.rowCount ?? 0 };
  });
}

async function connected<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url))
    throw new FleetError(
      "USAGE",
      "--from is the address of a PostgreSQL database: postgres://USER:PASSWORD@HOST/DATABASE",
    );
  const client = new pg.Client({
    connectionString: url,
    application_name: "fleetwright take-over",
    connectionTimeoutMillis: WAIT_MS,
  });
  // A connection that breaks is an event; the statement that it breaks in tells.
  client.on("error", () => undefined);
  try {
    await client.connect();
    // What was not committed is rolled back with the connection.
    return await use(client);
  } catch (cause) {
    if (cause instanceof FleetError) throw cause;
    throw new FleetError("STORE_FAILED", `the old database: ${(cause as Error).message}`, {}, { cause });
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function refuseMissing(client: pg.Client): Promise<void> {
  const missing: string[] = [];
  for (const table of TABLES) if ((await columnsOf(client, table)).size === 0) missing.push(table);
  if (missing.length > 0)
    throw new FleetError(
      "USAGE",
      `the database has no table ${missing.join(", ")}: is it that of a multi-cloud VPS installation, and may this user read it?`,
    );
}

/** Empty where there is no such table on the search path, or this user may not read it. */
async function columnsOf(client: pg.Client, table: string): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped and has_table_privilege(attrelid, 'select')`,
    [table],
  );
  return new Set(rows.map(({ name }) => name));
}

async function pairs<T>(client: pg.Client, into: Map<string, T>, text: string): Promise<void> {
  const { rows } = await client.query<{ id: string | null; value: T | null }>(text);
  for (const { id, value } of rows) if (id !== null && value !== null) into.set(id, value);
}
