import type { Call } from "../cloud.ts";
import type { Instance } from "./answers.ts";
import { hyperstack, invalidAnswer } from "./http.ts";
import { existing, MACHINES } from "./machines.ts";

/** One on its way out is no machine to take over. */
export const isOurs = (instance: Instance, mark: string): boolean =>
  instance.labels.includes(mark) && instance.status !== "DELETING";

/** Whether the request adds labels or has them all is told both ways, so the result is looked at. */
export async function relabel(instance: Instance, labels: readonly string[], call: Call): Promise<void> {
  if (sameSet(instance.labels, labels)) return;
  const path = `${MACHINES}/${instance.id}/label`;
  await hyperstack(call, { method: "PUT", path, json: { labels } });
  const after = await existing(String(instance.id), call);
  if (!sameSet(after.labels, labels)) {
    throw invalidAnswer(call, "PUT", path, `the labels are ${after.labels.join(", ")} afterwards`);
  }
}

export function sameSet(actual: readonly string[], desired: readonly string[]): boolean {
  const set = new Set(desired);
  return new Set(actual).size === set.size && actual.every((one) => set.has(one));
}
