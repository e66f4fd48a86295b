import { type Kysely, sql, type Transaction } from "kysely";
import type { LockoutPolicy, PeopleStore, Refusal } from "../people/types.ts";
import { append } from "./audit.ts";
import type { Tables } from "./tables.ts";

/** Failures of a user are forgotten after so long without one. */
const FORGET = sql`interval '1 day'`;

/** Counts of failed sign-ins, shared by all controllers, by the database's clock. */
export function signInMethods(db: Kysely<Tables>): Pick<PeopleStore, "beginAttempt" | "endAttempt" | "noteIssued"> {
  return {
    async beginAttempt({ user, source }, policy) {
      return await db.transaction().execute(async (one) => {
        // The source first, everywhere: attempts wait for each other in one order.
        const ofSource = await countSource(one, `source ${source}`, policy);
        if (ofSource !== undefined) return { ...ofSource, by: "source" };
        if (user === undefined) return undefined;
        const ofUser = await countUser(one, `user ${user}`, policy);
        return ofUser && { ...ofUser, by: "user" };
      });
    },

    async endAttempt(id, { user, source }, audit, rehashed) {
      await db.transaction().execute(async (one) => {
        // Only this attempt: who knows one password must not be able to clear the count of guesses at others.
        await sql`update sign_in_attempt set failures = greatest(0, failures - 1), until = null where key = ${`source ${source}`}`.execute(
          one,
        );
        if (user !== undefined) await sql`delete from sign_in_attempt where key = ${`user ${user}`}`.execute(one);
        if (audit === undefined) return;
        await sql`update person set signed_in_at = now() where id = ${id}`.execute(one);
        // Another password may have been set meanwhile.
        if (rehashed !== undefined)
          await sql`update person set password = ${rehashed.to} where id = ${id} and password = ${rehashed.from}`.execute(
            one,
          );
        await append(one, audit);
      });
    },

    async noteIssued(id, issuedAt, audit) {
      const at = issuedAt ?? null;
      await db.transaction().execute(async (one) => {
        const { rows } = await sql`
          update person set signed_in_at = greatest(now(), to_timestamp(${at}::float8))
          where id = ${id} and (${at}::float8 is null or signed_in_at is null or signed_in_at < to_timestamp(${at}::float8)) returning id`.execute(
          one,
        );
        if (rows.length > 0) await append(one, audit);
      });
    },
  };
}

type Counted = Omit<Refusal, "by"> | undefined;

async function countUser(one: Transaction<Tables>, key: string, policy: LockoutPolicy): Promise<Counted> {
  const { failures, firstWaitMs, longestWaitMs } = policy;
  const count = sql`case when a.last_at < clock_timestamp() - ${FORGET} then 1 else a.failures + 1 end`;
  // 2^30 of anything is longer than the longest wait.
  const wait = sql`least(${longestWaitMs}::float8, ${firstWaitMs}::float8 * 2 ^ least(30, ${count} - ${failures}::int)) * interval '1 millisecond'`;
  const { rows } = await sql`
    insert into sign_in_attempt as a (key, failures, since, last_at) values (${key}, 1, clock_timestamp(), clock_timestamp())
    on conflict (key) do update set
      failures = ${count}, refusals = 0, last_at = clock_timestamp(),
      until = case when ${count} >= ${failures}::int then clock_timestamp() + ${wait} end
    where a.until is null or a.until <= clock_timestamp()
    returning key`.execute(one);
  return rows.length > 0 ? undefined : await refused(one, key);
}

async function countSource(one: Transaction<Tables>, key: string, policy: LockoutPolicy): Promise<Counted> {
  const { sourceFailures, sourceWindowMs } = policy;
  const window = sql`${sourceWindowMs}::float8 * interval '1 millisecond'`;
  const isOver = sql`a.since < clock_timestamp() - ${window}`;
  const count = sql`case when ${isOver} then 1 else a.failures + 1 end`;
  const since = sql`case when ${isOver} then clock_timestamp() else a.since end`;
  const { rows } = await sql`
    insert into sign_in_attempt as a (key, failures, since, last_at) values (${key}, 1, clock_timestamp(), clock_timestamp())
    on conflict (key) do update set
      failures = ${count}, since = ${since}, refusals = 0, last_at = clock_timestamp(),
      until = case when ${count} >= ${sourceFailures}::int then ${since} + ${window} end
    where a.until is null or a.until <= clock_timestamp()
    returning key`.execute(one);
  return rows.length > 0 ? undefined : await refused(one, key);
}

async function refused(one: Transaction<Tables>, key: string): Promise<Counted> {
  const { rows } = await sql<{ refusals: number; wait: number }>`
    update sign_in_attempt set refusals = refusals + 1 where key = ${key}
    returning refusals, greatest(0, extract(epoch from until - clock_timestamp()) * 1000)::float8 as wait`.execute(one);
  const [row] = rows;
  return { waitMs: row?.wait ?? 0, isFirst: row?.refusals === 1 };
}
