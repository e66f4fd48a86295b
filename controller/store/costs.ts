import { type Kysely, sql, type Transaction } from "kysely";
import type { Tables } from "./tables.ts";
import type { PassRecord, Store } from "./types.ts";

/** How long costs are remembered, by the clock of the passes. */
const KEPT = sql`interval '2 years'`;

/** What the accounts have cost, day by day. */
export function costMethods(db: Kysely<Tables>): Pick<Store, "costDays" | "unrecordedCosts"> {
  return {
    async costDays(since, account) {
      let query = db
        .selectFrom("cost_day")
        .select([sql<string>`day::text`.as("day"), "account", "owner", "class", "currency", "servers", "monthly_micro"])
        .where("day", ">=", since);
      if (account !== undefined) query = query.where("account", "=", account);
      const rows = await query.orderBy("cost_day.day").orderBy("account").orderBy("owner").execute();
      return rows.map(({ day, account, owner, class: whose, currency, servers, monthly_micro }) => ({
        day,
        account,
        ...(owner !== "" && { owner }),
        class: whose,
        ...(currency !== "" && { currency }),
        servers,
        monthlyMicro: Number(monthly_micro),
      }));
    },

    async unrecordedCosts(account) {
      // What was deleted since the last pass is still here as managed, and what was adopted since as foreign.
      const { rows } = await sql<{ currency: string | null; servers: number; micro: string }>`
        select currency, count(*)::int as servers, coalesce(sum(monthly_micro), 0)::text as micro from inventory
        where account = ${account} and gone_since is null and class <> 'managed' and not exists (
          select 1 from object where object.account = ${account} and kind = 'Server' and cloud_id = inventory.id)
        group by currency order by currency`.execute(db);
      return rows.map(({ currency, servers, micro }) => ({
        ...(currency !== null && { currency }),
        servers,
        monthlyMicro: Number(micro),
      }));
    },
  };
}

/** The day's rows of the account as this pass has found them: the last pass of a day counts. */
export async function putCosts(db: Transaction<Tables>, { account, pass, costs }: PassRecord): Promise<void> {
  if (costs === undefined) return;
  const day = pass.readAt.slice(0, "2026-11-26".length);
  await db.deleteFrom("cost_day").where("account", "=", account).where("day", "=", day).execute();
  const rows = costs.map(({ owner = "", class: whose, currency = "", servers, monthlyMicro }) => ({
    ...{ day, account, owner, class: whose, currency, servers },
    monthly_micro: String(monthlyMicro),
  }));
  if (rows.length > 0) await db.insertInto("cost_day").values(rows).execute();
  await sql`delete from cost_day where day < ${day}::date - ${KEPT}`.execute(db);
}
