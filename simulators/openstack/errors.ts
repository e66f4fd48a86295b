/** An error in the words of the service that gives it. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, message: string, body: unknown) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.body = body;
  }
}

const NOVA_FAULTS: Readonly<Record<number, string>> = {
  400: "badRequest",
  401: "unauthorized",
  403: "forbidden",
  404: "itemNotFound",
  405: "badMethod",
  409: "conflictingRequest",
  413: "overLimit",
  415: "badMediaType",
  429: "overLimit",
  501: "notImplemented",
  503: "serviceUnavailable",
};

/** `{"itemNotFound": {"code": 404, "message": …}}` */
export function novaError(status: number, message: string): ApiError {
  return new ApiError(status, message, { [NOVA_FAULTS[status] ?? "computeFault"]: { code: status, message } });
}

/** `{"NeutronError": {"type", "message", "detail"}}` */
export function neutronError(status: number, type: string, message: string): ApiError {
  return new ApiError(status, message, { NeutronError: { type, message, detail: "" } });
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
};

/** `{"error": {"code", "message", "title"}}` */
export function keystoneError(status: number, message: string): ApiError {
  return new ApiError(status, message, { error: { code: status, message, title: TITLES[status] ?? "Error" } });
}

/** Glance and Placement answer with what their framework makes of an error. */
export function glanceError(status: number, message: string): ApiError {
  const title = TITLES[status] ?? "Error";
  return new ApiError(status, message, { message: `${message}<br /><br />\n\n\n`, code: `${status} ${title}`, title });
}

export const unauthorized = (): ApiError => keystoneError(401, "The request you have made requires authentication.");
