import type { Store } from "../store/types.ts";

/** What the last pass over a lane came to. */
export interface LaneState {
  lane: string;
  state: "converged" | "waiting" | "failed";
  commit: string;
  /** ISO instant. */
  at: string;
  reason?: string;
  /** ISO instant from which on it may go on by itself: a maintenance window opens, or a freeze is over. */
  until?: string;
  /** `delete web-1`: effects that are not done yet. */
  waiting?: string[];
}

const PREFIX = "serve.lane.";

export async function laneStates({ settings }: Pick<Store, "settings">): Promise<LaneState[]> {
  return [...(await settings(PREFIX)).values()].map((text) => JSON.parse(text) as LaneState);
}

/** Also records an event when the lane begins to fail, and when it no longer does. */
export async function putLaneState(
  { event, putSetting, setting }: Pick<Store, "event" | "putSetting" | "setting">,
  state: LaneState,
): Promise<void> {
  const key = `${PREFIX}${state.lane}`;
  const { lane, commit, reason } = state;
  const text = await setting(key);
  const failedBefore = text !== undefined && (JSON.parse(text) as LaneState).state === "failed";
  const fails = state.state === "failed";
  // First, so that a kill in between tells it twice rather than never.
  if (fails !== failedBefore)
    await event({ kind: fails ? "failure.lane" : "failure.mended", data: { lane, commit, ...(fails && { reason }) } });
  await putSetting(key, JSON.stringify(state));
}
