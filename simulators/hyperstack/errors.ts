const STATUS = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_many_requests: 429,
  internal_error: 500,
} as const;

/** What the API answers as `{"status": false, "message", "error_reason"}`. */
export class HyperstackError extends Error {
  readonly reason: keyof typeof STATUS;

  constructor(reason: HyperstackError["reason"], message: string) {
    super(message);
    this.name = "HyperstackError";
    this.reason = reason;
  }

  get status(): (typeof STATUS)[keyof typeof STATUS] {
    return STATUS[this.reason];
  }
}

export const refuse = (message: string): HyperstackError => new HyperstackError("bad_request", message);
export const missing = (what: string): HyperstackError => new HyperstackError("not_found", `${what} does not exist.`);
export const taken = (what: string): HyperstackError => new HyperstackError("conflict", `${what} already exists.`);

/** An error for a status that was injected. */
export function errorBody(status: number, message: string): object {
  const reason = Object.entries(STATUS).find(([, known]) => known === status)?.[0] ?? "internal_error";
  return { status: false, message, error_reason: reason };
}
