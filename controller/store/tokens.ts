import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import { isSameHash } from "../people/secrets.ts";
import type { Kept, PeopleStore, TokenFamily, User } from "../people/types.ts";
import { append } from "./audit.ts";
import type { Tables } from "./tables.ts";
import { stillSignedIn, toUser } from "./users.ts";

type Methods = Pick<PeopleStore, "addFamily" | "family" | "familyOf" | "rotate" | "revokeFamily">;

/** Families of refresh tokens: one for each sign-in. */
export function tokenMethods(db: Kysely<Tables>): Methods {
  return {
    async addFamily({ id, user, idleMs, absoluteMs }, refresh) {
      return await db.transaction().execute(async (one) => {
        const { rows } = await sql`
          insert into token_family (id, person, expires_at)
          select ${id}::uuid, id, now() + ${absoluteMs}::float8 * interval '1 millisecond' from ${stillSignedIn(user)}
          returning id`.execute(one);
        if (rows.length > 0) await addRefresh(one, id, refresh, idleMs);
        return rows.length > 0;
      });
    },

    family: (id) => readFamily(db, id),

    async familyOf({ id, hash }) {
      const row = await db.selectFrom("refresh_token").selectAll().where("id", "=", id).executeTakeFirst();
      if (row === undefined || !isSameHash(row.hash, hash)) return undefined;
      return await readFamily(db, row.family);
    },

    async rotate(given, next, idleMs, reused) {
      return await db.transaction().execute(async (one) => {
        const found = await readRefresh(one, given);
        if (found === undefined) return undefined;
        const { family, user } = found;
        if (found.isUsed) {
          // Whoever came second, the thief or the one it was stolen from: neither goes on.
          await sql`update token_family set revoked_at = now() where id = ${family}`.execute(one);
          await append(one, { ...reused, who: { id: user.id, email: user.email, via: "token" } });
          return { family, user, outcome: "reused" };
        }
        await sql`update refresh_token set used_at = now() where id = ${given.id}`.execute(one);
        await addRefresh(one, family, next, idleMs);
        return { family, user, outcome: "rotated" };
      });
    },

    async revokeFamily(id, audit) {
      return await db.transaction().execute(async (one) => {
        const { rows } = await sql`
          update token_family set revoked_at = now() where id = ${id} and revoked_at is null returning id`.execute(one);
        if (rows.length > 0) await append(one, audit);
        return rows.length > 0;
      });
    },
  };
}

async function readFamily(db: Kysely<Tables>, id: string): Promise<TokenFamily | undefined> {
  const { rows } = await sql<Selectable<Tables["person"]> & { alive: boolean }>`
    select person.*, revoked_at is null and expires_at > now() as alive
    from token_family join person on person.id = token_family.person where token_family.id = ${id}`.execute(db);
  return rows[0] && { id, user: toUser(rows[0]), alive: rows[0].alive };
}

async function addRefresh(one: Transaction<Tables>, family: string, { id, hash }: Kept, idleMs: number): Promise<void> {
  await sql`
    insert into refresh_token (id, family, hash, expires_at)
    select ${id}, id, ${hash}, least(expires_at, now() + ${idleMs}::float8 * interval '1 millisecond')
    from token_family where id = ${family}`.execute(one);
}

/** Locked until the end of the transaction: of two that use it at once, one is second. */
async function readRefresh(
  one: Transaction<Tables>,
  given: Kept,
): Promise<{ family: string; user: User; isUsed: boolean } | undefined> {
  const { rows } = await sql<Selectable<Tables["person"]> & { family: string; hash: string; used: boolean }>`
    select person.*, family, hash, used_at is not null as used
    from refresh_token join token_family on token_family.id = family join person on person.id = token_family.person
    where refresh_token.id = ${given.id} and revoked_at is null and enabled
      and token_family.expires_at > now() and (used_at is not null or refresh_token.expires_at > now())
    for update of refresh_token, token_family`.execute(one);
  const [row] = rows;
  if (row === undefined || !isSameHash(row.hash, given.hash)) return undefined;
  return { family: row.family, user: toUser(row), isUsed: row.used };
}
