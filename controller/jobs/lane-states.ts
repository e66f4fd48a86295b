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

export async function putLaneState({ putSetting }: Pick<Store, "putSetting">, state: LaneState): Promise<void> {
  await putSetting(`${PREFIX}${state.lane}`, JSON.stringify(state));
}
