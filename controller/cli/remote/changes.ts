import { FleetError } from "../../../resources/errors.ts";
import type { runFor } from "../../api/fleet/reads/runs.ts";
import type { shown } from "../../api/fleet/writes/open-change.ts";
import type { ChangeState } from "../../changes/types.ts";
import type { TakenStep } from "../render/change.ts";
import type { ChangeAction } from "../verbs/changes.ts";
import type { Remote } from "./client.ts";

/** As the API answers them. */
type Change = ReturnType<typeof shown>;
type Run = NonNullable<ReturnType<typeof runFor>>;

/** A look takes as long as the clouds need. */
const WAIT_SECONDS = 60;

export async function remoteChanges(
  remote: Remote,
  states: readonly ChangeState[] | undefined,
  limit: number,
): Promise<Change[]> {
  return await remote.list<Change>("/changes", { state: states }, limit);
}

/** Takes the step and answers where the change stands then. @throws {FleetError} the controller's */
export async function remoteChange(
  remote: Remote,
  action: ChangeAction,
  id: string,
  body: object | undefined,
): Promise<{ change: Change; steps: TakenStep[]; runs: Run[] }> {
  const path = `/changes/${encodeURIComponent(id)}`;
  if (action !== "show") await remote.post(`${path}/${action}`, body, action === "execute" ? 0 : WAIT_SECONDS);
  const { steps, runs, ...change } = await remote.get<Change & { steps: TakenStep[]; runs: string[] }>(path);
  const found = await Promise.all(runs.map((run) => remote.get<Run>(`/runs/${run}`).catch(undefinedWhenGone)));
  return { change, steps, runs: found.filter((run) => run !== undefined) };
}

/** Old runs are removed, and those of others are not shown. */
function undefinedWhenGone(error: unknown): undefined {
  if (!(error instanceof FleetError) || error.code !== "NOT_FOUND") throw error;
}
