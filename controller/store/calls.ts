import { type Kysely, sql } from "kysely";
import type { Tables } from "./tables.ts";
import type { Store } from "./types.ts";

/** Calls of dialects whose answers are on their way: who sends one again joins it. */
export function callMethods(db: Kysely<Tables>): Pick<Store, "beginCall" | "endCall"> {
  return {
    async beginCall(key, seed, keptMs) {
      const { rows } = await sql<{ seed: string }>`
        insert into call_request as before (key, seed, at) values (${key}, ${seed}, now())
        on conflict (key) do update set
          seed = case when before.at < now() - ${keptMs} * interval '1 millisecond' then excluded.seed else before.seed end,
          at = case when before.at < now() - ${keptMs} * interval '1 millisecond' then excluded.at else before.at end
        returning seed`.execute(db);
      return rows[0]!.seed;
    },

    async endCall(key) {
      await db.deleteFrom("call_request").where("key", "=", key).execute();
    },
  };
}
