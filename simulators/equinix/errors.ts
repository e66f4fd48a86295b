type Status = 400 | 401 | 403 | 404 | 422 | 429 | 500;

/** What the API answers as `{"errors": [...]}`, or as `{"error": "..."}` where it turns somebody away. */
export class EquinixError extends Error {
  readonly status: Status;
  readonly reasons: readonly string[];

  constructor(status: Status, ...reasons: string[]) {
    super(reasons.join("; "));
    this.name = "EquinixError";
    this.status = status;
    this.reasons = reasons;
  }
}

export const notFound = (): EquinixError => new EquinixError(404, "Not found");
export const unprocessable = (...reasons: string[]): EquinixError => new EquinixError(422, ...reasons);

/** Authentication and limits answer one text, everything else a list. */
export function bodyOf(status: number, reasons: readonly string[]): object {
  return status === 401 || status === 429 ? { error: reasons.join("; ") } : { errors: reasons };
}
