import { FleetError } from "../../resources/errors.ts";
import { beingReverted, type LaneTold } from "../changes/follow.ts";
import { closeSuperseded } from "../reconcile/approvals.ts";
import type { Controller } from "../reconcile/context.ts";
import { readDesired } from "../reconcile/desired.ts";
import { type Execution, execute } from "../reconcile/execute.ts";
import { type Prepared, passes, prepare } from "../reconcile/preview.ts";
import { NotBought } from "../reconcile/quotes.ts";
import { recover } from "../reconcile/recover.ts";
import { type Effect, objectKey } from "../reconcile/types.ts";
import { heldBy, pausedBy } from "./held.ts";
import { unsettledLanes } from "./lanes.ts";

/** How one reconcile of a lane has ended. */
export interface LaneEnd {
  commit: string;
  /** `waiting`: all that may be done is done, and the rest needs a person or its time. */
  state: "converged" | "waiting";
  /** Why it waits. */
  reason?: string;
  /** ISO instant from which on it may go on by itself. */
  until?: string;
  /** `delete web-1`: what it waits with. */
  waiting: string[];
  execution?: Pick<Execution, "converged" | "provisioning" | "engineRuns">;
}

/** What a person must do first; coming again by itself would be the same again. */
const FOR_PEOPLE = new Set(["GUARD_REFUSED", "NOT_APPROVED"]);

/**
 * One pass over a lane: does whatever is approved or needs no approval, and says what waits for a person. Nothing of another lane is asked for.
 * @param tell of what has become of each effect
 * @throws {FleetError} what a later pass may mend: a cloud that does not answer, servers that have not converged.
 */
export async function reconcileLane(
  controller: Controller,
  name: string,
  commit: string,
  signal: AbortSignal,
  tell: (told: LaneTold) => Promise<void> = async () => undefined,
): Promise<LaneEnd> {
  await recover(controller, signal);
  const desired = await readDesired(controller, commit, signal);
  const besides = await beingReverted(controller);
  const lane = (await unsettledLanes(controller, desired, besides)).get(name);
  if (lane === undefined) return { commit, state: "converged", waiting: [] };

  const scope = { commit, stacks: lane.stacks, besides, approvedOnly: true as const };
  const prepared = await prepare(controller, { ...scope, signal });
  const { preview, waiting } = prepared;
  const effects = [...preview.effects, ...waiting];
  await closeSuperseded(
    controller,
    { preview: { ...preview, effects } },
    ({ object }) => object !== undefined && lane.objects.has(object),
  );
  const busy = new Set(
    [...effects, ...(preview.held ?? []).map(({ effect }) => effect)].map(({ object }) => objectKey(object)),
  );
  const right = [...besides].filter((key) => lane.objects.has(key) && !busy.has(key));
  const refused = preview.verdicts.filter((verdict) => !passes(verdict)).map(({ message }) => message);
  if (refused.length > 0) {
    await tell({ commit, outcomes: [], waiting: effects, refused });
    return { commit, state: "waiting", reason: refused.join("\n"), waiting: effects.map(told) };
  }

  const left = (reason: string, of: Effect[]): LaneEnd => ({ commit, state: "waiting", reason, waiting: of.map(told) });
  try {
    const execution = await execute(controller, {
      preview: scope,
      prepared,
      approved: { by: "fleetwright serve" },
      signal,
    });
    await tell({ commit, outcomes: execution.outcomes, waiting, refused: [], right });
    const { converged, provisioning, engineRuns } = execution;
    const counts = { execution: { converged, provisioning, engineRuns } };
    const paused = pausedBy(execution);
    if (paused !== undefined) return { ...left(paused, execution.preview.effects), ...counts };
    refuseFailed(name, execution);
    const held = heldBy(execution);
    if (waiting.length === 0 && held === undefined) return { commit, state: "converged", waiting: [], ...counts };
    const reasons = [...(waiting.length > 0 ? ["nobody has approved it"] : []), ...(held?.reasons ?? [])];
    const end = left([...new Set(reasons)].join("; "), [...waiting, ...(held?.effects ?? [])]);
    return { ...end, ...(held?.until && { until: held.until }), ...counts };
  } catch (error) {
    if (error instanceof NotBought)
      await tell({
        commit,
        outcomes: [],
        waiting: [],
        refused: [],
        notBought: await unsent(controller, prepared, error),
      });
    if (!(error instanceof FleetError) || !FOR_PEOPLE.has(error.code)) throw error;
    return left(error.message, effects);
  }
}

/** Without those whose creates have left for the cloud before: their machines may be there. */
async function unsent({ store }: Controller, { works, desired }: Prepared, { code, message, effects }: NotBought) {
  const found = new Set<string>();
  for (const { effect, mark } of works) {
    const identity = desired.accounts.get(effect.object.account)?.identity;
    const isSent = identity !== undefined && (await store.intent(identity, mark)) !== undefined;
    if (effects.has(effect.hash) && !isSent) found.add(effect.hash);
  }
  return { code, message, effects: found };
}

const told = ({ op, object }: Effect): string => `${op} ${object.name}`;

/** The others have converged; these come again. */
function refuseFailed(lane: string, { outcomes, failed }: Execution): void {
  if (failed === 0) return;
  const lines = outcomes.filter(({ state }) => state === "failed").map(({ name, message }) => `${name}: ${message}`);
  throw new FleetError("VERIFY_FAILED", lines.join("\n"), { lane, failed });
}
