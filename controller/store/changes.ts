import { type Insertable, type Kysely, type Selectable, sql } from "kysely";
import { eraseEnded } from "./server-secrets.ts";
import type { Tables } from "./tables.ts";
import type { Store, StoredChange, StoredStep } from "./types.ts";

type Methods = Pick<Store, "addChange" | "change" | "changes" | "putChange" | "changeSteps">;

/** Changes and the steps that they took. A change and its step are written in one transaction. */
export function changeMethods(db: Kysely<Tables>): Methods {
  return {
    async addChange(change, step) {
      return await db.transaction().execute(async (one) => {
        const insert = one
          .insertInto("change")
          .values({ id: change.id, ...columns(change), created_at: change.createdAt });
        const { numInsertedOrUpdatedRows } = await insert.onConflict((on) => on.doNothing()).executeTakeFirstOrThrow();
        if (numInsertedOrUpdatedRows !== 1n) return false;
        await one.insertInto("change_step").values(stepRow(step)).execute();
        return true;
      });
    },

    async change(id) {
      const row = await db.selectFrom("change").selectAll().where("id", "=", id).executeTakeFirst();
      return row && toChange(row);
    },

    async changes({ states, author, object, ahead, op, since, before }, limit) {
      let query = db.selectFrom("change").selectAll();
      if (states !== undefined) query = query.where(sql<boolean>`state = any(${[...states]}::text[])`);
      if (author !== undefined) query = query.where("author", "=", author);
      if (object !== undefined) query = query.where(sql<boolean>`objects @> array[${object}]::text[]`);
      if (ahead) query = query.where(sql<boolean>`document -> 'ahead' is not null`);
      // As the index has it, which an argument is not.
      if (op !== undefined) query = query.where(sql<boolean>`document -> 'call' ->> 'op' = ${sql.lit(op)}`);
      if (since !== undefined) query = query.where("created_at", ">=", since as never);
      if (before !== undefined) {
        const { createdAt, id } = before;
        query = query.where(sql<boolean>`(created_at, id) < (${createdAt}::timestamptz, ${id})`);
      }
      return (await query.orderBy("created_at", "desc").orderBy("id", "desc").limit(limit).execute()).map(toChange);
    },

    async putChange(change, version, step) {
      return await db.transaction().execute(async (one) => {
        const { numUpdatedRows } = await one
          .updateTable("change")
          .set(columns(change))
          .where("id", "=", change.id)
          .where("version", "=", version)
          .executeTakeFirst();
        if (numUpdatedRows !== 1n) return false;
        if (step !== undefined) await one.insertInto("change_step").values(stepRow(step)).execute();
        await eraseEnded(one, change);
        return true;
      });
    },

    async changeSteps(id) {
      const rows = await db.selectFrom("change_step").selectAll().where("change", "=", id).orderBy("seq").execute();
      return rows.map(
        ({ change, from_state, to_state, by, at, reason }): StoredStep => ({
          change,
          ...(from_state !== null && { from: from_state }),
          to: to_state,
          by,
          at: at.toISOString(),
          ...(reason !== null && { reason }),
        }),
      );
    },
  };
}

const columns = ({ version, state, author, objects, updatedAt, document }: StoredChange) => ({
  version,
  state,
  author,
  objects,
  updated_at: updatedAt,
  document: JSON.stringify(document),
});

const stepRow = ({ change, from, to, by, at, reason }: StoredStep): Insertable<Tables["change_step"]> => ({
  change,
  from_state: from ?? null,
  to_state: to,
  by,
  at,
  reason: reason ?? null,
});

const toChange = (row: Selectable<Tables["change"]>): StoredChange => ({
  id: row.id,
  version: row.version,
  state: row.state,
  author: row.author,
  objects: row.objects,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  document: row.document,
});
