import type { FleetError } from "../../resources/errors.ts";
import { durationMs } from "../fleet/drift.ts";
import { forgeKey } from "../forge/open.ts";
import { Pulls } from "../forge/pulls.ts";
import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { ChangeJobs } from "./change-jobs.ts";
import type { ServiceLog } from "./log.ts";
import type { JobQueue, LaneWork } from "./queue.ts";

interface PullJobsParts {
  queue: JobQueue;
  log: ServiceLog;
  changes: ChangeJobs;
  branch: string;
  /** The newest commit; undefined while this process does not know it. */
  desired(): Desired | undefined;
}

/** One lane: pull requests are looked at one after the other. */
const LANE = "pulls";

/** Has pull requests looked at: when a webhook tells of one, at intervals, and when their changes have moved on. */
export class PullJobs {
  readonly #controller: Controller;
  readonly #parts: PullJobsParts;
  #pulls: Pulls | undefined;
  #isAgain = false;
  #dueAt = Number.NEGATIVE_INFINITY;

  constructor(controller: Controller, parts: PullJobsParts) {
    this.#controller = controller;
    this.#parts = parts;
  }

  /** A webhook has told of a pull request. */
  async told(): Promise<void> {
    await this.#parts.queue.send("pulls", LANE, "webhook");
  }

  /** After each look at the repository, and after whatever may have moved a change on. Without a forge nothing happens. */
  async nudge(): Promise<void> {
    const forge = this.#parts.desired()?.fleet.forge;
    if (forge === undefined) return;
    const { steady, store } = this.#controller;
    const isDue = steady() >= this.#dueAt || this.#isAgain;
    this.#isAgain = false;
    if (isDue) this.#dueAt = steady() + durationMs(forge.poll);
    if (isDue || (await store.hasUntoldPulls(forgeKey(forge))))
      await this.#parts.queue.send("pulls", LANE, isDue ? "interval" : "change");
  }

  readonly work: LaneWork = async (_job, attempt, signal) => {
    const { changes, branch, desired, log } = this.#parts;
    const fleet = desired()?.fleet;
    if (fleet?.forge === undefined) return;
    const { logger } = log;
    this.#pulls ??= new Pulls({
      ...changes.parts,
      branch,
      fleetId: fleet.id,
      onFailure: (pull: number, { code, message }: FleetError) =>
        logger.warn({ pull, code, reason: message }, "could not look at a pull request; it comes again"),
    });
    try {
      // With the next look at the repository: what was merged is there then.
      this.#isAgain = await this.#pulls.look(fleet.forge, signal);
    } catch (error) {
      logger.warn(
        { attempt, reason: (error as Error).message },
        "could not look at all pull requests; they come again",
      );
      throw error;
    }
  };
}
