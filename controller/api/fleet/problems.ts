import { FLEET_ERRORS, FleetError, type FleetErrorCode } from "../../../resources/errors.ts";

/** What is wrong with a request before anything of the fleet is asked: codes beside those of the project, with their status. */
export const API_ERRORS = {
  METHOD_NOT_ALLOWED: 405,
  DRIFT_UNWRITABLE: 409,
  REQUEST_BUSY: 409,
  CONDITION_FAILED: 412,
  BODY_TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  MEDIA_TYPE: 415,
  HEADERS_TOO_LARGE: 431,
  BUG: 500,
  NOT_READY: 503,
  TOO_MANY_STREAMS: 503,
} as const;

export type ProblemCode = FleetErrorCode | keyof typeof API_ERRORS;

/** Titles are for people and never change with the occurrence. */
export const TITLES: Readonly<Record<ProblemCode, string>> = {
  UNAUTHENTICATED: "It is not known who asks",
  FORBIDDEN: "Your role does not allow this",
  METHOD_NOT_ALLOWED: "This resource has no such method",
  DRIFT_UNWRITABLE: "The drift cannot be written into files",
  REQUEST_BUSY: "The same request is under way",
  CONDITION_FAILED: "The object has changed meanwhile",
  BODY_TOO_LARGE: "The body is too large",
  URI_TOO_LONG: "The address is too long",
  MEDIA_TYPE: "The body must be JSON",
  HEADERS_TOO_LARGE: "The headers are too large",
  BUG: "An error of Fleetwright",
  NOT_READY: "The service has compiled no commit yet",
  TOO_MANY_STREAMS: "Too many streams are open",
  CONFLICT: "Another already has this",
  TOO_MANY: "Too many requests",
  ISSUER_UNAVAILABLE: "The issuer of tokens does not answer",
  CHANGE_STATE: "The change is not in the state for this",
  FLEET_INVALID: "The fleet files are not valid",
  USAGE: "The request is not as described",
  NOT_FOUND: "There is no such thing",
  PREVIEW_STALE: "The effects are others than were shown",
  NOT_APPROVED: "An approval is missing",
  GUARD_REFUSED: "A guard refuses this",
  STACK_BUSY: "Another run works on the stack",
  LEASE_LOST: "The stack was taken over meanwhile",
  COMMIT_CONFLICT: "The files have changed meanwhile",
  DIRTY_TREE: "The work tree has changes that are not committed",
  CREDENTIAL_MISSING: "The account has no credential",
  CLOUD_AUTH: "The cloud refuses the account's credential",
  CLOUD_REFUSED: "The cloud refuses this",
  CLOUD_RATE_LIMITED: "The cloud's limit is used up",
  CLOUD_OUT_OF_STOCK: "The cloud has none left",
  CLOUD_UNAVAILABLE: "The cloud does not answer",
  CLOUD_ANSWER_INVALID: "The cloud's answer makes no sense",
  CLOUD_UNSUPPORTED: "The cloud cannot do this",
  DEADLINE: "It took too long",
  ENGINE_MISSING: "The engine is missing",
  ENGINE_FAILED: "The engine has failed",
  STATE_DAMAGED: "The state is damaged",
  DISK_FULL: "The disk is full",
  STORE_FAILED: "The database has failed",
  GIT_FAILED: "The repository has failed",
  NOTIFY_FAILED: "A message could not be sent",
  VERIFY_FAILED: "The machine is not as it was made",
};

/** One thing that is wrong with a request: in the body (JSON pointer as a fragment), or in a parameter. */
export interface ProblemDetail {
  detail: string;
  pointer?: string;
  parameter?: string;
}

/** RFC 9457. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** Names this occurrence, also in the log of the service. */
  instance: string;
  code: ProblemCode;
  errors?: readonly ProblemDetail[];
}

/** A request that is refused before it comes to the fleet. `headers` go with the answer. */
export class ApiError extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly ProblemDetail[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    message: string,
    more: { errors?: readonly ProblemDetail[]; headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = "ApiError";
    this.code = code;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }
}

/** What a principal may not see is answered like what is not there. @throws {ApiError} NOT_FOUND */
export function missing(what: string): never {
  throw new ApiError("NOT_FOUND", `there is no ${what}`);
}

/** Their messages are for whoever runs the service: they name folders, hosts and statements. */
const INSIDE: ReadonlySet<ProblemCode> = new Set([
  "STORE_FAILED",
  "GIT_FAILED",
  "STATE_DAMAGED",
  "DISK_FULL",
  "ENGINE_MISSING",
  "BUG",
]);

export const statusOf = (code: ProblemCode): number =>
  code in API_ERRORS ? API_ERRORS[code as keyof typeof API_ERRORS] : FLEET_ERRORS[code as FleetErrorCode].http;

/** Where the description tells of a code. */
export const typeOf = (code: ProblemCode): string => `/fleet/v1/docs#problem-${code}`;

function knownOf(error: unknown): ApiError | FleetError | undefined {
  if (error instanceof ApiError || error instanceof FleetError) return error;
  // As `AbortSignal.timeout` says it.
  if (error instanceof DOMException && error.name === "TimeoutError")
    return new ApiError("DEADLINE", "the answer took too long", { cause: error });
  return undefined;
}

/** What is answered for an error. What nobody has foreseen, and what is about the inside, says only where the log tells more. */
export function problemOf(error: unknown, instance: string): ProblemBody {
  const known = knownOf(error);
  const code: ProblemCode = known?.code ?? "BUG";
  const detail =
    known === undefined || INSIDE.has(code) ? `the service's log tells more under ${instance}` : known.message;
  const errors = error instanceof ApiError ? error.errors : undefined;
  return {
    type: typeOf(code),
    title: TITLES[code],
    status: statusOf(code),
    detail,
    instance,
    code,
    ...(errors && { errors }),
  };
}
