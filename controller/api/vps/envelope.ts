import { FleetError } from "../../../resources/errors.ts";
import { Refusal, type RefusalKind, refusalOf } from "../dialect/refusal.ts";

/** Codes of the document, and those for what it names no code for. */
export const CODES = [
  "MISSING_CREDENTIALS",
  "INVALID_CREDENTIALS",
  "PROVIDER_NOT_FOUND",
  "PROVIDER_INACTIVE",
  "INVALID_ACTION",
  "RATE_LIMIT_EXCEEDED",
  "INSUFFICIENT_RESOURCES",
  "VALIDATION_ERROR",
  "API_ERROR",
  "UNKNOWN_ERROR",
  "UNAUTHORIZED",
  "FORBIDDEN",
  "NOT_FOUND",
  "CONFLICT",
] as const;
export type VpsCode = (typeof CODES)[number];

const ROWS: Readonly<Record<RefusalKind, { status: number; code: VpsCode }>> = {
  malformed: { status: 400, code: "VALIDATION_ERROR" },
  invalid: { status: 400, code: "VALIDATION_ERROR" },
  action: { status: 400, code: "INVALID_ACTION" },
  unauthenticated: { status: 401, code: "UNAUTHORIZED" },
  forbidden: { status: 403, code: "FORBIDDEN" },
  "not-found": { status: 404, code: "NOT_FOUND" },
  conflict: { status: 409, code: "CONFLICT" },
  inactive: { status: 409, code: "PROVIDER_INACTIVE" },
  limited: { status: 429, code: "RATE_LIMIT_EXCEEDED" },
  credentials: { status: 502, code: "INVALID_CREDENTIALS" },
  "missing-credentials": { status: 503, code: "MISSING_CREDENTIALS" },
  capacity: { status: 503, code: "INSUFFICIENT_RESOURCES" },
  provider: { status: 502, code: "API_ERROR" },
  starting: { status: 503, code: "UNKNOWN_ERROR" },
  internal: { status: 500, code: "UNKNOWN_ERROR" },
};

/** A refusal with a code or a status of its own, where the row of its kind says another. */
export class VpsRefusal extends Refusal {
  readonly code: VpsCode | undefined;
  readonly status: number | undefined;

  constructor(
    kind: RefusalKind,
    message: string,
    { code, status, cause, field }: { code?: VpsCode; status?: number; field?: string; cause?: unknown },
  ) {
    super(kind, message, { ...(field !== undefined && { field }) }, { cause });
    this.code = code;
    this.status = status;
  }
}

/** One answer for what an account may not see and for what is not there. */
export const noProvider = (id: string): VpsRefusal =>
  new VpsRefusal("not-found", `there is no provider ${JSON.stringify(id.slice(0, 80))}`, {
    code: "PROVIDER_NOT_FOUND",
    field: "provider_id",
  });

/** The envelope that every error is answered in, and no more than it: what a provider said is in `error` alone. */
export interface Envelope {
  success: false;
  error: string;
  code: VpsCode;
  field?: string;
}

export interface RefusedAnswer {
  status: number;
  body: Envelope;
  headers: Readonly<Record<string, string>>;
}

/** As long as the shortest window that the clouds count requests in, where a cloud has told no time. */
const RETRY_SECONDS = 60;

const UNFORESEEN = "something unexpected has happened: the service's log tells more";

/** What is answered for an error, whatever it is. */
export function refusedAnswer(error: unknown): RefusedAnswer {
  const refusal = refusalOf(error);
  const row = ROWS[refusal.kind];
  const own = refusal instanceof VpsRefusal ? refusal : undefined;
  const { field, change } = refusal;
  const waitMs = refusal.cause instanceof FleetError ? refusal.cause.at.retryAfterMs : undefined;
  const seconds = typeof waitMs === "number" ? Math.max(1, Math.ceil(waitMs / 1000)) : RETRY_SECONDS;
  return {
    status: own?.status ?? row.status,
    body: {
      success: false,
      // Messages of what is inside name folders, hosts and statements.
      error: refusal.kind === "internal" && own === undefined ? UNFORESEEN : refusal.message,
      code: own?.code ?? row.code,
      ...(field !== undefined && { field }),
    },
    headers: {
      ...(change !== undefined && { "fleetwright-change": change }),
      ...(refusal.kind === "limited" && { "retry-after": String(seconds) }),
      ...(refusal.kind === "unauthenticated" && { "www-authenticate": "Bearer" }),
    },
  };
}
