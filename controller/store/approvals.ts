import { type Kysely, sql } from "kysely";
import type { Tables } from "./tables.ts";
import type { Approval, Quote, Store } from "./types.ts";

/** Approvals by effect hash. An effect has at most one open approval; giving it again replaces who, when and the overrides. */
export function approvalMethods(db: Kysely<Tables>): Pick<Store, "approve" | "openApprovals" | "closeApprovals"> {
  return {
    async approve(approvals) {
      const distinct = [...new Map(approvals.map((approval) => [approval.effectHash, approval])).values()];
      if (distinct.length === 0) return;
      await sql`
        insert into approval (effect_hash, approved_by, approved_at, commit, allow_replace, allow_removals, allow_ended, outside_window, quote, object)
        select effect_hash, approved_by, approved_at, commit, allow_replace, allow_removals, allow_ended, outside_window, quote::json, object from unnest(
          ${distinct.map((one) => one.effectHash)}::text[], ${distinct.map((one) => one.approvedBy)}::text[],
          ${distinct.map((one) => one.approvedAt)}::timestamptz[], ${distinct.map((one) => one.commit)}::text[],
          ${distinct.map((one) => one.allowReplace)}::boolean[], ${distinct.map((one) => one.allowRemovals ?? null)}::integer[],
          ${distinct.map((one) => one.allowEnded === true)}::boolean[], ${distinct.map((one) => one.outsideWindow === true)}::boolean[],
          ${distinct.map((one) => (one.quote === undefined ? null : JSON.stringify(one.quote)))}::text[],
          ${distinct.map((one) => one.object ?? null)}::text[])
          as given (effect_hash, approved_by, approved_at, commit, allow_replace, allow_removals, allow_ended, outside_window, quote, object)
        on conflict (effect_hash) where done_at is null do update set
          approved_by = excluded.approved_by, approved_at = excluded.approved_at, commit = excluded.commit,
          allow_replace = excluded.allow_replace, allow_removals = excluded.allow_removals,
          allow_ended = excluded.allow_ended, outside_window = excluded.outside_window, quote = excluded.quote,
          object = excluded.object`.execute(db);
    },

    async openApprovals() {
      const rows = await db.selectFrom("approval").selectAll().where("done_at", "is", null).orderBy("id").execute();
      return new Map<string, Approval>(
        rows.map((row) => [
          row.effect_hash,
          {
            effectHash: row.effect_hash,
            approvedBy: row.approved_by,
            approvedAt: row.approved_at.toISOString(),
            commit: row.commit,
            allowReplace: row.allow_replace,
            ...(row.allow_removals !== null && { allowRemovals: row.allow_removals }),
            ...(row.allow_ended && { allowEnded: true }),
            ...(row.outside_window && { outsideWindow: true }),
            ...(row.quote !== null && { quote: row.quote as Quote }),
            ...(row.object !== null && { object: row.object }),
          },
        ]),
      );
    },

    async closeApprovals(effectHashes) {
      if (effectHashes.length === 0) return;
      await sql`
        update approval set done_at = now()
        where done_at is null and effect_hash = any(${effectHashes}::text[])`.execute(db);
    },
  };
}
