import type { Store } from "../store/types.ts";
import { deadQueue, JOBS_SCHEMA, type LaneJob, QUEUES, type QueueName } from "./queue.ts";

/** A job that has failed as often as it may. */
export interface DeadLetter {
  queue: QueueName;
  lane: string;
  /** ISO instant. */
  at: string;
  reason: string;
}

export interface Depth {
  queue: QueueName;
  waiting: number;
  /** After a failure. */
  retrying: number;
  active: number;
  dead: number;
}

/** Newest first. Reads the tables of the queue, whether a service runs or not. */
export async function deadLetters(store: Pick<Store, "jobs">): Promise<DeadLetter[]> {
  if (!(await exists(store))) return [];
  const { rows } = await store.jobs.executeSql(
    `select name, data, output, created_on from ${JOBS_SCHEMA}.job where name = any($1) and state = 'created' order by created_on desc`,
    [QUEUES.map(deadQueue)],
  );
  return (rows as { name: string; data: LaneJob; output: { message?: string } | null; created_on: Date }[]).map(
    ({ name, data, output, created_on }) => ({
      queue: QUEUES.find((queue) => deadQueue(queue) === name)!,
      lane: data.lane,
      at: created_on.toISOString(),
      reason: output?.message ?? "no reason was given",
    }),
  );
}

export async function depths(store: Pick<Store, "jobs">): Promise<Depth[]> {
  const counted = new Map<string, number>();
  if (await exists(store)) {
    const { rows } = await store.jobs.executeSql(
      `select name, state, count(*)::int as jobs from ${JOBS_SCHEMA}.job
       where name = any($1) and state in ('created', 'retry', 'active') group by name, state`,
      [[...QUEUES, ...QUEUES.map(deadQueue)]],
    );
    for (const { name, state, jobs } of rows as { name: string; state: string; jobs: number }[])
      counted.set(`${name} ${state}`, jobs);
  }
  const count = (name: string, state: string) => counted.get(`${name} ${state}`) ?? 0;
  return QUEUES.map((queue) => ({
    queue,
    waiting: count(queue, "created"),
    retrying: count(queue, "retry"),
    active: count(queue, "active"),
    dead: count(deadQueue(queue), "created"),
  }));
}

async function exists({ jobs }: Pick<Store, "jobs">): Promise<boolean> {
  const { rows } = await jobs.executeSql("select to_regclass($1) is not null as there", [`${JOBS_SCHEMA}.job`]);
  return (rows[0] as { there: boolean }).there;
}
