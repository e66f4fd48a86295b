import { type Kysely, type Selectable, sql } from "kysely";
import type { AuditEntry, PeopleStore, StoredAudit } from "../people/types.ts";
import type { Tables } from "./tables.ts";

/** The audit log. The database itself refuses every other change of its table. */
export function auditMethods(db: Kysely<Tables>): Pick<PeopleStore, "audit" | "audits" | "pruneAudit"> {
  return {
    audit: (entry) => append(db, entry),

    async audits({ before, after, email, action, object, limit }) {
      let query = db.selectFrom("audit").selectAll();
      if (after !== undefined) query = query.where("seq", ">", String(after));
      else if (before !== undefined) query = query.where("seq", "<", String(before));
      if (email !== undefined) query = query.where("email", "=", email);
      if (action !== undefined) query = query.where("action", "=", action);
      if (object !== undefined) query = query.where("object", "=", object);
      const rows = await query
        .orderBy("seq", after === undefined ? "desc" : "asc")
        .limit(limit)
        .execute();
      return rows.map(toAudit);
    },

    async pruneAudit(days) {
      return await db.transaction().execute(async (one) => {
        const { rows } = await sql<{ removed: string }>`select prune_audit(${days}::int) as removed`.execute(one);
        const removed = Number(rows[0]?.removed);
        const who = { email: "controller", via: "controller" } as const;
        if (removed > 0) await append(one, { who, action: "audit.pruned", data: { days, removed } });
        return removed;
      });
    },
  };
}

/** Numbers are given in the order of commits (the lock is held until then), so it is the last thing that a transaction does. */
export async function append(db: Kysely<Tables>, { who, action, object, data, source }: AuditEntry): Promise<number> {
  const { rows } = await sql<{ seq: string }>`
    insert into audit (who, email, via, key, action, object, data, source)
    select ${who?.id ?? null}::uuid, ${who?.email ?? null}::text, ${who?.via ?? null}::text, ${who?.key ?? null}::text, ${action}::text, ${object ?? null}::text,
      ${data === undefined ? null : JSON.stringify(data)}::json, ${source ?? null}::text
    from (select pg_advisory_xact_lock(hashtextextended('fleetwright audit ' || current_schema(), 0))) as ordered
    returning seq`.execute(db);
  return Number(rows[0]?.seq);
}

function toAudit({
  seq,
  at,
  who,
  email,
  via,
  key,
  action,
  object,
  data,
  source,
}: Selectable<Tables["audit"]>): StoredAudit {
  return {
    seq: Number(seq),
    at: at.toISOString(),
    ...(via !== null && {
      who: { ...(who !== null && { id: who }), email: email ?? "", via, ...(key !== null && { key }) },
    }),
    action,
    ...(object !== null && { object }),
    ...(data !== null && { data }),
    ...(source !== null && { source }),
  };
}
