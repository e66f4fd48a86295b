import { FleetError, type FleetErrorCode } from "../../../resources/errors.ts";

/** What has gone wrong with a call, as far as documented services tell things apart. Each has its own words and statuses for them. */
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
  | "starting"
  | "internal";

interface RefusalPlace {
  /** Of the request, by the request's own name for it. */
  field?: string;
  /** Id of the change that came to nothing. */
  change?: string;
  details?: Readonly<Record<string, unknown>>;
}

/** Why a dialect's call was not done. Its message may be shown to whoever has called. */
export class Refusal extends Error implements RefusalPlace {
  readonly kind: RefusalKind;
  readonly field?: string;
  readonly change?: string;
  readonly details?: Readonly<Record<string, unknown>>;

  constructor(kind: RefusalKind, message: string, place: RefusalPlace = {}, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "Refusal";
    this.kind = kind;
    Object.assign(this, place);
  }
}

const KINDS: Readonly<Partial<Record<FleetErrorCode, RefusalKind>>> = {
  USAGE: "malformed",
  FLEET_INVALID: "invalid",
  CLOUD_UNSUPPORTED: "invalid",
  UNAUTHENTICATED: "unauthenticated",
  FORBIDDEN: "forbidden",
  NOT_FOUND: "not-found",
  CONFLICT: "conflict",
  GUARD_REFUSED: "conflict",
  COMMIT_CONFLICT: "conflict",
  DIRTY_TREE: "conflict",
  CHANGE_STATE: "conflict",
  PREVIEW_STALE: "conflict",
  NOT_APPROVED: "conflict",
  STACK_BUSY: "conflict",
  LEASE_LOST: "conflict",
  TOO_MANY: "limited",
  CLOUD_RATE_LIMITED: "limited",
  CLOUD_AUTH: "credentials",
  CREDENTIAL_MISSING: "missing-credentials",
  CLOUD_OUT_OF_STOCK: "capacity",
  CLOUD_REFUSED: "provider",
  CLOUD_UNAVAILABLE: "provider",
  CLOUD_ANSWER_INVALID: "provider",
  DEADLINE: "provider",
  VERIFY_FAILED: "provider",
};

/** Of whatever was thrown. What nobody has expected keeps its words for the log. */
export function refusalOf(error: unknown, place: RefusalPlace = {}): Refusal {
  if (error instanceof Refusal) return error;
  if (!(error instanceof FleetError))
    return new Refusal("internal", "something unexpected has happened", place, { cause: error });
  const kind = KINDS[error.code] ?? "internal";
  return new Refusal(kind, error.message, place, { cause: error });
}
