import { type Kysely, sql } from "kysely";
import type { Tables } from "./tables.ts";
import type { DriftKey, Store } from "./types.ts";

/** What was brought back by itself, and when: whoever changes it again and again is found by it. */
export function revertMethods(db: Kysely<Tables>): Pick<Store, "reverts" | "putReverts"> {
  return {
    async reverts(account, since) {
      const query = db
        .selectFrom("drift_revert")
        .selectAll()
        .where("account", "=", account)
        .where("at", ">", new Date(since));
      const rows = await query.orderBy("at").execute();
      return rows.map(({ kind, identity, key, at }) => ({ kind, identity, key, at: at.toISOString() }));
    },

    async putReverts(account, reverts, at) {
      if (reverts.length === 0) return;
      await db.transaction().execute(async (one) => {
        const row = ({ kind, identity, key }: DriftKey) => ({ account, kind, identity, key, at });
        await one.insertInto("drift_revert").values(reverts.map(row)).execute();
        await sql`delete from drift_revert where account = ${account} and at < ${at}::timestamptz - interval '1 day'`.execute(
          one,
        );
      });
    },
  };
}
