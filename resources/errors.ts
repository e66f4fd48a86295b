/**
 * What each code means to a caller: `http` is the status the API answers, `retry` whether the next reconcile may try again,
 * `exit` the exit code of the CLI (1 error, 3 refused by a guard or a stale preview).
 */
export const FLEET_ERRORS = {
  FLEET_INVALID: { http: 422, retry: false, exit: 1 },
  USAGE: { http: 400, retry: false, exit: 1 },
  UNAUTHENTICATED: { http: 401, retry: false, exit: 1 },
  FORBIDDEN: { http: 403, retry: false, exit: 1 },
  CONFLICT: { http: 409, retry: false, exit: 1 },
  TOO_MANY: { http: 429, retry: true, exit: 1 },
  ISSUER_UNAVAILABLE: { http: 503, retry: true, exit: 1 },
  NOT_FOUND: { http: 404, retry: false, exit: 1 },
  PREVIEW_STALE: { http: 409, retry: true, exit: 3 },
  NOT_APPROVED: { http: 409, retry: false, exit: 3 },
  GUARD_REFUSED: { http: 409, retry: false, exit: 3 },
  STACK_BUSY: { http: 409, retry: true, exit: 1 },
  LEASE_LOST: { http: 409, retry: true, exit: 1 },
  COMMIT_CONFLICT: { http: 409, retry: false, exit: 1 },
  CHANGE_STATE: { http: 409, retry: false, exit: 1 },
  DIRTY_TREE: { http: 409, retry: false, exit: 1 },
  CREDENTIAL_MISSING: { http: 502, retry: false, exit: 1 },
  CLOUD_AUTH: { http: 502, retry: false, exit: 1 },
  CLOUD_REFUSED: { http: 502, retry: false, exit: 1 },
  CLOUD_RATE_LIMITED: { http: 503, retry: true, exit: 1 },
  CLOUD_OUT_OF_STOCK: { http: 503, retry: true, exit: 1 },
  CLOUD_UNAVAILABLE: { http: 503, retry: true, exit: 1 },
  CLOUD_ANSWER_INVALID: { http: 502, retry: true, exit: 1 },
  CLOUD_UNSUPPORTED: { http: 422, retry: false, exit: 1 },
  DEADLINE: { http: 504, retry: true, exit: 1 },
  ENGINE_MISSING: { http: 500, retry: false, exit: 1 },
  ENGINE_FAILED: { http: 500, retry: true, exit: 1 },
  STATE_DAMAGED: { http: 500, retry: false, exit: 1 },
  DISK_FULL: { http: 507, retry: true, exit: 1 },
  STORE_FAILED: { http: 500, retry: true, exit: 1 },
  GIT_FAILED: { http: 500, retry: true, exit: 1 },
  NOTIFY_FAILED: { http: 502, retry: true, exit: 1 },
  FORGE_FAILED: { http: 502, retry: true, exit: 1 },
  FORGE_REFUSED: { http: 502, retry: false, exit: 1 },
  VERIFY_FAILED: { http: 500, retry: true, exit: 1 },
} as const;

export type FleetErrorCode = keyof typeof FLEET_ERRORS;

/** Where an error happened, safe to log: names, ids and paths, never tokens or user data. */
export type ErrorPlace = Readonly<Record<string, string | number | boolean | undefined>>;

/** An error a user can act on. Everything that leaves a boundary (a cloud, git, the engine, the store) is one of these. */
export class FleetError extends Error {
  readonly code: FleetErrorCode;
  readonly at: ErrorPlace;

  constructor(code: FleetErrorCode, message: string, at: ErrorPlace = {}, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "FleetError";
    this.code = code;
    this.at = at;
  }

  get retry(): boolean {
    return FLEET_ERRORS[this.code].retry;
  }
}
