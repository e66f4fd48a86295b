import { type Kysely, type Selectable, sql } from "kysely";
import { toEvent } from "./events.ts";
import type { Tables } from "./tables.ts";
import type { NotificationRecord, Store, StoredNotification } from "./types.ts";

type Methods = Pick<
  Store,
  | "setNotificationTargets"
  | "untold"
  | "putNotifications"
  | "unsent"
  | "unsentCounts"
  | "markSent"
  | "notifications"
  | "resend"
  | "pruneNotifications"
>;

/** The outbox: what each target is to be sent of the event log, and what it has been sent. */
export function notificationMethods(db: Kysely<Tables>): Methods {
  return {
    async setNotificationTargets(names) {
      const known = await db.selectFrom("notification_target").select("name").execute();
      const isSame = known.length === names.length && known.every(({ name }) => names.includes(name));
      if (isSame) return;
      await db.transaction().execute(async (one) => {
        await sql`delete from notification_target where name <> all(${[...names]}::text[])`.execute(one);
        await sql`delete from notification where sent_at is null and target <> all(${[...names]}::text[])`.execute(one);
        await sql`
          insert into notification_target (name, cursor)
          select name, coalesce((select max(seq) from event), 0) from unnest(${[...names]}::text[]) as new (name)
          on conflict do nothing`.execute(one);
      });
    },

    async untold(target, topics, limit) {
      const query = db.selectFrom("notification_target").select("cursor").where("name", "=", target);
      const from = Number((await query.executeTakeFirst())?.cursor ?? 0);
      const last = await db.selectFrom("event").select(sql<string | null>`max(seq)`.as("seq")).executeTakeFirst();
      const end = Number(last?.seq ?? 0);
      // Numbers are given in the order of commits, so nothing below the last one comes later.
      const rows = await db
        .selectFrom("event")
        .selectAll()
        .where("seq", ">", String(from))
        .where("seq", "<=", String(end))
        .where(sql<boolean>`split_part(kind, '.', 1) = any(${[...topics]}::text[])`)
        .orderBy("seq")
        .limit(limit)
        .execute();
      const events = rows.map(toEvent);
      // Old events go, and may leave the log empty.
      return { from, to: events.length < limit ? Math.max(from, end) : events.at(-1)!.seq, events };
    },

    async putNotifications(target, { from, to }, notifications) {
      return await db.transaction().execute(async (one) => {
        const { numUpdatedRows } = await one
          .updateTable("notification_target")
          .set({ cursor: String(to) })
          .where("name", "=", target)
          .where("cursor", "=", String(from))
          .executeTakeFirst();
        if (numUpdatedRows !== 1n) return false;
        const rows = notifications.map(({ id, event, message }) => ({
          id,
          target,
          event: String(event),
          message: JSON.stringify(message),
        }));
        if (rows.length > 0)
          await one
            .insertInto("notification")
            .values(rows)
            .onConflict((conflict) => conflict.doNothing())
            .execute();
        return true;
      });
    },

    async unsent(target, limit) {
      const query = db.selectFrom("notification").selectAll().where("target", "=", target).where("sent_at", "is", null);
      const rows = await query.orderBy("event").orderBy("created_at").orderBy("id").limit(limit).execute();
      return rows.map(toNotification);
    },

    async notifications(limit) {
      const query = db.selectFrom("notification").selectAll().orderBy("created_at", "desc").orderBy("id").limit(limit);
      return (await query.execute()).map(
        (row): NotificationRecord => ({
          ...toNotification(row),
          target: row.target,
          ...(row.sent_at !== null && { sentAt: row.sent_at.toISOString() }),
        }),
      );
    },

    async resend(id) {
      const again = db.updateTable("notification").set({ sent_at: null }).where("id", "=", id).returning("target");
      return (await again.executeTakeFirst())?.target;
    },

    async unsentCounts() {
      const { rows } = await sql<{ target: string; waiting: number }>`
        select target, count(*)::int as waiting from notification where sent_at is null group by target`.execute(db);
      return new Map(rows.map(({ target, waiting }) => [target, waiting]));
    },

    async markSent(id) {
      await db.updateTable("notification").set({ sent_at: sql<Date>`now()` }).where("id", "=", id).execute();
    },

    async pruneNotifications(days) {
      const { rows } = await sql<{ lost: boolean }>`
        delete from notification where created_at < now() - ${days} * interval '1 day'
        returning sent_at is null as lost`.execute(db);
      return rows.filter(({ lost }) => lost).length;
    },
  };
}

const toNotification = ({
  id,
  event,
  message,
  created_at,
}: Selectable<Tables["notification"]>): StoredNotification => ({
  id,
  event: Number(event),
  message,
  createdAt: created_at.toISOString(),
});
