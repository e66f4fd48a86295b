import type { ActualPort } from "../../resources/actual.ts";
import type { PortSpec } from "../../resources/spec.ts";
import type { FieldDrift } from "./find-drift.ts";

/**
 * Drift of one port: pure. Its network is not compared: a port stays on the one that it was made on. While its machine does not run, it may be in or out.
 * @param running id of its machine, while it runs
 */
export function portDrift(
  { name, description = "", machine }: PortSpec,
  actual: ActualPort,
  running: string | undefined,
): FieldDrift[] {
  const { description: found = "" } = actual;
  const isOut = machine !== undefined && running !== undefined && actual.server !== running;
  return [
    ...(name === actual.name ? [] : [{ path: "name", desired: name, actual: actual.name }]),
    ...(description === found ? [] : [{ path: "description", desired: description, actual: found }]),
    ...(isOut
      ? [{ path: "machine", desired: machine, ...(actual.server !== undefined && { actual: actual.server }) }]
      : []),
  ];
}
