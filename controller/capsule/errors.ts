import { FleetError } from "../../resources/errors.ts";
import { type RefusalKind, refusalOf } from "../api/dialect/refusal.ts";

interface More {
  /** The change that was given up, where there was one. */
  change?: string;
  cause?: unknown;
}

/** What every call of this package throws. */
export class APIError extends Error {
  /** As an HTTP status: the cloud's own where it refused, else the one that says the same. */
  readonly status_code: number;
  readonly change?: string;

  constructor(message: string, status_code: number, { change, cause }: More = {}) {
    super(message, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.status_code = status_code;
    if (change !== undefined) this.change = change;
  }
}

/** 401 and 403: the cloud takes no credentials of ours, or what was asked for is over what the fleet's policy allows. */
export class AuthenticationError extends APIError {}
/** 429, after the last retry. */
export class RateLimitError extends APIError {}
/** 404. */
export class ResourceNotFoundError extends APIError {}

/** The error of a status: of the class that the status has. */
export function errorFor(status: number, message: string, more: More = {}): APIError {
  if (status === 401 || status === 403) return new AuthenticationError(message, status, more);
  if (status === 404) return new ResourceNotFoundError(message, status, more);
  if (status === 429) return new RateLimitError(message, status, more);
  return new APIError(message, status, more);
}

const STATUS: Readonly<Record<RefusalKind, number>> = {
  malformed: 400,
  invalid: 400,
  action: 400,
  unauthenticated: 401,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  inactive: 409,
  limited: 429,
  credentials: 401,
  "missing-credentials": 401,
  capacity: 503,
  provider: 502,
  starting: 503,
  internal: 500,
};

/** Any error as one of this package's. */
export function apiError(error: unknown): APIError {
  if (error instanceof APIError) return error;
  const { kind, message, change, cause } = refusalOf(error);
  const own = kind === "credentials" || kind === "provider" ? statusIn(cause) : undefined;
  const words = kind === "internal" && cause instanceof Error ? cause.message : message;
  const status = own ?? (isRefused(cause) ? STATUS.invalid : STATUS[kind]);
  return errorFor(status, words, { cause: error, ...(change !== undefined && { change }) });
}

/** It was told that what was asked for is wrong; of a refusal that was kept with a change no status is known any more. */
const isRefused = (error: unknown): boolean => error instanceof FleetError && error.code === "CLOUD_REFUSED";

/** The cloud's own, where it has answered with one. */
function statusIn(error: unknown): number | undefined {
  const status = error instanceof FleetError ? Number(error.at.status) : Number.NaN;
  return status >= 400 ? status : undefined;
}
