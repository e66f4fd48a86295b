import { Changes } from "../changes/changes.ts";
import { follow, type LaneTold, takeOutcomes } from "../changes/follow.ts";
import { showWaiting } from "../changes/show.ts";
import type { Ground } from "../changes/steps.ts";
import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import { unsettledLanes } from "./lanes.ts";
import type { JobQueue, LaneWork } from "./queue.ts";

interface ChangeJobsParts {
  queue: JobQueue;
  /** The last valid commit of the main line. @throws {FleetError} STORE_FAILED */
  main(): string;
  poke(): void;
}

/** All changes are one lane: those that wait are looked at together. */
const LANE = "changes";

/** What the service does for changes: previews those that wait, and follows those that are executed. */
export class ChangeJobs {
  readonly changes: Changes;
  readonly #controller: Controller;
  readonly #ground: Ground;
  readonly #checked = new Map<string, string>();

  constructor(controller: Controller, { queue, main, poke }: ChangeJobsParts) {
    this.#controller = controller;
    this.#ground = { controller, main, poke, wake: async () => await queue.send("changes", LANE, "change") };
    this.changes = new Changes(this.#ground);
  }

  /** What it throws sends the job back. */
  readonly work: LaneWork = async (_job, _attempt, signal) => await showWaiting(this.#ground, signal);

  /** After a look at the repository, and after each run. */
  async follow(desired: Desired, signal: AbortSignal): Promise<void> {
    const unsettled = async () => {
      const lanes = [...(await unsettledLanes(this.#controller, desired)).values()];
      return new Set(lanes.flatMap(({ objects }) => [...objects]));
    };
    await follow(this.#ground, desired, unsettled, this.#checked, signal);
  }

  readonly take = async (told: LaneTold): Promise<void> => await takeOutcomes(this.#ground, told);
}
