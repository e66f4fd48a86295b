import { type Kysely, sql } from "kysely";
import { appendEvent } from "./events.ts";
import type { Tables } from "./tables.ts";
import type { CredentialRecords, Store } from "./types.ts";

/** Sealed credentials, and what operators let go where. Values are sealed before they come here. */
export function credentialMethods(db: Kysely<Tables>): Pick<Store, "credentials" | "changeCredentials"> {
  return {
    credentials: () => db.transaction().setIsolationLevel("repeatable read").execute(records),

    changeCredentials: (change) =>
      db.transaction().execute(async (one) => {
        // Whoever seals with a key must be seen by whoever takes that key away.
        await sql`select pg_advisory_xact_lock(hashtextextended('fleetwright credentials ' || current_schema(), 0))`.execute(
          one,
        );
        const { seal = [], unseal = [], bind = [], unbind = [], event } = await change(await records(one));
        for (const { account, field, endpoint } of unseal)
          await one
            .deleteFrom("credential")
            .where("account", "=", account)
            .where("field", "=", field)
            .where("endpoint", "=", endpoint)
            .execute();
        for (const { account, field, reference, endpoint } of unbind)
          await one
            .deleteFrom("credential_binding")
            .where("account", "=", account)
            .where("field", "=", field)
            .where("reference", "=", reference)
            .where("endpoint", "=", endpoint)
            .execute();
        for (const { by, at, ...rest } of seal) {
          const row = { ...rest, set_by: by, set_at: at };
          await one
            .insertInto("credential")
            .values(row)
            .onConflict((on) => on.columns(["account", "field", "endpoint"]).doUpdateSet(row))
            .execute();
        }
        for (const { by, at, ...rest } of bind) {
          const row = { ...rest, bound_by: by, bound_at: at };
          await one
            .insertInto("credential_binding")
            .values(row)
            .onConflict((on) => on.columns(["account", "field", "reference", "endpoint"]).doUpdateSet(row))
            .execute();
        }
        if (event !== undefined) await appendEvent(one, event);
      }),
  };
}

async function records(db: Kysely<Tables>): Promise<CredentialRecords> {
  const sealed = await db
    .selectFrom("credential")
    .selectAll()
    .orderBy("account")
    .orderBy("field")
    .orderBy("endpoint")
    .execute();
  const bindings = await db
    .selectFrom("credential_binding")
    .selectAll()
    .orderBy("account")
    .orderBy("field")
    .orderBy("endpoint")
    .orderBy("reference")
    .execute();
  return {
    sealed: sealed.map(({ set_by, set_at, ...row }) => ({ ...row, by: set_by, at: set_at.toISOString() })),
    bindings: bindings.map(({ bound_by, bound_at, ...row }) => ({ ...row, by: bound_by, at: bound_at.toISOString() })),
  };
}
