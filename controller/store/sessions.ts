import { type Kysely, type Selectable, sql } from "kysely";
import { isSameHash } from "../people/secrets.ts";
import type { PeopleStore } from "../people/types.ts";
import { append } from "./audit.ts";
import type { Tables } from "./tables.ts";
import { stillSignedIn, toUser } from "./users.ts";

type Methods = Pick<PeopleStore, "addSession" | "session" | "sessions" | "endSession">;

const ms = (many: number) => sql`${many}::float8 * interval '1 millisecond'`;

/** Sign-ins of the web page. */
export function sessionMethods(db: Kysely<Tables>): Methods {
  const alive = (idleMs: number) => sql<boolean>`
    ended_at is null and web_session.expires_at > now() and seen_at > now() - ${ms(idleMs)}`;

  return {
    async addSession({ id, hash, user, source, absoluteMs }) {
      const { rows } = await sql`
        insert into web_session (id, hash, person, source, expires_at)
        select ${id}, ${hash}, id, ${source}, now() + ${ms(absoluteMs)} from ${stillSignedIn(user)} returning id`.execute(
        db,
      );
      return rows.length > 0;
    },

    async session(given, idleMs) {
      const { rows } = await sql<Selectable<Tables["person"]> & { hash: string; stale: boolean }>`
        select person.*, hash, seen_at < now() - least(interval '1 minute', ${ms(idleMs / 2)}) as stale
        from web_session join person on person.id = person
        where web_session.id = ${given.id} and enabled and ${alive(idleMs)}`.execute(db);
      const [row] = rows;
      if (row === undefined || !isSameHash(row.hash, given.hash)) return undefined;
      if (row.stale) await sql`update web_session set seen_at = now() where id = ${given.id}`.execute(db);
      return toUser(row);
    },

    async sessions(user, idleMs) {
      const query = db.selectFrom("web_session").selectAll().where("person", "=", user).where(alive(idleMs));
      return (await query.orderBy("created_at").execute()).map((row) => ({
        id: row.id,
        createdAt: row.created_at.toISOString(),
        seenAt: row.seen_at.toISOString(),
        expiresAt: row.expires_at.toISOString(),
        source: row.source,
      }));
    },

    async endSession(id, user, audit) {
      return await db.transaction().execute(async (one) => {
        const { rows } = await sql`
          update web_session set ended_at = now() where id = ${id} and person = ${user} and ended_at is null
          returning id`.execute(one);
        if (rows.length > 0) await append(one, audit);
        return rows.length > 0;
      });
    },
  };
}
