import { type Kysely, type Selectable, sql } from "kysely";
import type { Tables } from "./tables.ts";
import type { NewEvent, Store, StoredEvent } from "./types.ts";

type Methods = Pick<
  Store,
  | "event"
  | "eventsOnce"
  | "putEvents"
  | "events"
  | "runEvents"
  | "setting"
  | "putSetting"
  | "settings"
  | "removeSettings"
>;

/**
 * Appends an event within a transaction, under the lock that the log has its order by. Unlike others it waits for the disk, as all of the
 * transaction does.
 */
export async function appendEvent(db: Kysely<Tables>, { kind, object, data }: Omit<NewEvent, "run">): Promise<void> {
  await sql`
    insert into event (kind, object, data)
    select ${kind}::text, ${object ?? null}::text, ${JSON.stringify(data ?? null)}::json
    from (select pg_advisory_xact_lock(hashtextextended('fleetwright events ' || current_schema(), 0))) as ordered`.execute(
    db,
  );
}

/** The event log and settings. */
export function eventMethods(db: Kysely<Tables>): Methods {
  return {
    async event({ run, kind, object, data }) {
      // Numbers are given in the order of commits (the lock is held until then), so a reader that goes on from the last number it saw
      // misses none. The log is for people: it need not wait for the disk.
      const { rows } = await sql<{ seq: string }>`
        insert into event (run, kind, object, data)
        select ${run ?? null}::text, ${kind}::text, ${object ?? null}::text, ${JSON.stringify(data ?? null)}::json
        from (select pg_advisory_xact_lock(hashtextextended('fleetwright events ' || current_schema(), 0)),
          set_config('synchronous_commit', 'off', true)) as ordered
        returning seq`.execute(db);
      return Number(rows[0]?.seq);
    },

    async eventsOnce(events) {
      const distinct = [...new Map(events.map((event) => [event.once, event])).values()];
      if (distinct.length === 0) return new Set();
      // Keys are in a table of their own: events go some day, and are not to be told anew then. Both are written or neither.
      return await db.transaction().execute(async (one) => {
        const { rows } = await sql<{ key: string }>`
          insert into event_once (key) select unnest(${distinct.map(({ once }) => once).sort()}::text[])
          on conflict do nothing returning key`.execute(one);
        const fresh = new Set(rows.map(({ key }) => key));
        const told = distinct.filter(({ once }) => fresh.has(once));
        if (told.length > 0) {
          await sql`
            insert into event (kind, object, data)
            select kind, object, data::json
            from (select pg_advisory_xact_lock(hashtextextended('fleetwright events ' || current_schema(), 0))) as ordered,
              unnest(${told.map(({ kind }) => kind)}::text[], ${told.map(({ object }) => object ?? null)}::text[],
                ${told.map(({ data }) => JSON.stringify(data ?? null))}::text[]) as told (kind, object, data)`.execute(
            one,
          );
        }
        return fresh;
      });
    },

    async events(after, limit) {
      const query = db.selectFrom("event").selectAll().where("seq", ">", String(after)).orderBy("seq").limit(limit);
      return (await query.execute()).map(toEvent);
    },

    async putEvents(events) {
      if (events.length === 0) return;
      await sql`
        insert into event (run, kind, object, data)
        select given.run, given.kind, given.object, given.data::json
        from (select pg_advisory_xact_lock(hashtextextended('fleetwright events ' || current_schema(), 0)),
          set_config('synchronous_commit', 'off', true)) as ordered,
          unnest(
            ${events.map(({ run }) => run ?? null)}::text[], ${events.map(({ kind }) => kind)}::text[],
            ${events.map(({ object }) => object ?? null)}::text[],
            ${events.map(({ data }) => JSON.stringify(data ?? null))}::text[])
          with ordinality as given (run, kind, object, data, place)
        order by given.place`.execute(db);
    },

    async runEvents(run, limit, after = 0) {
      const query = db.selectFrom("event").selectAll().where("run", "=", run).where("seq", ">", String(after));
      return (await query.orderBy("seq").limit(limit).execute()).map(toEvent);
    },

    async setting(name) {
      return (await db.selectFrom("setting").select("value").where("name", "=", name).executeTakeFirst())?.value;
    },

    async putSetting(name, value) {
      await db
        .insertInto("setting")
        .values({ name, value })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
        .execute();
    },

    async settings(prefix) {
      const query = db.selectFrom("setting").selectAll().where(sql<boolean>`starts_with(name, ${prefix})`);
      const rows = await query.orderBy("name").execute();
      return new Map(rows.map(({ name, value }) => [name.slice(prefix.length), value]));
    },

    async removeSettings(names) {
      if (names.length > 0)
        await db
          .deleteFrom("setting")
          .where("name", "in", [...names])
          .execute();
    },
  };
}

export function toEvent(row: Selectable<Tables["event"]>): StoredEvent {
  return {
    seq: Number(row.seq),
    at: row.at.toISOString(),
    ...(row.run !== null && { run: row.run }),
    kind: row.kind,
    ...(row.object !== null && { object: row.object }),
    data: row.data,
  };
}
