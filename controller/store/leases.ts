import { type Kysely, type Selectable, sql } from "kysely";
import type { Tables } from "./tables.ts";
import type { Lease, Store } from "./types.ts";

type Row = Selectable<Tables["lease"]>;

/** Leases of stacks. Only the database's clock counts, so holders need not agree on the time. */
export function leaseMethods(
  db: Kysely<Tables>,
): Pick<Store, "acquireLease" | "renewLeases" | "releaseLease" | "lease"> {
  const until = (ttlMs: number) => sql`now() + ${ttlMs}::float8 * interval '1 millisecond'`;

  return {
    async acquireLease(stack, holder, ttlMs) {
      const { rows } = await sql<Row>`
        insert into lease as held (stack, holder, expires_at) values (${stack}, ${holder}, ${until(ttlMs)})
        on conflict (stack) do update set holder = excluded.holder, expires_at = excluded.expires_at
        where held.holder = excluded.holder or held.expires_at <= now()
        returning *`.execute(db);
      return rows[0] && toLease(rows[0]);
    },

    async renewLeases(stacks, holder, ttlMs) {
      if (stacks.length === 0) return [];
      // One that has run out is lost even when no one has taken it: its engine should have been ended before.
      const { rows } = await sql<{ stack: string }>`
        update lease set expires_at = ${until(ttlMs)}
        where stack = any(${stacks}::text[]) and holder = ${holder} and expires_at > now()
        returning stack`.execute(db);
      return rows.map(({ stack }) => stack);
    },

    async releaseLease(stack, holder) {
      await db.deleteFrom("lease").where("stack", "=", stack).where("holder", "=", holder).execute();
    },

    async lease(stack) {
      const row = await db.selectFrom("lease").selectAll().where("stack", "=", stack).executeTakeFirst();
      return row && toLease(row);
    },
  };
}

function toLease(row: Row): Lease {
  return { stack: row.stack, holder: row.holder, expiresAt: row.expires_at.toISOString() };
}
