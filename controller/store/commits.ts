import { type Kysely, sql } from "kysely";
import type { Tables } from "./tables.ts";
import type { CommitAnswer, Store } from "./types.ts";

/** Whoever repeats a request later than this is taken for somebody new. */
export const ANSWERS_KEPT_DAYS = 30;

/** What became of requests for commits, under their Idempotency-Keys. */
export function commitMethods(db: Kysely<Tables>): Pick<Store, "rememberCommits" | "commitAnswers"> {
  return {
    async rememberCommits(answers) {
      if (answers.length === 0) return;
      const conflicts = answers.map(({ conflict }) => (conflict === undefined ? null : JSON.stringify(conflict)));
      await sql`
        insert into commit_request (key, fingerprint, commit, conflict, at)
        select key, fingerprint, commit, conflict::json, now() from unnest(
          ${answers.map(({ key }) => key)}::text[], ${answers.map(({ fingerprint }) => fingerprint)}::text[],
          ${answers.map(({ commit }) => commit ?? null)}::text[], ${conflicts}::text[])
          as given (key, fingerprint, commit, conflict)
        on conflict (key) do update set fingerprint = excluded.fingerprint, commit = excluded.commit,
          conflict = excluded.conflict, at = excluded.at
          where commit_request.at < now() - make_interval(days => ${ANSWERS_KEPT_DAYS})`.execute(db);
    },

    async commitAnswers(keys) {
      if (keys.length === 0) return new Map();
      const { rows } = await sql<
        Pick<Tables["commit_request"], "key" | "fingerprint" | "commit"> & { conflict: unknown }
      >`
        select key, fingerprint, commit, conflict from commit_request where key = any(${keys}::text[])
          and at >= now() - make_interval(days => ${ANSWERS_KEPT_DAYS})`.execute(db);
      return new Map(
        rows.map(({ key, fingerprint, commit, conflict }) => [
          key,
          {
            key,
            fingerprint,
            ...(commit !== null && { commit }),
            ...(conflict !== null && { conflict: conflict as NonNullable<CommitAnswer["conflict"]> }),
          },
        ]),
      );
    },
  };
}
