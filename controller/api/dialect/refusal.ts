import { FleetError, type FleetErrorCode } from "../../../resources/errors.ts";

/** Why something is refused, in the words that every dialect has a row for. */
export type RefusalKind =
  | "malformed"
  | "invalid"
  | "action"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "inactive"
  | "limited"
  | "credentials"
  | "missing-credentials"
  | "capacity"
  | "provider"
  | "internal";

export interface More {
  field?: string;
  /** Id of the change that was closed with it. */
  change?: string;
  details?: unknown;
  cause?: unknown;
}

/** What a caller is told in place of an answer. */
export class Refusal extends Error {
  readonly kind: RefusalKind;
  readonly field: string | undefined;
  readonly change: string | undefined;
  readonly details: unknown;

  constructor(kind: RefusalKind, message: string, { field, change, details, cause }: More = {}) {
    super(message, { cause });
    this.name = "Refusal";
    this.kind = kind;
    this.field = field;
    this.change = change;
    this.details = details;
  }
}

const KINDS: Partial<Record<FleetErrorCode, RefusalKind>> = {
  FLEET_INVALID: "invalid",
  USAGE: "invalid",
  CLOUD_UNSUPPORTED: "invalid",
  UNAUTHENTICATED: "unauthenticated",
  FORBIDDEN: "forbidden",
  NOT_FOUND: "not-found",
  CONFLICT: "conflict",
  PREVIEW_STALE: "conflict",
  NOT_APPROVED: "forbidden",
  GUARD_REFUSED: "conflict",
  STACK_BUSY: "conflict",
  LEASE_LOST: "conflict",
  COMMIT_CONFLICT: "conflict",
  CHANGE_STATE: "conflict",
  CREDENTIAL_MISSING: "missing-credentials",
  CLOUD_AUTH: "credentials",
  CLOUD_RATE_LIMITED: "limited",
  CLOUD_OUT_OF_STOCK: "capacity",
  CLOUD_REFUSED: "provider",
  CLOUD_UNAVAILABLE: "provider",
  CLOUD_ANSWER_INVALID: "provider",
  DEADLINE: "provider",
};

/** Any error as a refusal. What nobody has foreseen, and what is about the inside, says nothing but that it failed. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof DOMException && error.name === "TimeoutError")
    return new Refusal("provider", "the answer took too long", { cause: error });
  const kind = error instanceof FleetError ? KINDS[error.code] : undefined;
  if (kind === undefined)
    return new Refusal("internal", "an unexpected error: the service's log tells more", { cause: error });
  const { message, at } = error as FleetError;
  const field = typeof at.field === "string" && kind === "invalid" ? at.field : undefined;
  return new Refusal(kind, message, { ...(field !== undefined && { field }), details: at, cause: error });
}
