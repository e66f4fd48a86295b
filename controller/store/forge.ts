import { type Kysely, type Selectable, sql } from "kysely";
import { append } from "./audit.ts";
import type { Tables } from "./tables.ts";
import type { ForgeLogin, Store, StoredPull } from "./types.ts";

type Methods = Pick<
  Store,
  | "pull"
  | "openPulls"
  | "putPull"
  | "hasUntoldPulls"
  | "noteDelivery"
  | "forgeLogins"
  | "forgeLogin"
  | "putForgeLogin"
  | "removeForgeLogin"
>;

const KEPT_DAYS = 30;

/** Pull requests that are known, deliveries of webhooks that have come, and who people at a forge are. */
export function forgeMethods(db: Kysely<Tables>): Methods {
  return {
    async pull(forge, number) {
      const query = db.selectFrom("forge_pull").selectAll().where("forge", "=", forge).where("number", "=", number);
      const row = await query.executeTakeFirst();
      return row && toPull(row);
    },

    async openPulls(forge) {
      const query = db.selectFrom("forge_pull").selectAll().where("forge", "=", forge).where("state", "<>", "done");
      return (await query.orderBy("number").execute()).map(toPull);
    },

    async putPull(pull) {
      const {
        forge,
        number,
        change,
        state,
        head,
        seen,
        comment,
        commentHash,
        statusHash,
        cursor,
        told,
        problem,
        base,
      } = pull;
      const row = {
        change: change ?? null,
        state,
        head,
        seen: seen ?? null,
        comment: comment === undefined ? null : String(comment),
        comment_hash: commentHash ?? null,
        status_hash: statusHash ?? null,
        cursor: String(cursor),
        told: told ?? null,
        problem: problem ?? null,
        base: base ?? null,
      };
      await db
        .insertInto("forge_pull")
        .values({ forge, number, ...row })
        .onConflict((on) => on.columns(["forge", "number"]).doUpdateSet(row))
        .execute();
    },

    async hasUntoldPulls(forge) {
      const query = db
        .selectFrom("forge_pull")
        .innerJoin("change", "change.id", "forge_pull.change")
        .select("forge_pull.number")
        .where("forge_pull.forge", "=", forge)
        .where("forge_pull.state", "<>", "done")
        .where(sql<boolean>`forge_pull.told is distinct from change.version`);
      return (await query.limit(1).executeTakeFirst()) !== undefined;
    },

    async noteDelivery(keys) {
      return await db.transaction().execute(async (one) => {
        await sql`delete from forge_delivery where at < now() - ${KEPT_DAYS} * interval '1 day'`.execute(one);
        const { numInsertedOrUpdatedRows } = await one
          .insertInto("forge_delivery")
          .values(keys.map((key) => ({ key })))
          .onConflict((on) => on.doNothing())
          .executeTakeFirstOrThrow();
        return numInsertedOrUpdatedRows === BigInt(keys.length);
      });
    },

    async forgeLogins(forge) {
      const rows = await db.selectFrom("forge_login").selectAll().where("forge", "=", forge).orderBy("name").execute();
      return rows.map(toLogin);
    },

    async forgeLogin(forge, id) {
      const query = db.selectFrom("forge_login").selectAll().where("forge", "=", forge).where("id", "=", id);
      const row = await query.executeTakeFirst();
      return row && toLogin(row);
    },

    async putForgeLogin({ forge, id, name, user, by }, audit) {
      await db.transaction().execute(async (one) => {
        const row = { name, person: user, linked_by: by, linked_at: sql<Date>`now()` };
        await one
          .insertInto("forge_login")
          .values({ forge, id, ...row })
          .onConflict((on) => on.columns(["forge", "id"]).doUpdateSet(row))
          .execute();
        await append(one, audit);
      });
    },

    async removeForgeLogin(forge, id, audit) {
      return await db.transaction().execute(async (one) => {
        const { numDeletedRows } = await one
          .deleteFrom("forge_login")
          .where("forge", "=", forge)
          .where("id", "=", id)
          .executeTakeFirstOrThrow();
        if (numDeletedRows > 0n) await append(one, audit);
        return numDeletedRows > 0n;
      });
    },
  };
}

const toPull = (row: Selectable<Tables["forge_pull"]>): StoredPull => ({
  forge: row.forge,
  number: row.number,
  state: row.state,
  head: row.head,
  cursor: Number(row.cursor),
  ...(row.change !== null && { change: row.change }),
  ...(row.seen !== null && { seen: row.seen }),
  ...(row.comment !== null && { comment: Number(row.comment) }),
  ...(row.comment_hash !== null && { commentHash: row.comment_hash }),
  ...(row.status_hash !== null && { statusHash: row.status_hash }),
  ...(row.told !== null && { told: row.told }),
  ...(row.problem !== null && { problem: row.problem }),
  ...(row.base !== null && { base: row.base }),
});

const toLogin = ({ forge, id, name, person, linked_by, linked_at }: Selectable<Tables["forge_login"]>): ForgeLogin => ({
  forge,
  id,
  name,
  user: person,
  by: linked_by,
  at: linked_at.toISOString(),
});
