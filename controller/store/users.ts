import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import { FleetError } from "../../resources/errors.ts";
import { emailKey } from "../people/email.ts";
import { isWholeAdmin, scopes } from "../people/standing.ts";
import type { PeopleStore, SignedIn, StoredEdit, StoredUser, User } from "../people/types.ts";
import { append } from "./audit.ts";
import type { Tables } from "./tables.ts";

type Row = Selectable<Tables["person"]>;

export function userMethods(db: Kysely<Tables>): Pick<PeopleStore, "users" | "user" | "addUser" | "changeUser"> {
  return {
    async users() {
      return (await db.selectFrom("person").selectAll().orderBy("email_key").execute()).map(toUser);
    },

    async user(by) {
      const query = db.selectFrom("person").selectAll();
      const found =
        "id" in by
          ? query.where("id", "=", by.id)
          : "email" in by
            ? query.where("email_key", "=", emailKey(by.email))
            : query.where("subject", "=", by.subject);
      const row = await found.executeTakeFirst();
      return row && toStoredUser(row);
    },

    async addUser({ accounts, owners, hash, ...user }, audit, { first = false } = {}) {
      return await changing(db, async (one) => {
        if (first && (await wholeAdmins(one)).length > 0)
          throw new FleetError("CONFLICT", "there is an admin already: it adds the others (fleetwright users add)");
        const row = await one
          .insertInto("person")
          .values({
            ...user,
            ...(hash !== undefined && { password: hash }),
            email_key: emailKey(user.email),
            accounts: accounts ? [...accounts] : null,
            owners: owners ? [...owners] : null,
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        await append(one, audit);
        return toUser(row);
      });
    },

    async changeUser(id, change, audit, { endSignIns = false, check } = {}) {
      return await changing(db, async (one) => {
        const before = await one.selectFrom("person").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
        if (before === undefined) throw new FleetError("NOT_FOUND", "there is no such user", { user: id });
        const after = await one
          .updateTable("person")
          .set(columnsOf(change))
          .where("id", "=", id)
          .returningAll()
          .executeTakeFirstOrThrow();
        check?.(toUser(before), toUser(after));
        if (before.enabled && isWholeAdmin(toUser(before)) && (await wholeAdmins(one)).length === 0)
          throw new FleetError(
            "CONFLICT",
            "this is the last enabled admin who is about everything: make another one first",
            { user: id },
          );
        if (endSignIns) await endAll(one, id);
        await append(one, audit);
        return toUser(after);
      });
    },
  };
}

export function toUser({ id, name, email, role, accounts, owners, enabled, password, subject, ...at }: Row): User {
  return {
    id,
    name,
    email,
    role,
    ...scopes(accounts, owners),
    enabled,
    hasPassword: password !== null,
    ...(subject !== null && { subject }),
    createdAt: at.created_at.toISOString(),
    ...(at.signed_in_at && { signedInAt: at.signed_in_at.toISOString() }),
  };
}

const toStoredUser = (row: Row): StoredUser => ({
  ...toUser(row),
  signOuts: row.sign_outs,
  ...(row.password !== null && { hash: row.password }),
});

/** One change of people at a time, over all controllers: two admins who take each other's role would leave none. */
async function changing<T>(db: Kysely<Tables>, change: (one: Transaction<Tables>) => Promise<T>): Promise<T> {
  try {
    return await db.transaction().execute(async (one) => {
      await sql`select pg_advisory_xact_lock(hashtextextended('fleetwright people ' || current_schema(), 0))`.execute(
        one,
      );
      return await change(one);
    });
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string };
    if (code !== "23505") throw error;
    const what = constraint === "person_subject_key" ? "subject at the issuer" : "mail address";
    throw new FleetError("CONFLICT", `another user has this ${what}`, {}, { cause: error });
  }
}

async function wholeAdmins(one: Transaction<Tables>): Promise<Row[]> {
  const rows = await one
    .selectFrom("person")
    .selectAll()
    .where("role", "=", "admin")
    .where("enabled", "=", true)
    .execute();
  return rows.filter((row) => isWholeAdmin(toUser(row)));
}

/** The row of somebody who has signed in, held until the end of the transaction; none when all sign-ins were ended since. */
export const stillSignedIn = ({ id, signOuts }: SignedIn) =>
  sql`(select id from person where id = ${id} and sign_outs = ${signOuts} and enabled for share) as person`;

async function endAll(one: Transaction<Tables>, id: string): Promise<void> {
  await sql`update person set sign_outs = sign_outs + 1 where id = ${id}`.execute(one);
  await sql`update token_family set revoked_at = now() where person = ${id} and revoked_at is null`.execute(one);
  await sql`update web_session set ended_at = now() where person = ${id} and ended_at is null`.execute(one);
}

function columnsOf({ accounts, owners, email, hash, ...plain }: StoredEdit) {
  return {
    // An update must set something.
    id: sql<string>`id`,
    ...plain,
    ...(hash !== undefined && { password: hash }),
    ...(email !== undefined && { email, email_key: emailKey(email) }),
    ...(accounts !== undefined && { accounts: accounts && [...accounts] }),
    ...(owners !== undefined && { owners: owners && [...owners] }),
  };
}
