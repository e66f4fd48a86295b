import { type Kysely, type Selectable, sql } from "kysely";
import { scopes } from "../people/standing.ts";
import type { ApiKey, PeopleStore } from "../people/types.ts";
import { append } from "./audit.ts";
import type { Tables } from "./tables.ts";
import { toUser } from "./users.ts";

type Methods = Pick<PeopleStore, "addApiKey" | "apiKeys" | "apiKey" | "noteApiKeyUse" | "revokeApiKey">;

/** What programs sign in with. */
export function apiKeyMethods(db: Kysely<Tables>): Methods {
  return {
    async addApiKey({ user, name, role, accounts, owners, expiresAt }, { id, hash }, audit) {
      return await db.transaction().execute(async (one) => {
        const row = await one
          .insertInto("api_key")
          .values({
            id,
            hash,
            person: user,
            name,
            role,
            accounts: accounts ? [...accounts] : null,
            owners: owners ? [...owners] : null,
            expires_at: expiresAt ?? null,
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        await append(one, audit);
        return toApiKey(row);
      });
    },

    async apiKeys(user) {
      const query = db.selectFrom("api_key").selectAll().orderBy("created_at").orderBy("id");
      return (await (user === undefined ? query : query.where("person", "=", user)).execute()).map(toApiKey);
    },

    async apiKey(id) {
      const row = await db
        .selectFrom("api_key")
        .selectAll()
        .select(sql<boolean>`revoked_at is null and (expires_at is null or expires_at > now())`.as("alive"))
        .where("id", "=", id)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const person = await db.selectFrom("person").selectAll().where("id", "=", row.person).executeTakeFirstOrThrow();
      return { key: toApiKey(row), user: toUser(person), hash: row.hash, alive: row.alive };
    },

    async noteApiKeyUse(id, source) {
      await sql`
        update api_key set last_used_at = now(), last_used_from = ${source}
        where id = ${id} and (last_used_at is null or last_used_at < now() - interval '1 minute')`.execute(db);
    },

    async revokeApiKey(id, audit) {
      return await db.transaction().execute(async (one) => {
        const { rows } = await sql`
          update api_key set revoked_at = now() where id = ${id} and revoked_at is null returning id`.execute(one);
        if (rows.length > 0) await append(one, audit);
        return rows.length > 0;
      });
    },
  };
}

function toApiKey({ id, person, name, role, accounts, owners, ...row }: Selectable<Tables["api_key"]>): ApiKey {
  return {
    id,
    user: person,
    name,
    role,
    ...scopes(accounts, owners),
    createdAt: row.created_at.toISOString(),
    ...(row.expires_at && { expiresAt: row.expires_at.toISOString() }),
    ...(row.last_used_at && { lastUsedAt: row.last_used_at.toISOString() }),
    ...(row.last_used_from !== null && { lastUsedFrom: row.last_used_from }),
    ...(row.revoked_at && { revokedAt: row.revoked_at.toISOString() }),
  };
}
