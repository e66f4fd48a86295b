import type { LearnedLimit } from "../budget.ts";
import type { Account, Call, RateLimit } from "../cloud.ts";
import type { FleetError } from "../errors.ts";
import { type Answer, failure, type RequestOptions, request } from "../http.ts";

export const ENDPOINT = "https://core.hivelocity.net";
const VERSION = "/api/v2";

/** Two figures are documented, and both hold. @see https://developers.hivelocity.net/docs/api-rate-limiting */
export const LIMITS = {
  hour: { limit: 3_600, windowMs: 3_600_000, per: "address", description: "All requests of an hour" },
  minute: { limit: 100, windowMs: 60_000, per: "address", description: "All requests of a minute" },
} satisfies Record<string, RateLimit>;

const SCOPES = Object.keys(LIMITS);

export function authorization(account: Account): Record<string, string> {
  return { "x-api-key": account.credentials.apiKey ?? "" };
}

type HivelocityRequest = Pick<RequestOptions, "method" | "path" | "query" | "json" | "ok" | "idempotent" | "answer">;

/** One request below `/api/v2`, with Hivelocity's errors as codes of ours. Many paths end in `/`, and without it they are redirects. */
export function send<T = unknown>(call: Call, options: HivelocityRequest): Promise<Answer<T>> {
  return request<T>(call, {
    ...options,
    path: VERSION + options.path,
    cloud: "hivelocity",
    headers: authorization(call.account),
    scopes: SCOPES,
    errorOf: (_status, body) => wordsOf(body),
    learn,
  });
}

/** A whole list: there are no pages. @throws {FleetError} CLOUD_ANSWER_INVALID */
export async function readList<T>(call: Call, path: string, isItem: (item: unknown) => item is T): Promise<T[]> {
  const { body } = await send(call, { method: "GET", path });
  if (Array.isArray(body) && body.every(isItem)) return body;
  throw invalidAnswer(call, "GET", path, "it is no list of what was asked for");
}

/** One object; undefined only when Hivelocity itself says, in its own words, that it is gone. */
export async function readObject<T>(
  call: Call,
  path: string,
  isItem: (item: unknown) => item is T,
  idOf: (item: T) => number,
): Promise<T | undefined> {
  const { status, body } = await send(call, { method: "GET", path, ok: [404] });
  if (status === 404) {
    if (wordsOf(body) !== undefined) return undefined;
    throw invalidAnswer(call, "GET", path, "it is a 404 that is not Hivelocity's");
  }
  if (!isItem(body) || !path.endsWith(`/${idOf(body)}`))
    throw invalidAnswer(call, "GET", path, "it is not the object asked for");
  return body;
}

export function invalidAnswer(call: Call, method: RequestOptions["method"], path: string, reason: string): FleetError {
  return failure(
    call,
    { cloud: "hivelocity", method, path: VERSION + path },
    "CLOUD_ANSWER_INVALID",
    `answered ${method} ${VERSION}${path} wrongly: ${reason}`,
  );
}

/** `{"code": 404, "description": "…"}`, or `message` in place of the description, as one line. */
export function wordsOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { description, message, errors } = body as Record<string, unknown>;
  const text = [description, message].find((words) => typeof words === "string" && words !== "");
  const fields = typeof errors === "object" && errors !== null ? Object.entries(errors) : [];
  const parts = [text, ...fields.map(([field, words]) => `${field}: ${String(words)}`)].filter(Boolean);
  return parts.length > 0 ? parts.join("; ") : undefined;
}

/** `X-RateLimit-Reset` is the seconds that are left, not an instant. */
export function learn(headers: Headers, _status?: number, now = Date.now()): LearnedLimit {
  const number = (name: string) => {
    const value = headers.get(name);
    return value !== null && Number.isFinite(Number(value)) ? Number(value) : undefined;
  };
  const [limit, remaining, leftSeconds] = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map(
    number,
  );
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(leftSeconds === undefined ? {} : { resetAt: now + leftSeconds * 1000 }),
  };
}
