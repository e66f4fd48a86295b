const STATUS = {
  bad_request: 400,
  unauthorized: 401,
  not_found: 404,
  conflict: 409,
  unprocessable_entity: 422,
  too_many_requests: 429,
  server_error: 500,
} as const;

/** What the API answers as `{"id", "message", "request_id"}`. */
export class DigitalOceanError extends Error {
  readonly id: keyof typeof STATUS;

  constructor(id: DigitalOceanError["id"], message: string) {
    super(message);
    this.name = "DigitalOceanError";
    this.id = id;
  }

  get status(): (typeof STATUS)[keyof typeof STATUS] {
    return STATUS[this.id];
  }
}

export const notFound = (): DigitalOceanError =>
  new DigitalOceanError("not_found", "The resource you were accessing could not be found.");

export const unprocessable = (message: string): DigitalOceanError =>
  new DigitalOceanError("unprocessable_entity", message);

/** The id of an error for a status that was injected. */
export function errorIdOf(status: number): string {
  return Object.entries(STATUS).find(([, known]) => known === status)?.[0] ?? "server_error";
}
