import type { Store } from "../store/types.ts";

/** What the last pass over a lane came to. */
export interface LaneState {
  lane: string;
  state: "converged" | "waiting" | "failed";
  commit: string;
  /** ISO instant. */
  at: string;
  reason?: string;
  /** `delete web-1`: effects that wait for a person. */
  waiting?: string[];
}

const PREFIX = "serve.lane.";

export async function laneStates({ settings }: Pick<Store, "settings">): Promise<LaneState[]> {
  return [...(await settings(PREFIX)).values()].map((text) => JSON.parse(text) as LaneState);
}

export async function putLaneState({ putSetting }: Pick<Store, "putSetting">, state: LaneState): Promise<void> {
  await putSetting(`${PREFIX}${state.lane}`, JSON.stringify(state));
}
