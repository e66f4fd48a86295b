import { runAhead } from "../changes/ahead.ts";
import { Changes } from "../changes/changes.ts";
import { follow, type LaneTold, takeOutcomes } from "../changes/follow.ts";
import { showWaiting } from "../changes/show.ts";
import type { Ground } from "../changes/steps.ts";
import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import { unsettledLanes } from "./lanes.ts";

/** What goes on with changes: previews those that wait, and follows those that are executed. */
export class ChangeJobs {
  readonly changes: Changes;
  readonly #controller: Controller;
  readonly #ground: Ground;
  readonly #checked = new Map<string, string>();

  constructor(controller: Controller, parts: Omit<Ground, "controller">) {
    this.#controller = controller;
    this.#ground = { controller, ...parts };
    this.changes = new Changes(this.#ground);
  }

  /** For whoever works on changes as this does. */
  get parts(): { ground: Ground; changes: Changes } {
    return { ground: this.#ground, changes: this.changes };
  }

  /** @throws {FleetError} what a later look may mend; such changes still wait. */
  async show(signal: AbortSignal): Promise<void> {
    await showWaiting(this.#ground, signal);
  }

  /** @see runAhead */
  async ahead(id: string, signal: AbortSignal): Promise<void> {
    await runAhead(this.#ground, id, signal);
  }

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
