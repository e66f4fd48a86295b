import { setTimeout as delay } from "node:timers/promises";
import type { LearnedLimit } from "./budget.ts";
import type { Call } from "./cloud.ts";
import { type ErrorPlace, FleetError, type FleetErrorCode } from "./errors.ts";
import { redactor } from "./secrets.ts";

type QueryValue = string | number | boolean | undefined;

export interface RequestOptions {
  /** Name of the cloud, for messages. */
  cloud: string;
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Appended to the account's endpoint; already escaped, without query. */
  path: string;
  /** A list repeats its name. */
  query?: Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
  /** A function is asked anew for each attempt, once the budget has let it go: signatures grow old. */
  headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** Body as JSON, or as a form; not both. */
  json?: unknown;
  form?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Scopes of the cloud's limits that this request counts towards. */
  scopes: readonly string[];
  /** Whether it may be sent again when nobody knows if it took effect. Default: GET, HEAD, PUT and DELETE may. */
  idempotent?: boolean;
  /** Statuses above 299 that are an answer and no error; the body is then whatever could be parsed. */
  ok?: readonly number[];
  /** `none` where a success has no body that matters (204, `{}`). Default `json`: then an empty or broken body is a fault, never "nothing there". */
  answer?: "json" | "none";
  /** Reads a body that is not JSON; throws when it is broken. Default `JSON.parse`. */
  parse?(text: string): unknown;
  /** The cloud's own words in an error's body. */
  errorOf?(status: number, body: unknown): string | undefined;
  /** What the cloud's own code for an error means, where the status does not tell; a limit is waited for, anything else ends it. */
  meaning?(status: number, body: unknown): FleetErrorCode | undefined;
  /** True when the cloud refused only for the moment and did nothing; sent again also when not idempotent. */
  busy?(status: number, body: unknown): boolean;
  /** What the answer's headers tell about limits. */
  learn?(headers: Headers, status: number): LearnedLimit | undefined;
  /** One attempt may take this long. Default 30 s. */
  timeoutMs?: number;
  /** Default 4: the first and at most three more. What the account's `wire` says comes before it. */
  attempts?: number;
  /** Values besides the account's credentials that no message may hold, such as a session ticket. */
  secrets?: readonly string[];
  /** For tests, and for peers whose certificate needs another transport. */
  fetch?: typeof fetch;
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
  random?(): number;
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 20_000;
const IDEMPOTENT = new Set(["GET", "HEAD", "PUT", "DELETE"]);

/** What one attempt came to: an answer, or an error and whether another attempt is allowed. */
type Outcome<T> = { answer: Answer<T> } | { error: FleetError; again: boolean; waitMs?: number };

/**
 * One request to a cloud, within the account's budget and `call.signal`, sent again where that is safe.
 *
 * @throws {FleetError} CLOUD_AUTH (401, 403), CLOUD_REFUSED (other 4xx, with the cloud's words), CLOUD_OUT_OF_STOCK, CLOUD_RATE_LIMITED (429 until
 * the last attempt), CLOUD_UNAVAILABLE (5xx, no connection, no answer), CLOUD_ANSWER_INVALID (an answer that cannot be what it should be), DEADLINE.
 */
export async function request<T = unknown>(call: Call, options: RequestOptions): Promise<Answer<T>> {
  const { wire } = call.account;
  const attempts = wire?.retries === undefined ? (options.attempts ?? 4) : wire.retries + 1;
  const sleep = options.sleep ?? (async (ms, signal) => void (await delay(ms, undefined, { signal })));
  const random = options.random ?? Math.random;
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce<T>(call, options, attempt);
    call.account.onCall?.("answer" in outcome ? "ok" : outcome.error.code);
    if ("answer" in outcome) return outcome.answer;
    if (!outcome.again || attempt >= attempts) throw outcome.error;
    // Full jitter: callers that failed together do not come back together.
    const backoffMs = random() * Math.min(LONGEST_BACKOFF_MS, (wire?.backoffMs ?? FIRST_BACKOFF_MS) * 2 ** attempt);
    const waitMs = Math.max(outcome.waitMs ?? 0, backoffMs);
    const limited = outcome.error.code === "CLOUD_RATE_LIMITED";
    wire?.tell?.({ kind: "retry", attempt, waitMs, limited, ...wireOf(call, options) });
    try {
      await sleep(waitMs, call.signal);
    } catch {
      throw deadline(call, options, outcome.error);
    }
  }
}

async function attemptOnce<T>(call: Call, options: RequestOptions, attempt: number): Promise<Outcome<T>> {
  const { budget, wire } = call.account;
  const release = await budget.hold(options.scopes, call.priority, call.signal);
  try {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? 30_000);
    const signal = AbortSignal.any([call.signal, timeout]);
    const at = wireOf(call, options);
    const payload = options.json ?? options.form;
    wire?.tell?.({ kind: "request", attempt, ...at, ...(payload !== undefined && { payload }) });
    let response: Response;
    try {
      response = await (options.fetch ?? fetch)(address(call, options), { ...init(options), signal });
    } catch (cause) {
      wire?.tell?.({ kind: "error", error: cause, ...at });
      return failedToSend(call, options, cause, timeout.aborted);
    }
    const waitMs = retryAfterMs(response.headers);
    const learned = { ...options.learn?.(response.headers, response.status) };
    if (response.status === 429 && waitMs !== undefined) learned.retryAfterMs ??= waitMs;
    budget.learn(options.scopes, learned);
    let text: string;
    try {
      text = await response.text();
    } catch (cause) {
      wire?.tell?.({ kind: "error", error: cause, ...at });
      if (call.signal.aborted) throw deadline(call, options, cause);
      return invalid(call, options, response.status, "the answer broke off", cause);
    }
    wire?.tell?.({ kind: "response", status: response.status, data: text, ...at });
    return judge<T>(call, options, response, text, waitMs);
  } finally {
    release();
  }
}

function judge<T>(call: Call, options: RequestOptions, response: Response, text: string, waitMs?: number): Outcome<T> {
  const { status, headers } = response;
  const parsed = parse(text, options.parse);
  const success = status >= 200 && status < 300;
  if (success && options.answer === "none") return { answer: { status, headers, body: parsed.value as T } };
  if (success && parsed.valid) return { answer: { status, headers, body: parsed.value as T } };
  if (success) {
    const what = text.trim() === "" ? "the answer is empty" : `the answer is not valid${options.parse ? "" : " JSON"}`;
    return invalid(call, options, status, what);
  }
  if (options.ok?.includes(status)) return { answer: { status, headers, body: parsed.value as T } };
  return refused(call, options, status, parsed.value, waitMs);
}

function refused(call: Call, options: RequestOptions, status: number, body: unknown, waitMs?: number): Outcome<never> {
  const said = options.errorOf?.(status, body);
  const because = said ? `: ${said}` : "";
  const wait = waitMs === undefined ? {} : { waitMs };
  const fail = (code: FleetErrorCode, message: string, again: boolean) => ({
    error: failure(call, options, code, message, {
      status,
      ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    }),
    again,
    ...wait,
  });
  const means = options.meaning?.(status, body);
  if (means) return fail(means, `refused (${status})${because}`, means === "CLOUD_RATE_LIMITED");
  if (options.busy?.(status, body) && ![401, 403, 429].includes(status))
    return fail("CLOUD_UNAVAILABLE", `is busy with it (${status})${because}`, true);
  const code = refusalCode(status, said);
  const { spec, wire } = call.account;
  const { name } = spec;
  const isRepeated = wire?.retryStatuses?.includes(status) ?? true;
  switch (code) {
    case "CLOUD_AUTH":
      return fail(code, `refuses the credentials of account ${name} (${status})${because}`, false);
    case "CLOUD_RATE_LIMITED":
      return fail(code, `limits our requests (429)${because}`, true);
    case "CLOUD_OUT_OF_STOCK":
      return fail(code, `has none left (${status})${because}`, false);
    case "CLOUD_UNAVAILABLE":
      return fail(code, `failed (${status})${because}`, isRepeated && mayRepeat(options));
    case "CLOUD_REFUSED":
      return fail(code, `refused (${status})${because}`, false);
    default:
      // Credentials are never carried to wherever a redirect points.
      return fail(code, `answered ${status}, which is no answer to ${options.method} ${options.path}`, false);
  }
}

/** What an answer that is no success means. `said`: the cloud's words in it. */
export function refusalCode(status: number, said?: string): FleetErrorCode {
  if (status === 401 || status === 403) return "CLOUD_AUTH";
  if (status === 429) return "CLOUD_RATE_LIMITED";
  if (said && OUT_OF_STOCK.test(said)) return "CLOUD_OUT_OF_STOCK";
  if (status === 408 || status >= 500) return "CLOUD_UNAVAILABLE";
  return status >= 400 ? "CLOUD_REFUSED" : "CLOUD_ANSWER_INVALID";
}

const OUT_OF_STOCK =
  /out of stock|sold out|no (more )?capacity|(insufficient|not enough|lack of) (capacity|stock|resources)|capacity (is )?(exhausted|unavailable)/i;

function failedToSend(call: Call, options: RequestOptions, cause: unknown, timedOut: boolean): Outcome<never> {
  if (call.signal.aborted) throw deadline(call, options, cause);
  const neverSent = !timedOut && connectionCodes(cause).some((code) => NEVER_SENT.has(code));
  const what = timedOut
    ? `gave no answer within ${(options.timeoutMs ?? 30_000) / 1000} s`
    : `cannot be reached at ${call.account.endpoint} (${connectionCodes(cause)[0] ?? messageOf(cause)})`;
  return {
    error: failure(call, options, "CLOUD_UNAVAILABLE", what, {}, cause),
    again: neverSent || mayRepeat(options),
  };
}

/** Failures before a connection stood: the request cannot have had an effect. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function connectionCodes(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = "code" in error && typeof error.code === "string" ? [error.code] : [];
  const inner = error instanceof AggregateError ? error.errors.flatMap(connectionCodes) : [];
  return [...own, ...inner, ...connectionCodes(error.cause)];
}

function invalid(call: Call, options: RequestOptions, status: number, what: string, cause?: unknown): Outcome<never> {
  const message = `answered ${options.method} ${options.path} with ${status}, but ${what}`;
  return {
    error: failure(call, options, "CLOUD_ANSWER_INVALID", message, { status }, cause),
    again: mayRepeat(options),
  };
}

function deadline(call: Call, options: RequestOptions, cause: unknown): FleetError {
  if (call.signal.reason instanceof FleetError) return call.signal.reason;
  return failure(call, options, "DEADLINE", `did not finish ${options.method} ${options.path} in time`, {}, cause);
}

/** An error of this cloud in the words of the core: no credential is in its message, whatever the cloud put there. */
export function failure(
  call: Call,
  options: Pick<RequestOptions, "cloud" | "method" | "path" | "secrets">,
  code: FleetErrorCode,
  message: string,
  at: ErrorPlace = {},
  cause?: unknown,
): FleetError {
  const redact = redactor([...Object.values(call.account.credentials), ...(options.secrets ?? [])]);
  const text = redact(`${options.cloud} ${message}`);
  const place = {
    cloud: options.cloud,
    account: call.account.spec.name,
    method: options.method,
    path: redact(options.path),
    ...at,
  };
  return new FleetError(
    code,
    text.length > 600 ? `${text.slice(0, 600)}…` : text,
    place,
    cause === undefined ? {} : { cause },
  );
}

function mayRepeat(options: RequestOptions): boolean {
  return options.idempotent ?? IDEMPOTENT.has(options.method);
}

const wireOf = (call: Call, options: RequestOptions) => ({ method: options.method, url: address(call, options) });

function address(call: Call, options: RequestOptions): string {
  const query = formOf(options.query ?? {}).toString();
  return `${call.account.endpoint.replace(/\/+$/, "")}${options.path}${query ? `?${query}` : ""}`;
}

function init(options: RequestOptions): RequestInit {
  const headers: Record<string, string> = {
    accept: "application/json",
    ...(typeof options.headers === "function" ? options.headers() : options.headers),
  };
  const shared = { method: options.method, headers, redirect: "manual" as const };
  if (options.json !== undefined) {
    headers["content-type"] ??= "application/json";
    return { ...shared, body: JSON.stringify(options.json) };
  }
  return options.form ? { ...shared, body: formOf(options.form) } : shared;
}

function formOf(fields: NonNullable<RequestOptions["query"]>): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    for (const one of [value].flat()) if (one !== undefined) form.append(name, String(one));
  return form;
}

function parse(text: string, read: (text: string) => unknown = JSON.parse): { valid: boolean; value?: unknown } {
  try {
    return { valid: true, value: read(text) };
  } catch {
    return { valid: false };
  }
}

/** `Retry-After` in milliseconds, whether it came as seconds or as a date. */
export function retryAfterMs(headers: Headers, now = Date.now()): number | undefined {
  const value = headers.get("retry-after");
  if (value === null || value.trim() === "") return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
