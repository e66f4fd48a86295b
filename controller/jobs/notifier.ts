import { collect, deliver, targetsOf } from "../notify/outbox.ts";
import { secretsOf } from "../notify/send.ts";
import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { ServiceLog } from "./log.ts";
import { followedBy, type JobQueue, type LaneWork } from "./queue.ts";

/** What a dead letter has left is tried anew so often, and at each start. */
const AGAIN_MS = 3_600_000;

interface NotifierParts {
  /** The newest commit; undefined while this process does not know it. */
  desired(signal: AbortSignal): Promise<Desired | undefined>;
  /** After which such a process looks again. */
  pollMs: number;
  /** Aborts when the service is to end. */
  signal: AbortSignal;
}

/** Tells whom the fleet names of what has happened: each target is a lane of the queue of notifications. */
export class Notifier {
  readonly #controller: Controller;
  readonly #queue: JobQueue;
  readonly #log: ServiceLog;
  readonly #parts: NotifierParts;
  #triedAt = Number.NEGATIVE_INFINITY;

  constructor(controller: Controller, queue: JobQueue, log: ServiceLog, parts: NotifierParts) {
    this.#controller = controller;
    this.#queue = queue;
    this.#log = log;
    this.#parts = parts;
  }

  /** Work after which, however it has ended, whoever is to be told of something is told at once. */
  telling(work: LaneWork): LaneWork {
    return followedBy(() => this.look(), work);
  }

  /** Looks whether something has happened that somebody is to be told. That it cannot look is no reason to end anything else. */
  async look(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      this.#log.logger.error({ error: (error as Error).message }, "could not look who is to be told");
    }
  }

  async #look(): Promise<void> {
    const { signal } = this.#parts;
    const desired = signal.aborted ? undefined : await this.#parts.desired(signal);
    if (desired === undefined) return;
    const { store, steady, environment } = this.#controller;
    for (const target of targetsOf(desired)) this.#log.hide(await secretsOf(target, environment));
    const waiting = new Set(await collect(this.#controller, desired));
    if (steady() - this.#triedAt >= AGAIN_MS) {
      this.#triedAt = steady();
      for (const target of (await store.unsentCounts()).keys()) waiting.add(target);
    }
    for (const target of waiting) await this.#queue.send("notifications", target, "event");
  }

  /** Sends what waits for one target. What it throws sends the job back. */
  readonly work: LaneWork = async ({ lane }, attempt, signal) => {
    const desired = await this.#parts.desired(signal);
    if (desired === undefined) return await this.#queue.send("notifications", lane, "event", this.#parts.pollMs);
    const target = targetsOf(desired).find(({ name }) => name === lane);
    if (target === undefined) return;
    const { logger } = this.#log;
    try {
      const sent = await deliver(this.#controller, desired, target, signal);
      if (sent > 0) logger.info({ target: lane, sent }, "notified");
    } catch (error) {
      logger.warn({ target: lane, attempt, reason: (error as Error).message }, "could not notify; it comes again");
      throw error;
    }
  };
}
