import { type Kysely, sql } from "kysely";
import type { FleetErrorCode } from "../../resources/errors.ts";
import type { JournalEntry } from "../../resources/journal.ts";
import type { Tables } from "./tables.ts";
import type { Store } from "./types.ts";

/** Journal of creates. Every write is durable when its promise resolves, because connections commit synchronously. */
export function journalMethods(
  db: Kysely<Tables>,
): Pick<Store, "journal" | "openIntents" | "dropIntent" | "intent" | "createRefusal" | "noted"> {
  const entries = db.selectFrom("journal_entry").selectAll();
  const drop = async (account: string, key: string): Promise<void> => {
    await db.deleteFrom("journal_entry").where("account", "=", account).where("key", "=", key).execute();
  };

  return {
    journal: {
      async begin({ account, kind, key }) {
        // One statement with the row locked by the conflict: of two that begin at once, the second sees the first.
        const { rows } = await sql<Row>`
          with forgotten as (delete from create_refusal where account = ${account} and key = ${key})
          insert into journal_entry as before (account, key, kind, started_at, attempted_at, attempts)
          values (${account}, ${key}, ${kind}, now(), now(), 1)
          on conflict (account, key) do update set
            attempts = before.attempts + 1, previous_attempt_at = before.attempted_at, attempted_at = now()
          returning *`.execute(db);
        const row = rows[0];
        if (row?.previous_attempt_at == null) return undefined;
        return toEntry({ ...row, attempted_at: row.previous_attempt_at });
      },

      async answered(account, key, id) {
        await db
          .updateTable("journal_entry")
          .set({ cloud_id: id })
          .where("account", "=", account)
          .where("key", "=", key)
          .execute();
      },

      async refused(account, key) {
        // A repeated attempt that is refused says nothing about one that was answered.
        await db
          .deleteFrom("journal_entry")
          .where("account", "=", account)
          .where("key", "=", key)
          .where("cloud_id", "is", null)
          .execute();
      },

      async explain(account, key, { code, message }) {
        const why = { code, message, at: sql<Date>`now()` };
        await db
          .insertInto("create_refusal")
          .values({ account, key, ...why })
          .onConflict((on) => on.columns(["account", "key"]).doUpdateSet(why))
          .execute();
      },
    },

    async openIntents(account) {
      let open = entries.where("cloud_id", "is", null).orderBy("started_at").orderBy("key");
      if (account !== undefined) open = open.where("account", "=", account);
      return (await open.execute()).map(toEntry);
    },

    dropIntent: drop,

    async intent(account, key) {
      const row = await entries.where("account", "=", account).where("key", "=", key).executeTakeFirst();
      return row && toEntry(row);
    },

    async createRefusal(account, key) {
      const row = await db
        .selectFrom("create_refusal")
        .select(["code", "message"])
        .where("account", "=", account)
        .where("key", "=", key)
        .executeTakeFirst();
      return row && { code: row.code as FleetErrorCode, message: row.message };
    },

    async noted(account, keys) {
      if (keys.length === 0) return new Set();
      const found = db.selectFrom("journal_entry").select("key").where("account", "=", account);
      return new Set((await found.where("key", "in", keys).execute()).map(({ key }) => key));
    },
  };
}

interface Row {
  account: string;
  kind: string;
  key: string;
  started_at: Date;
  attempted_at: Date;
  previous_attempt_at: Date | null;
  cloud_id: string | null;
}

function toEntry(row: Row): JournalEntry {
  return {
    account: row.account,
    kind: row.kind,
    key: row.key,
    startedAt: row.started_at.toISOString(),
    attemptedAt: row.attempted_at.toISOString(),
    ...(row.cloud_id !== null && { id: row.cloud_id }),
  };
}
