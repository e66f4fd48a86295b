import type { Controller } from "../reconcile/context.ts";
import { type Desired, readDesired } from "../reconcile/desired.ts";
import { hasLimits } from "../reconcile/spending.ts";
import { tellSpending } from "../reconcile/spending-alerts.ts";
import { spendingWords } from "../reconcile/spending-judge.ts";
import type { ServiceLog } from "./log.ts";
import { followedBy, type LaneWork } from "./queue.ts";

/** What time alone brings about is looked at so often. */
const EVERY_MS = 60_000;

interface WatchParts {
  /** The newest commit; undefined while this process does not know it. */
  desired(signal: AbortSignal): Promise<Desired | undefined>;
  /** Aborts when the service is to end. */
  signal: AbortSignal;
}

/** Looks what accounts have come to of what they may cost a month: after whatever may have changed it, and as time goes on. */
export class SpendingWatch {
  readonly #controller: Controller;
  readonly #log: ServiceLog;
  readonly #parts: WatchParts;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(controller: Controller, log: ServiceLog, parts: WatchParts) {
    this.#controller = controller;
    this.#log = log;
    this.#parts = parts;
  }

  /** Work after which, however it has ended, it is looked at. */
  after(work: LaneWork): LaneWork {
    return followedBy(() => this.look(), work);
  }

  /** Looks where that was not done for a minute. */
  async lookAgain(): Promise<void> {
    if (this.#controller.steady() - this.#lookedAt >= EVERY_MS) await this.look();
  }

  /** That it cannot look is no reason to end anything else. */
  async look(): Promise<void> {
    const { logger } = this.#log;
    const { signal } = this.#parts;
    this.#lookedAt = this.#controller.steady();
    try {
      const desired = signal.aborted ? undefined : await this.#parts.desired(signal);
      if (desired === undefined || !hasLimits(desired)) return;
      // Prices may be others than when the commit was compiled.
      const current = await readDesired(this.#controller, desired.commit, signal);
      for (const alert of await tellSpending(this.#controller, current))
        logger.warn(
          { account: alert.account, share: alert.share },
          `${spendingWords(alert)}: has come to ${Math.round(alert.share * 100)} %`,
        );
    } catch (error) {
      if (!signal.aborted) logger.error({ error: (error as Error).message }, "could not look what accounts cost");
    }
  }
}
