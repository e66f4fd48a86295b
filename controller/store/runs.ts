import { type Kysely, type Selectable, sql } from "kysely";
import { ANSWERS_KEPT_DAYS } from "./commits.ts";
import type { Tables } from "./tables.ts";
import type { RunRecord, Store } from "./types.ts";

type Methods = Pick<
  Store,
  "startRun" | "heartbeat" | "finishRun" | "openRuns" | "runs" | "run" | "runsOf" | "lastRuns" | "prune"
>;

/** Engine runs, begun and finished. Heartbeats and ends are told by the database's clock. */
export function runMethods(db: Kysely<Tables>): Methods {
  return {
    async startRun(run) {
      await db
        .insertInto("run")
        .values({
          id: run.id,
          stack: run.stack,
          kind: run.kind,
          controller: JSON.stringify(run.controller),
          started_at: run.startedAt,
          heartbeat_at: sql<Date>`now()`,
          objects: JSON.stringify(run.objects),
          commit: run.commit,
        })
        .execute();
    },

    async heartbeat(runIds) {
      if (runIds.length === 0) return;
      await db
        .updateTable("run")
        .set({ heartbeat_at: sql<Date>`now()` })
        .where("id", "in", runIds)
        .where("finished_at", "is", null)
        .execute();
    },

    async finishRun(id, outcome) {
      // The first end told is the true one: a recovery must not call killed what had finished, nor the other way round.
      await db
        .updateTable("run")
        .set({ finished_at: sql<Date>`now()`, outcome })
        .where("id", "=", id)
        .where("finished_at", "is", null)
        .execute();
    },

    async openRuns() {
      const open = db.selectFrom("run").selectAll().where("finished_at", "is", null);
      return (await open.orderBy("started_at").orderBy("id").execute()).map(toRun);
    },

    async runs(limit, { stack, before } = {}) {
      let latest = db.selectFrom("run").selectAll().orderBy("started_at", "desc").orderBy("id").limit(limit);
      if (stack !== undefined) latest = latest.where("stack", "=", stack);
      if (before !== undefined)
        latest = latest.where(
          sql<boolean>`(started_at < ${before.startedAt} or (started_at = ${before.startedAt} and id > ${before.id}))`,
        );
      return (await latest.execute()).map(toRun);
    },

    async run(id) {
      const row = await db.selectFrom("run").selectAll().where("id", "=", id).executeTakeFirst();
      return row && toRun(row);
    },

    async runsOf(effectHashes, since) {
      const isOf = sql<boolean>`exists (
        select 1 from json_array_elements(objects) as touched where touched->>'effectHash' = any(${[...effectHashes]}::text[]))`;
      const query = db.selectFrom("run").selectAll().where("started_at", ">=", new Date(since)).where(isOf);
      return (await query.orderBy("started_at").orderBy("id").execute()).map(toRun);
    },

    async lastRuns() {
      const { rows } = await sql<{ stack: string; at: Date }>`
        select stack, max(finished_at) as at from run
        where kind in ('up', 'destroy') and finished_at > now() - interval '1 day'
        group by stack`.execute(db);
      return new Map(rows.map(({ stack, at }) => [stack, at.toISOString()]));
    },

    async prune(days) {
      const before = sql<Date>`now() - ${days} * interval '1 day'`;
      const runs = await db.deleteFrom("run").where("finished_at", "<", before).executeTakeFirst();
      const events = await db.deleteFrom("event").where("at", "<", before).executeTakeFirst();
      await db.deleteFrom("create_refusal").where("at", "<", before).execute();
      await db.deleteFrom("call_request").where("at", "<", before).execute();
      // What was promised to those who repeat a request does not depend on a setting.
      const forgotten = sql<Date>`now() - ${ANSWERS_KEPT_DAYS} * interval '1 day'`;
      const requests = await db.deleteFrom("commit_request").where("at", "<", forgotten).executeTakeFirst();
      const [run, event, request] = [runs, events, requests].map(({ numDeletedRows }) => Number(numDeletedRows));
      return { runs: run!, events: event!, requests: request! };
    },
  };
}

function toRun(row: Selectable<Tables["run"]>): RunRecord {
  return {
    id: row.id,
    stack: row.stack,
    kind: row.kind as RunRecord["kind"],
    controller: row.controller as RunRecord["controller"],
    startedAt: row.started_at.toISOString(),
    heartbeatAt: row.heartbeat_at.toISOString(),
    ...(row.finished_at !== null && { finishedAt: row.finished_at.toISOString() }),
    ...(row.outcome !== null && { outcome: row.outcome as NonNullable<RunRecord["outcome"]> }),
    objects: row.objects as RunRecord["objects"],
    commit: row.commit,
  };
}
