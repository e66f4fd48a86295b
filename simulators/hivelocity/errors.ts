/** What the API answers as `{"code", "description"}`. */
export class HivelocityError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 429 | 500;

  constructor(status: HivelocityError["status"], description: string) {
    super(description);
    this.name = "HivelocityError";
    this.status = status;
  }
}

export const invalid = (description: string): HivelocityError => new HivelocityError(400, description);
export const notFound = (what: string): HivelocityError => new HivelocityError(404, `${what} not found.`);
export const errorBody = (code: number, description: string) => ({ code, description });
