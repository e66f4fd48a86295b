import { type Kysely, sql } from "kysely";
import type { PeopleStore } from "../people/types.ts";
import { apiKeyMethods } from "./api-keys.ts";
import { auditMethods } from "./audit.ts";
import { sessionMethods } from "./sessions.ts";
import { signInMethods } from "./sign-ins.ts";
import type { Tables } from "./tables.ts";
import { tokenMethods } from "./tokens.ts";
import { userMethods } from "./users.ts";

export function peopleStore(db: Kysely<Tables>): PeopleStore {
  return {
    ...userMethods(db),
    ...signInMethods(db),
    ...tokenMethods(db),
    ...sessionMethods(db),
    ...apiKeyMethods(db),
    ...auditMethods(db),

    async tidy() {
      await sql`delete from token_family where expires_at < now() - interval '1 day'`.execute(db);
      await sql`delete from web_session where expires_at < now() - interval '1 day'`.execute(db);
      await sql`delete from sign_in_attempt where last_at < now() - interval '1 day'`.execute(db);
    },
  };
}
