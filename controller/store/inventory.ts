import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import { putCosts } from "./costs.ts";
import { appendEvent } from "./events.ts";
import type { Tables } from "./tables.ts";
import type { PassRecord, RememberedDrift, SeenServer, Sighting, Store } from "./types.ts";

type Methods = Pick<Store, "inventory" | "sightings" | "openDrift" | "drift" | "driftById" | "passes" | "recordPass">;

/** How long what is gone, and drift that has ended, is remembered. */
const KEPT = sql`interval '90 days'`;
/** Rows of one statement. */
const BATCH = 2_000;

/** What accounts were seen to have, and what of it differed. */
export function inventoryMethods(db: Kysely<Tables>): Methods {
  return {
    async inventory(account, ids) {
      const pass = await db.selectFrom("inventory_pass").selectAll().where("account", "=", account).executeTakeFirst();
      if (pass === undefined) return { servers: [] };
      let query = db.selectFrom("inventory").selectAll().where("account", "=", account).orderBy("id");
      if (ids !== undefined) query = query.where(sql<boolean>`id = any(${[...ids]}::text[])`);
      const rows = await query.execute();
      const readAt = pass.read_at.toISOString();
      const { number, fingerprint } = pass;
      return {
        pass: { number, fingerprint, listedAt: pass.listed_at.toISOString(), readAt },
        servers: rows.map((row) => toSeen(row, readAt)),
      };
    },

    async sightings() {
      const passes = await db.selectFrom("inventory_pass").select(["account", "read_at"]).execute();
      const readAt = new Map(passes.map(({ account, read_at }) => [account, read_at.toISOString()]));
      const rows = await db
        .selectFrom("inventory")
        .select(["account", "id", "name", "class", "mark", "region", "size", "state", "first_seen", "last_seen"])
        .select(["gone_since", "monthly_micro", "hourly_micro", "currency"])
        .select(
          sql<
            Sighting["actual"]
          >`json_strip_nulls(json_build_object('image', actual->'image', 'status', actual->'status',
            'ipv4', actual->'ipv4', 'ipv6', actual->'ipv6', 'createdAt', actual->'createdAt'))`.as("actual"),
        )
        .execute();
      return new Map(
        rows.flatMap(({ account, ...row }) => {
          const at = readAt.get(account);
          return at === undefined ? [] : [[`${account} ${row.id}`, toSeen(row, at)]];
        }),
      );
    },

    async openDrift() {
      const rows = await db.selectFrom("drift").selectAll().where("ended_at", "is", null).orderBy("id").execute();
      return rows.map((row) => ({ ...toDrift(row), account: row.account }));
    },

    async drift(account, which) {
      let query = db.selectFrom("drift").selectAll().where("account", "=", account).orderBy("id");
      if (which === "open") query = query.where("ended_at", "is", null);
      return (await query.execute()).map(toDrift);
    },

    async driftById(ids) {
      if (ids.length === 0) return [];
      const query = db
        .selectFrom("drift")
        .selectAll()
        .where(sql<boolean>`id = any(${[...ids]}::bigint[])`);
      return (await query.orderBy("id").execute()).map(toDrift);
    },

    async passes() {
      const rows = await db.selectFrom("inventory_pass").select(["account", "read_at"]).execute();
      return new Map(rows.map(({ account, read_at }) => [account, read_at.toISOString()]));
    },

    async recordPass(record) {
      return await db.transaction().execute(async (transaction) => {
        if (!(await isNext(transaction, record))) return undefined;
        for (let from = 0; from < record.seen.length; from += BATCH)
          await putSeen(transaction, record.account, record.seen.slice(from, from + BATCH));
        await putGone(transaction, record);
        await sql`delete from inventory where gone_since < ${record.pass.readAt}::timestamptz - ${KEPT}`.execute(
          transaction,
        );
        await tellAppeared(transaction, record);
        await putCosts(transaction, record);
        return record.drift === undefined ? [] : await putDrift(transaction, record, record.drift);
      });
    },
  };
}

/** Of two passes that began from the same one, the first that is done counts: the row stays locked until it is stored. */
async function isNext(db: Transaction<Tables>, { account, pass }: PassRecord): Promise<boolean> {
  const { number, fingerprint, listedAt, readAt } = pass;
  const { rows } = await sql`
    insert into inventory_pass as before (account, number, fingerprint, listed_at, read_at)
    values (${account}, ${number}, ${fingerprint}, ${listedAt}, ${readAt})
    on conflict (account) do update set
      number = excluded.number, fingerprint = excluded.fingerprint, listed_at = excluded.listed_at, read_at = excluded.read_at
    where before.number = excluded.number - 1
    returning account`.execute(db);
  return rows.length > 0;
}

async function putSeen(db: Transaction<Tables>, account: string, rows: SeenServer[]): Promise<void> {
  await sql`
    insert into inventory (account, id, name, class, mark, region, size, state, first_seen, last_seen, monthly_micro,
      hourly_micro, currency, actual)
    select ${account}::text, id, name, class, mark, region, size, state, first_seen, last_seen, monthly_micro, hourly_micro,
      currency, actual::json
    from unnest(
      ${rows.map((row) => row.id)}::text[], ${rows.map((row) => row.name)}::text[],
      ${rows.map((row) => row.class)}::text[], ${rows.map((row) => row.mark ?? null)}::text[],
      ${rows.map((row) => row.region)}::text[], ${rows.map((row) => row.size ?? null)}::text[],
      ${rows.map((row) => row.state)}::text[], ${rows.map((row) => row.firstSeen)}::timestamptz[],
      ${rows.map((row) => row.lastSeen)}::timestamptz[], ${rows.map((row) => row.monthly?.monthlyMicro ?? null)}::bigint[],
      ${rows.map((row) => row.monthly?.hourlyMicro ?? null)}::bigint[],
      ${rows.map((row) => row.monthly?.currency ?? null)}::text[], ${rows.map((row) => JSON.stringify(row.actual))}::text[])
      as new (id, name, class, mark, region, size, state, first_seen, last_seen, monthly_micro, hourly_micro, currency, actual)
    on conflict (account, id) do update set
      name = excluded.name, class = excluded.class, mark = excluded.mark, region = excluded.region, size = excluded.size,
      state = excluded.state, first_seen = excluded.first_seen, last_seen = excluded.last_seen, gone_since = null,
      monthly_micro = excluded.monthly_micro, hourly_micro = excluded.hourly_micro, currency = excluded.currency,
      actual = excluded.actual`.execute(db);
}

async function putGone(db: Transaction<Tables>, { account, pass, gone }: PassRecord): Promise<void> {
  if (gone.length === 0) return;
  await sql`
    update inventory set gone_since = ${pass.readAt}, last_seen = went.last_seen
    from unnest(${gone.map(({ id }) => id)}::text[], ${gone.map(({ lastSeen }) => lastSeen)}::timestamptz[])
      as went (id, last_seen)
    where inventory.account = ${account} and inventory.id = went.id and gone_since is null`.execute(db);
}

async function putDrift(
  db: Transaction<Tables>,
  { account, pass }: PassRecord,
  { started, changed, ended }: NonNullable<PassRecord["drift"]>,
): Promise<number[]> {
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  const ids: number[] = [];
  for (let from = 0; from < started.length; from += BATCH) {
    const rows = started.slice(from, from + BATCH).map((one) => ({
      account,
      kind: one.kind,
      identity: one.identity,
      name: one.name,
      cloud_id: one.cloudId,
      field: one.field,
      key: one.key,
      before: json(one.before),
      after: json(one.after),
      since: one.since,
      wanted: json(one.wanted),
    }));
    const stored = await db.insertInto("drift").values(rows).returning("id").execute();
    ids.push(...stored.map(({ id }) => Number(id)));
  }
  for (const { id, name, cloudId, field, before, after, wanted } of changed)
    await db
      .updateTable("drift")
      .set({ name, cloud_id: cloudId, field, before: json(before), after: json(after), wanted: json(wanted) })
      .where("id", "=", String(id))
      .execute();
  if (ended.length > 0)
    await sql`update drift set ended_at = ${pass.readAt} where id = any(${ended}::bigint[])`.execute(db);
  await sql`delete from drift where ended_at < ${pass.readAt}::timestamptz - ${KEPT}`.execute(db);
  if (ids.length > 0 || ended.length > 0) {
    await appendEvent(db, { kind: "drift", object: account, data: { started: ids, ended } });
  }
  return ids;
}

/** Names in one event; the count says how many there are. */
const NAMED = 100;

/** Machines that no file names and no pass has seen before, one event a class. */
async function tellAppeared(db: Transaction<Tables>, { account, pass, seen }: PassRecord): Promise<void> {
  const isNew = ({ firstSeen, class: owner }: SeenServer) => firstSeen === pass.readAt && owner !== "managed";
  for (const [owner, rows] of Map.groupBy(seen.filter(isNew), (row) => row.class)) {
    const names = rows.slice(0, NAMED).map(({ name }) => name);
    const data = { account, class: owner, count: rows.length, names };
    await appendEvent(db, { kind: "inventory.appeared", object: account, data });
  }
}

/** What is there was seen by the last pass, whether or not that had to write its row. */
function toSeen<Actual extends Sighting["actual"]>(
  row: Omit<Selectable<Tables["inventory"]>, "account" | "actual"> & { actual: Actual },
  readAt: string,
): Sighting & { actual: Actual } {
  const { mark, size, gone_since, monthly_micro, hourly_micro, currency } = row;
  return {
    id: row.id,
    name: row.name,
    class: row.class,
    ...(mark !== null && { mark }),
    region: row.region,
    ...(size !== null && { size }),
    state: row.state,
    firstSeen: row.first_seen.toISOString(),
    lastSeen: gone_since === null ? readAt : row.last_seen.toISOString(),
    ...(gone_since !== null && { goneSince: gone_since.toISOString() }),
    ...(monthly_micro !== null &&
      currency !== null && {
        monthly: { monthlyMicro: Number(monthly_micro), hourlyMicro: Number(hourly_micro), currency },
      }),
    actual: row.actual,
  };
}

function toDrift(row: Selectable<Tables["drift"]>): RememberedDrift {
  return {
    id: Number(row.id),
    kind: row.kind,
    identity: row.identity,
    name: row.name,
    cloudId: row.cloud_id,
    field: row.field,
    key: row.key,
    ...(row.before !== null && { before: row.before }),
    ...(row.after !== null && { after: row.after }),
    since: row.since.toISOString(),
    ...(row.ended_at !== null && { endedAt: row.ended_at.toISOString() }),
    ...(row.wanted !== null && { wanted: row.wanted }),
  };
}
