import { FleetError } from "./errors.ts";
import type { ServerSpec } from "./spec.ts";

/** What a cloud cannot take of a server: `path` as in its file, list places as `.0`. */
export interface ServerProblem {
  path: string;
  message: string;
}

/**
 * Reading the files told all of them; this holds where a server comes another way.
 * @throws {FleetError} FLEET_INVALID with the first problem
 */
export function refuseProblems(server: ServerSpec, cloud: string, problems: readonly ServerProblem[]): void {
  const [problem] = problems;
  if (problem === undefined) return;
  throw new FleetError("FLEET_INVALID", `${server.name}: ${problem.path}: ${problem.message}`, {
    server: server.name,
    cloud,
  });
}
