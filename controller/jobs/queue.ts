import { PgBoss } from "pg-boss";
import { FleetError } from "../../resources/errors.ts";
import { isOwnStack } from "../reconcile/cells.ts";
import type { Controller } from "../reconcile/context.ts";
import { whenFree } from "../reconcile/leases.ts";

/** Of the queue's tables, beside the store's own. */
export const JOBS_SCHEMA = "fleetwright_jobs";

/**
 * `own` holds lanes of machines with stacks of their own, which may take hours; `changes`, `pulls` and `expire` have one lane each. A lane of `ahead` is
 * a pull request's change, one of `notifications` a target.
 */
export const QUEUES = ["reconcile", "own", "drift", "changes", "ahead", "pulls", "expire", "notifications"] as const;
export type QueueName = (typeof QUEUES)[number];

export const deadQueue = (queue: QueueName): string => `${queue}.dead`;

export interface LaneJob {
  lane: string;
  /** What it was sent for, for the log. */
  why: string;
}

/** `signal` aborts when another process has taken over. */
export type LaneWork = (job: LaneJob, attempt: number, signal: AbortSignal) => Promise<void>;

/** Work after which, however it has ended, something else is done. */
export function followedBy(next: () => Promise<void>, work: LaneWork): LaneWork {
  return async (job, attempt, signal) => {
    try {
      await work(job, attempt, signal);
    } finally {
      await next();
    }
  };
}

export interface QueueSettings {
  /** The first retry comes after so long, the next ones after twice as long each. */
  retryMs: number;
  /** Tries after the first. Then it is a dead letter. */
  retryLimit: number;
  /** Dead letters are kept for so long, unless their lane converges before. */
  keepDays: number;
  /** Told of a job that has just failed as often as it may. */
  onDead?(letter: { queue: QueueName; lane: string; reason: string }): Promise<void>;
  /** Told of what goes wrong in the queue itself. */
  onError(error: Error): void;
}

/** Jobs of one queue that are worked on side by side. Most of them wait for clouds; engines have their own limit. */
const AT_ONCE: Record<QueueName, number> = {
  reconcile: 8,
  own: 16,
  drift: 4,
  changes: 1,
  ahead: 4,
  pulls: 1,
  expire: 1,
  notifications: 4,
};
/** Between looks for jobs that another process has sent. Those of this process begin at once. */
const POLL_SECONDS: Record<QueueName, number> = {
  reconcile: 2,
  own: 10,
  drift: 5,
  changes: 2,
  ahead: 2,
  pulls: 2,
  expire: 10,
  notifications: 5,
};
const LONGEST_RETRY_MS = 15 * 60 * 1000;
/** The longest that the queue allows. Whether a job's process lives is told by its lease. */
const EXPIRE_SECONDS = 24 * 3600 - 1;
const DONE_KEPT_SECONDS = 3600;
const DAY_SECONDS = 24 * 3600;

/** Held by whoever works on a lane. */
export const leaseOf = (queue: QueueName, lane: string): string => `job ${queue} ${lane}`;

/** Postgres's words for a schema, type or table that somebody else has made since it was looked for. */
const MADE_MEANWHILE: readonly unknown[] = ["23505", "42P06", "42P07", "42710"];
const TRIES = 5;

/** Processes that come to a new database together make its tables together: one does, and the others look again. */
async function begun(
  { store, sleep }: Pick<Controller, "store" | "sleep">,
  { onError }: Pick<QueueSettings, "onError">,
): Promise<PgBoss> {
  for (let left = TRIES; ; left--) {
    const boss = new PgBoss({ db: store.jobs, schema: JOBS_SCHEMA, schedule: false });
    boss.on("error", onError);
    try {
      await boss.start();
      return boss;
    } catch (error) {
      if (left === 1 || !MADE_MEANWHILE.includes((error as { code?: unknown }).code)) throw error;
      await sleep(200);
    }
  }
}

/**
 * The jobs of a controller, in the store's database: one waits per lane and queue, whatever it was sent for, and one of a lane runs at a time.
 * A job that fails comes again, ever later, and in the end is a dead letter; other lanes go on meanwhile.
 */
export class JobQueue {
  readonly #boss: PgBoss;
  readonly #controller: Controller;
  readonly #settings: QueueSettings;
  readonly #workers: { queue: QueueName; id: string }[] = [];
  #running = false;

  private constructor(controller: Controller, boss: PgBoss, settings: QueueSettings) {
    this.#controller = controller;
    this.#boss = boss;
    this.#settings = settings;
  }

  /** @throws {FleetError} STORE_FAILED */
  static async open(controller: Controller, settings: QueueSettings): Promise<JobQueue> {
    let queue: JobQueue;
    try {
      queue = new JobQueue(controller, await begun(controller, settings), settings);
      for (const name of QUEUES) await queue.#create(name);
    } catch (cause) {
      throw new FleetError(
        "STORE_FAILED",
        `the job queue could not be opened: ${(cause as Error).message}`,
        {},
        { cause },
      );
    }
    queue.#running = true;
    return queue;
  }

  async #create(name: QueueName): Promise<void> {
    const { retryMs, retryLimit, keepDays } = this.#settings;
    const kept = Math.max(1, Math.round(keepDays * DAY_SECONDS));
    const options = {
      retryLimit,
      retryDelay: Math.max(1, Math.round(retryMs / 1000)),
      retryBackoff: true,
      retryDelayMax: LONGEST_RETRY_MS / 1000,
      expireInSeconds: EXPIRE_SECONDS,
      retentionSeconds: kept,
      deleteAfterSeconds: DONE_KEPT_SECONDS,
      deadLetter: deadQueue(name),
    };
    await this.#boss.createQueue(deadQueue(name), { policy: "standard", retentionSeconds: kept });
    await this.#boss.createQueue(name, { policy: "short", ...options });
    // One that stands from before keeps its old settings otherwise.
    await this.#boss.updateQueue(name, options);
  }

  /** False once it is stopping. */
  get running(): boolean {
    return this.#running;
  }

  /** Nothing happens where one is waiting already: that one carries this as well. */
  async send(queue: QueueName, lane: string, why: string, delayMs = 0): Promise<void> {
    if (!this.#running) return;
    const options = {
      singletonKey: lane,
      group: { id: lane },
      ...(delayMs > 0 && { startAfter: Math.ceil(delayMs / 1000) }),
    };
    await this.#boss.send(queue, { lane, why } satisfies LaneJob, options);
    if (delayMs === 0)
      for (const worker of this.#workers) if (worker.queue === queue) this.#boss.notifyWorker(worker.id);
  }

  /** A lane's reconcile, in the queue that is for it. */
  async reconcile(lane: string, why: string, delayMs = 0): Promise<void> {
    await this.send(isOwnStack(lane) ? "own" : "reconcile", lane, why, delayMs);
  }

  /** When the next pass of a lane is due; undefined when none waits. */
  async due(queue: QueueName, lane: string): Promise<Date | undefined> {
    const [job] = await this.#boss.findJobs<LaneJob>(queue, { key: lane, queued: true });
    return job?.startAfter;
  }

  /** Takes away what waits of a lane. */
  async withdraw(queue: QueueName, lane: string): Promise<void> {
    const waiting = await this.#boss.findJobs<LaneJob>(queue, { key: lane, queued: true });
    if (waiting.length > 0)
      await this.#boss.deleteJob(
        queue,
        waiting.map(({ id }) => id),
      );
  }

  /** Lets all that waits for a time come now: the clock that its time was told by has been set. */
  async sendAllNow(): Promise<void> {
    for (const queue of QUEUES) {
      const waiting = await this.#boss.findJobs<LaneJob>(queue, { queued: true });
      for (const { data } of waiting) {
        await this.withdraw(queue, data.lane);
        await this.send(queue, data.lane, data.why);
      }
    }
  }

  /** Begins to take jobs. What `work` throws sends the job back, until it is a dead letter. */
  async work(queue: QueueName, work: LaneWork): Promise<void> {
    const options = {
      includeMetadata: true,
      groupConcurrency: 1,
      pollingIntervalSeconds: POLL_SECONDS[queue],
    } as const;
    for (let worker = 0; worker < AT_ONCE[queue]; worker++) {
      const id = await this.#boss.work<LaneJob, void, typeof options>(queue, options, async ([job]) => {
        const { data, retryCount } = job!;
        const taken = await whenFree(this.#controller, leaseOf(queue, data.lane), NEVER, async (signal) => {
          // This run does all that waits: also what failed before, and was to come again.
          await this.withdraw(queue, data.lane);
          await work(data, retryCount + 1, signal).catch(async (error: Error) => {
            const reason = error.message;
            if (retryCount >= this.#settings.retryLimit)
              await this.#settings.onDead?.({ queue, lane: data.lane, reason });
            throw error;
          });
          await this.#bury(queue, data.lane);
          return true;
        });
        // Another process is at it: whatever this was sent for may have come too late for it.
        if (!taken) await this.send(queue, data.lane, data.why, 1000);
      });
      this.#workers.push({ queue, id });
    }
  }

  /** A lane that has come through has no dead letters any more. */
  async #bury(queue: QueueName, lane: string): Promise<void> {
    const dead = await this.#boss.findJobs<LaneJob>(deadQueue(queue), { data: { lane } });
    if (dead.length > 0)
      await this.#boss.deleteJob(
        deadQueue(queue),
        dead.map(({ id }) => id),
      );
  }

  /**
   * Gives back jobs whose process has died, or has lost its lease: nobody works on them, and their lanes would wait for hours. Answers how many.
   */
  async takeOver(): Promise<number> {
    let taken = 0;
    for (const queue of QUEUES) {
      const active = (await this.#boss.findJobs<LaneJob>(queue)).filter(({ state }) => state === "active");
      for (const { id, data } of active) {
        await whenFree(this.#controller, leaseOf(queue, data.lane), NEVER, async () => {
          const [now] = await this.#boss.findJobs<LaneJob>(queue, { id });
          if (now?.state !== "active") return;
          await this.#boss.deleteJob(queue, id);
          await this.send(queue, data.lane, `${data.why}, taken over`);
          taken += 1;
        });
      }
    }
    return taken;
  }

  /** Takes no more jobs, and resolves when those under way have ended. Others stay for the next start. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(QUEUES.map(async (queue) => await this.#boss.offWork(queue, { wait: true })));
    await this.#boss.stop({ graceful: false });
  }
}

/** Work that has begun is finished, also while the process is asked to end. */
const NEVER = new AbortController().signal;
