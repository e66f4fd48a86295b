import { type Kysely, sql } from "kysely";
import type { Tables } from "./tables.ts";
import type { Quote, Store } from "./types.ts";

type Methods = Pick<Store, "cachedCatalog" | "cacheCatalog" | "putQuotes" | "quotes">;

const KEPT = sql`interval '30 days'`;

/** What clouds sell, as it was last read, and what was shown of it to whoever buys. */
export function catalogMethods(db: Kysely<Tables>): Methods {
  return {
    async cachedCatalog(account, part) {
      const row = await db
        .selectFrom("catalog")
        .select(["content", "fingerprint", sql<number>`extract(epoch from now() - cached_at)::float8 * 1000`.as("age")])
        .where("account", "=", account)
        .where("part", "=", part)
        .executeTakeFirst();
      return row && { content: row.content, fingerprint: row.fingerprint, ageMs: row.age };
    },

    async cacheCatalog(account, part, fingerprint, content) {
      const cached = { fingerprint, cached_at: sql<Date>`now()`, content: JSON.stringify(content) };
      await db
        .insertInto("catalog")
        .values({ account, part, ...cached })
        .onConflict((conflict) => conflict.columns(["account", "part"]).doUpdateSet(cached))
        .execute();
      await sql`delete from catalog where cached_at < now() - ${KEPT}`.execute(db);
    },

    async putQuotes(quotes) {
      if (quotes.size === 0) return;
      await sql`
        insert into quote (effect_hash, shown_at, quote)
        select effect_hash, now(), quote::json from unnest(
          ${[...quotes.keys()]}::text[], ${[...quotes.values()].map((quote) => JSON.stringify(quote))}::text[])
          as shown (effect_hash, quote)
        on conflict (effect_hash) do update set shown_at = excluded.shown_at, quote = excluded.quote`.execute(db);
      await sql`delete from quote where shown_at < now() - ${KEPT}`.execute(db);
    },

    async quotes(effectHashes) {
      if (effectHashes.length === 0) return new Map();
      const rows = await db
        .selectFrom("quote")
        .select(["effect_hash", "quote"])
        .where("effect_hash", "in", effectHashes)
        .execute();
      return new Map(rows.map((row) => [row.effect_hash, row.quote as Quote]));
    },
  };
}
