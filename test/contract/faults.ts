import type { FleetErrorCode } from "../../resources/errors.ts";
import type { Fault } from "../../simulators/simulator.ts";

export type FaultKind =
  | "401"
  | "403"
  | "429"
  | "500"
  | "503"
  | "a foreign 404"
  | "a dropped connection"
  | "a truncated answer"
  | "an empty 200"
  | "an empty object"
  | "silence"
  | "omit";

/** Each fault, what it is at a simulator, and the codes that it may become (besides DEADLINE, when retries take longer than the call). */
export const FAULTS: { kind: FaultKind; action: Fault["action"]; codes: FleetErrorCode[] }[] = [
  { kind: "401", action: { kind: "status", status: 401 }, codes: ["CLOUD_AUTH"] },
  { kind: "403", action: { kind: "status", status: 403 }, codes: ["CLOUD_AUTH"] },
  { kind: "429", action: { kind: "status", status: 429 }, codes: ["CLOUD_RATE_LIMITED"] },
  { kind: "500", action: { kind: "status", status: 500 }, codes: ["CLOUD_UNAVAILABLE"] },
  { kind: "503", action: { kind: "status", status: 503 }, codes: ["CLOUD_UNAVAILABLE"] },
  {
    kind: "a foreign 404",
    action: { kind: "status", status: 404, body: "<html>no such page</html>" },
    codes: ["CLOUD_ANSWER_INVALID", "CLOUD_REFUSED"],
  },
  { kind: "a dropped connection", action: { kind: "dropBefore" }, codes: ["CLOUD_UNAVAILABLE"] },
  { kind: "a truncated answer", action: { kind: "truncate" }, codes: ["CLOUD_ANSWER_INVALID"] },
  { kind: "an empty 200", action: { kind: "empty" }, codes: ["CLOUD_ANSWER_INVALID"] },
  { kind: "an empty object", action: { kind: "status", status: 200, body: {} }, codes: ["CLOUD_ANSWER_INVALID"] },
  { kind: "silence", action: { kind: "late", ms: 900 }, codes: [] },
  { kind: "omit", action: { kind: "omit" }, codes: ["CLOUD_ANSWER_INVALID"] },
];
