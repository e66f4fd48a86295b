import type { Logger } from "pino";
import type { Controller } from "../reconcile/context.ts";
import { expire } from "../reconcile/expire.ts";
import { COMMITTER } from "../repo/stream.ts";
import type { JobQueue, LaneWork } from "./queue.ts";
import { untilTimeOfDay } from "./schedule.ts";

/** The one lane of its queue. */
const LANE = "servers";
/** What waits may be later than its time by so much. */
const SLACK_MS = 60_000;

export interface GuardSettings {
  branch: string;
  /** Minutes after midnight, UTC. Absent: it never comes. */
  expireAt?: number;
}

/** Every night: stops by a commit what has expired, and records the warnings that are due. */
export class ExpiryGuard {
  readonly #controller: Controller;
  readonly #settings: GuardSettings;
  readonly #queue: JobQueue;
  readonly #logger: Logger;
  readonly #committed: () => void;

  /** @param committed told when there is a new commit to look at. */
  constructor(
    controller: Controller,
    settings: GuardSettings,
    { queue, logger, committed }: { queue: JobQueue; logger: Logger; committed: () => void },
  ) {
    this.#controller = controller;
    this.#settings = settings;
    this.#queue = queue;
    this.#logger = logger;
    this.#committed = committed;
  }

  /** Sees to it that the next night's job waits. One that was missed, or comes again after a failure, stays and comes first. */
  async plan(): Promise<void> {
    const due = await this.#queue.due("expire", LANE);
    const delay = this.#delay();
    const isInTime = due !== undefined && delay !== undefined && due.getTime() <= Date.now() + delay + SLACK_MS;
    if (isInTime) return;
    if (due !== undefined) await this.#queue.withdraw("expire", LANE);
    await this.#sendNext();
  }

  /** What it throws sends the job back; the next night's waits besides. */
  readonly work: LaneWork = async (_job, attempt, signal) => {
    const { branch, expireAt } = this.#settings;
    if (expireAt === undefined) return;
    try {
      const { commit, stopped, warned, refused } = await expire(this.#controller, {
        author: COMMITTER,
        branch,
        signal,
      });
      for (const { name, account, expires } of stopped)
        this.#logger.warn({ object: name, account, expires, commit }, `${name} has expired and is to be stopped`);
      for (const { name, account, expires } of warned)
        this.#logger.warn({ object: name, account, expires }, `${name} expires soon`);
      for (const { name, reason } of refused)
        this.#logger.error({ object: name, reason }, `${name} has expired, and its file cannot be edited`);
      this.#logger.info({ stopped: stopped.length, warned: warned.length }, "looked for expired servers");
      if (commit !== undefined) this.#committed();
    } catch (error) {
      const reason = (error as Error).message;
      this.#logger.error({ reason, attempt }, "expired servers could not be stopped; it comes again");
      throw error;
    } finally {
      await this.#sendNext();
    }
  };

  async #sendNext(): Promise<void> {
    const delay = this.#delay();
    if (delay !== undefined) await this.#queue.send("expire", LANE, "every night", delay);
  }

  /** By the clock that the queue goes by. */
  #delay(): number | undefined {
    const { expireAt } = this.#settings;
    return expireAt === undefined ? undefined : untilTimeOfDay(expireAt, Date.now());
  }
}
