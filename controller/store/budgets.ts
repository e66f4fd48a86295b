import { type Kysely, sql } from "kysely";
import type { BudgetLedger } from "../../resources/budget-ledger.ts";
import type { Tables } from "./tables.ts";

/** Added to each window: a request travels, and its peer's clock is another. */
const SLACK_MS = 100;

/**
 * Grants of rate budgets, in one statement each under a lock of the scope. Only the database's clock counts. A grant ends one window after the
 * last moment at which it may be used, so that the cloud sees no more than the cap in any window of its own.
 */
export function budgetLedger(db: Kysely<Tables>): BudgetLedger {
  const inMs = (ms: number) => sql`clock_timestamp() + ${ms}::float8 * interval '1 millisecond'`;
  return {
    async claim({ key, scope, cap, want, windowMs, useMs }) {
      return await db.transaction().execute(async (trx) => {
        await sql`select pg_advisory_xact_lock(hashtextextended(${`budget ${key} ${scope}`}, 0))`.execute(trx);
        await sql`delete from budget_grant where key = ${key} and scope = ${scope} and expires_at <= clock_timestamp()`.execute(
          trx,
        );
        const { rows } = await sql<{ used: number; first_ms: number | null; quiet_ms: number | null }>`
          select coalesce(sum(used), 0)::int as used,
            extract(epoch from min(expires_at) - clock_timestamp())::float8 * 1000 as first_ms,
            (select extract(epoch from until - clock_timestamp())::float8 * 1000 from budget_quiet
              where key = ${key} and scope = ${scope} and until > clock_timestamp()) as quiet_ms
          from budget_grant where key = ${key} and scope = ${scope}`.execute(trx);
        const { used = 0, first_ms = null, quiet_ms = null } = rows[0] ?? {};
        if (quiet_ms !== null) return { waitMs: Math.max(1, Math.ceil(quiet_ms)) };
        const granted = Math.min(want, cap - used);
        if (granted < 1) return { waitMs: Math.max(1, Math.ceil(first_ms ?? windowMs)) };
        const { rows: made } = await sql<{ id: string }>`
          insert into budget_grant (key, scope, used, expires_at)
          values (${key}, ${scope}, ${granted}, ${inMs(useMs + windowMs + SLACK_MS)}) returning id`.execute(trx);
        return { granted, grant: made[0]!.id };
      });
    },

    async settle(grant, used) {
      if (used === 0) await sql`delete from budget_grant where id = ${grant}`.execute(db);
      else await sql`update budget_grant set used = ${used} where id = ${grant} and used > ${used}`.execute(db);
    },

    async quiet(key, scope, forMs) {
      await sql`
        insert into budget_quiet as known (key, scope, until) values (${key}, ${scope}, ${inMs(forMs)})
        on conflict (key, scope) do update set until = greatest(known.until, excluded.until)`.execute(db);
    },
  };
}
