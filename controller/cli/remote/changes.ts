import { setTimeout as sleep } from "node:timers/promises";
import { FleetError } from "../../../resources/errors.ts";
import type { runFor } from "../../api/fleet/reads/runs.ts";
import type { shown } from "../../api/fleet/writes/open-change.ts";
import { isBusy } from "../../changes/transitions.ts";
import type { ChangeState } from "../../changes/types.ts";
import type { ObjectDrift } from "../../reconcile/drift.ts";
import type { TakenStep } from "../render/change.ts";
import type { ChangeAction } from "../verbs/changes.ts";
import type { Remote } from "./client.ts";

/** As the API answers them. */
type Change = ReturnType<typeof shown>;
type Run = NonNullable<ReturnType<typeof runFor>>;

/** A look takes as long as the clouds need. */
const WAIT_SECONDS = 60;
const POLL_MS = 1000;

export async function remoteChanges(
  remote: Remote,
  states: readonly ChangeState[] | undefined,
  limit: number,
): Promise<Change[]> {
  return await remote.list<Change>("/changes", { state: states }, limit);
}

export interface RemoteChange {
  change: Change;
  steps: TakenStep[];
  runs: Run[];
}

/** Takes the step and answers where the change stands then. @throws {FleetError} the controller's */
export async function remoteChange(
  remote: Remote,
  action: ChangeAction,
  id: string,
  body: object | undefined,
): Promise<RemoteChange> {
  const path = `/changes/${encodeURIComponent(id)}`;
  if (action !== "show") await remote.post(`${path}/${action}`, body, action === "execute" ? 0 : WAIT_SECONDS);
  return await shownChange(remote, id);
}

/** Opens a change, and answers it once it has been looked at. @param body as `openChange` of the API takes it */
export async function remoteOpen(remote: Remote, body: object): Promise<RemoteChange> {
  const { id } = await remote.post<Change>("/changes", body, WAIT_SECONDS);
  return await shownChange(remote, id);
}

/** Opens the change that brings drift back, or writes it into the files. */
export async function remoteDriftChange(
  remote: Remote,
  action: "revert" | "accept",
  drifted: readonly Pick<ObjectDrift, "object" | "name" | "account">[],
): Promise<RemoteChange> {
  const objects = drifted.map(({ object: kind, name, account }) => ({ kind, name, account }));
  const { id } = await remote.post<Change>(`/drift/${action}`, { objects }, WAIT_SECONDS);
  return await shownChange(remote, id);
}

/** Waits until nothing is under way that ends by itself. */
export async function remoteSettled(remote: Remote, id: string, until: () => boolean): Promise<RemoteChange> {
  for (;;) {
    const shown = await shownChange(remote, id);
    if (!isBusy(shown.change) || until()) return shown;
    await sleep(POLL_MS);
  }
}

async function shownChange(remote: Remote, id: string): Promise<RemoteChange> {
  const path = `/changes/${encodeURIComponent(id)}`;
  const { steps, runs, ...change } = await remote.get<Change & { steps: TakenStep[]; runs: string[] }>(path);
  const found = await Promise.all(runs.map((run) => remote.get<Run>(`/runs/${run}`).catch(undefinedWhenGone)));
  return { change, steps, runs: found.filter((run) => run !== undefined) };
}

/** Old runs are removed, and those of others are not shown. */
function undefinedWhenGone(error: unknown): undefined {
  if (!(error instanceof FleetError) || error.code !== "NOT_FOUND") throw error;
}
