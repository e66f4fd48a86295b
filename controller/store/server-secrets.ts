import { type Kysely, sql } from "kysely";
import type { Tables } from "./tables.ts";
import type { Store } from "./types.ts";

type Methods = Pick<
  Store,
  "putServerSecrets" | "serverSecrets" | "eraseServerSecrets" | "tidyServerSecrets" | "serverSecretKeys"
>;

/** What servers are to be made with, from the wish until they are there. Values are sealed before they come here. */
export function serverSecretMethods(db: Kysely<Tables>): Methods {
  return {
    async putServerSecrets(secrets) {
      if (secrets.length === 0) return;
      const rows = secrets.map(({ by, ...rest }) => ({ ...rest, sealed_by: by }));
      // The same value for the same server has come again: it is wanted from now on.
      await db
        .insertInto("server_secret")
        .values(rows)
        .onConflict((on) =>
          on.column("ref").doUpdateSet({
            key: sql<string>`excluded.key`,
            nonce: sql<string>`excluded.nonce`,
            sealed: sql<string>`excluded.sealed`,
            sealed_at: sql<Date>`now()`,
          }),
        )
        .execute();
    },

    async serverSecrets(refs) {
      if (refs.length === 0) return [];
      const rows = await db
        .selectFrom("server_secret")
        .selectAll()
        .where("ref", "in", [...refs])
        .execute();
      return rows.map(({ sealed_by, sealed_at: _, ...row }) => ({ ...row, by: sealed_by }));
    },

    async eraseServerSecrets(refs) {
      if (refs.length > 0)
        await db
          .deleteFrom("server_secret")
          .where("ref", "in", [...refs])
          .execute();
    },

    async tidyServerSecrets() {
      const { numAffectedRows } = await sql`
        delete from server_secret s where sealed_at < now() - interval '1 hour'
        and not exists (select 1 from change c where c.state <> all (${[...ENDED]}::text[])
          and c.objects @> array['Server//' || s.server]::text[])`.execute(db);
      return Number(numAffectedRows ?? 0);
    },

    async serverSecretKeys() {
      return (await db.selectFrom("server_secret").select("key").distinct().execute()).map(({ key }) => key);
    },
  };
}

/** States of a change after which nothing more is made of it. */
const ENDED = ["converged", "closed"] as const;

/** Erases what servers of a change that has ended were to be made with, except where another change still asks for one of them. */
export async function eraseEnded(
  db: Kysely<Tables>,
  { id, state, objects }: { id: string; state: string; objects: readonly string[] },
): Promise<void> {
  if (!ENDED.some((one) => one === state)) return;
  await sql`
    delete from server_secret s where 'Server//' || s.server = any (${[...objects]}::text[])
    and not exists (select 1 from change c where c.id <> ${id} and c.state <> all (${[...ENDED]}::text[])
      and c.objects @> array['Server//' || s.server]::text[])`.execute(db);
}
