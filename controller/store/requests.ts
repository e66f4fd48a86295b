import { type Kysely, sql } from "kysely";
import { ANSWERS_KEPT_DAYS } from "./commits.ts";
import type { Tables } from "./tables.ts";
import type { Store } from "./types.ts";

/** Whoever has begun with a request and not come back with an answer has died. */
const ABANDONED = sql`interval '5 minutes'`;
const KEPT = sql`interval '${sql.raw(String(ANSWERS_KEPT_DAYS))} days'`;

/** Requests that change what no commit keeps, under their Idempotency-Keys. */
export function requestMethods(db: Kysely<Tables>): Pick<Store, "beginRequest" | "answerRequest" | "dropRequest"> {
  return {
    async beginRequest(key, fingerprint) {
      const begun = await sql`
        insert into api_request (key, fingerprint, at) values (${key}, ${fingerprint}, now())
        on conflict (key) do update set fingerprint = excluded.fingerprint, answer = null, at = excluded.at
          where (api_request.answer is null and api_request.at < now() - ${ABANDONED}) or api_request.at < now() - ${KEPT}
        returning key`.execute(db);
      await sql`delete from api_request where at < now() - ${KEPT}`.execute(db);
      if (begun.rows.length > 0) return "begun";
      const row = await db
        .selectFrom("api_request")
        .select(["fingerprint", "answer"])
        .where("key", "=", key)
        .executeTakeFirst();
      // It was given up in the same moment.
      if (row === undefined) return "busy";
      if (row.fingerprint !== fingerprint) return "another";
      return row.answer === null ? "busy" : { answer: row.answer };
    },

    async answerRequest(key, answer) {
      await db
        .updateTable("api_request")
        .set({ answer: JSON.stringify(answer) })
        .where("key", "=", key)
        .execute();
    },

    async dropRequest(key) {
      await db.deleteFrom("api_request").where("key", "=", key).where("answer", "is", null).execute();
    },
  };
}
