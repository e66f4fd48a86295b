import type { ActualServer } from "../../../resources/actual.ts";
import type { ServerSpec } from "../../../resources/spec.ts";
import { objectKey } from "../../reconcile/types.ts";
import type { Composed } from "./act.ts";

/** Fields of a server's file that say whether it runs, and how it is stopped. */
export type PowerPatch = Readonly<{ power: ServerSpec["power"]; stop?: "forced" | null }>;

/** Whether a file says all of it already. */
export const saysAlready = (spec: ServerSpec, { power, stop }: PowerPatch): boolean =>
  spec.power === power && (stop === undefined || (spec.stop ?? null) === stop);

/**
 * How a machine comes to run or stop: by its file; where that says so already and a hand has switched the machine, by bringing back what the hand
 * has done.
 * @param actual as the cloud has it now
 */
export function switchedTo(
  spec: ServerSpec,
  patch: PowerPatch,
  actual: ActualServer["power"] | undefined,
): Pick<Composed, "wishes" | "reverts"> {
  const { name, power } = spec;
  const isByHand = actual !== undefined && actual !== power && actual !== "changing";
  if (saysAlready(spec, patch) && isByHand) return { reverts: [objectKey({ kind: "Server", account: "", name })] };
  return { wishes: [{ kind: "Server", name, patch }] };
}
