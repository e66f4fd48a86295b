/** An error as the API reports it: status line, and for bad parameters a text per field. */
export class PveError extends Error {
  readonly status: number;
  readonly errors: Readonly<Record<string, string>> | undefined;

  constructor(status: number, message: string, errors?: Readonly<Record<string, string>>) {
    super(message);
    this.name = "PveError";
    this.status = status;
    this.errors = errors;
  }
}

/** Anything the real server's code dies with becomes a 500 whose status line holds the text. */
export function died(message: string): PveError {
  return new PveError(500, message);
}

export function badParameters(errors: Readonly<Record<string, string>>): PveError {
  return new PveError(400, "Parameter verification failed.", errors);
}
