export interface Reason {
  reason: string;
  field?: string;
}

/** What the API answers as `{"errors": [...]}`. */
export class LinodeError extends Error {
  readonly status: 400 | 401 | 404 | 429;
  readonly reasons: Reason[];

  constructor(status: LinodeError["status"], reasons: Reason[]) {
    super(reasons.map(({ reason }) => reason).join("; "));
    this.name = "LinodeError";
    this.status = status;
    this.reasons = reasons;
  }
}

export const notFound = (): LinodeError => new LinodeError(404, [{ reason: "Not found" }]);

export const badRequest = (reason: string, field?: string): LinodeError =>
  new LinodeError(400, [field === undefined ? { reason } : { reason, field }]);

/** The plugin knows this text and tries again after 3 s. */
export const busy = (): LinodeError => badRequest("Linode busy.");
