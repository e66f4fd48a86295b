import { FleetError } from "../../../resources/errors.ts";
import { type RefusalKind, refusalOf } from "../dialect/refusal.ts";
import { GateRefusal } from "./gate.ts";

/** `message` where the document shows one, and nothing that it does not show. */
export interface SpotAnswer {
  data?: unknown;
  message?: string;
  /** Id of the change that did it. */
  change?: string;
}

export const successOf = ({ data, message }: SpotAnswer) => ({
  status: "success" as const,
  ...(data !== undefined && { data }),
  ...(message !== undefined && { message }),
});

/** The document knows 400, 404, 500 and 503; only the admin gate, which is ours, has others. */
const STATUS: Readonly<Record<RefusalKind, number>> = {
  malformed: 400,
  invalid: 400,
  action: 400,
  unauthenticated: 401,
  forbidden: 400,
  "not-found": 404,
  conflict: 400,
  inactive: 400,
  limited: 503,
  credentials: 500,
  "missing-credentials": 503,
  capacity: 500,
  provider: 500,
  starting: 503,
  internal: 500,
};

/** Services of which any failure means that they are unavailable; one of OpenStack's is an error of the system. */
const OTHERS = new Set<unknown>(["netbox", "hyperstack"]);

export interface Told {
  status: number;
  body: { status: "error"; error: string; details: Record<string, unknown> };
}

/** What an error comes to. Of what nobody has expected nothing is told. */
export function toldOf(error: unknown): Told {
  if (error instanceof GateRefusal) return answer(error.status, error.message, {});
  const { kind, message, field, change, details } = refusalOf(error);
  const service = serviceOf(error);
  const status = OTHERS.has(service) && STATUS[kind] === 500 ? 503 : STATUS[kind];
  return answer(status, message, {
    ...(kind === "conflict" && { reason: message }),
    ...(field !== undefined && { field }),
    ...(change !== undefined && { change }),
    ...(service !== undefined && { service }),
    ...details,
  });
}

/** Which service an error is of, as far as it was told. */
function serviceOf(error: unknown): string | undefined {
  for (let one = error; one instanceof Error; one = one.cause)
    if (one instanceof FleetError && typeof one.at.cloud === "string") return one.at.cloud;
  return undefined;
}

const answer = (status: number, error: string, details: Record<string, unknown>): Told => ({
  status,
  body: { status: "error", error, details },
});
