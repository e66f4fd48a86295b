import type { LearnedLimit } from "../budget.ts";
import type { Account, Call, RateLimit } from "../cloud.ts";
import type { FleetError } from "../errors.ts";
import { type Answer, failure, type RequestOptions, request } from "../http.ts";
import { readPages } from "../pages.ts";

export const ENDPOINT = "https://infrahub-api.nexgencloud.com";
/** No maximum is published; a cloud that gives less says so in its answer, and is then asked for that. */
export const PAGE_SIZE = 100;

/**
 * 500 a minute are published, whatever credential they carry, and whoever passes that is shut out for the rest of the minute: so we stay below.
 * @see https://docs.hyperstack.cloud/docs/api-reference/rate-limits
 */
export const LIMITS = {
  all: { limit: 450, windowMs: 60_000, per: "address", description: "All requests from one address" },
} satisfies Record<string, RateLimit>;

/** How long nothing is sent after a refusal for too many requests: five attempts then outlast the minute. */
const SHUT_OUT_MS = 15_000;

type HyperstackRequest = Pick<RequestOptions, "method" | "path" | "query" | "json" | "ok" | "idempotent">;

/**
 * One request below `/v1`, with Hyperstack's errors as codes of ours. Power actions are GET requests there: whoever sends one says whether it may
 * be repeated.
 *
 * @throws {FleetError} what `request` throws; CLOUD_ANSWER_INVALID for a 200 that says `"status": false`.
 */
export async function hyperstack<T = unknown>(call: Call, options: HyperstackRequest): Promise<Answer<T>> {
  const path = apiPath(call.account, options.path);
  const answer = await request<T>(call, {
    ...options,
    path,
    cloud: "hyperstack",
    headers: { api_key: call.account.credentials.apiKey ?? "" },
    scopes: ["all"],
    errorOf: (_status, body) => wordsOf(body),
    learn,
  });
  if (answer.status < 300 && fieldOf(answer.body, "status") === false) {
    throw invalidAnswer(call, options.method, path, wordsOf(answer.body) ?? "it says that it failed");
  }
  return answer;
}

/** The endpoint as its documentation writes it ends in the version. */
function apiPath(account: Account, path: string): string {
  return /\/v1\/*$/.test(account.endpoint) ? path : `/v1${path}`;
}

interface ListPage<T> {
  items: T[];
  total: number;
  pageSize: number;
}

/** A whole list, of which the answers hold `name`; never silently short. @throws {FleetError} CLOUD_ANSWER_INVALID */
export async function hyperstackList<T extends { id: number }>(
  call: Call,
  path: string,
  name: string,
  isItem: (item: unknown) => item is T,
  query: Readonly<Record<string, string>> = {},
): Promise<T[]> {
  const invalid = (reason: string) => invalidAnswer(call, "GET", path, reason);
  const read = async (page: number, pageSize: number): Promise<ListPage<T>> => {
    const asked = { ...query, page: String(page), pageSize: String(pageSize) };
    const { body } = await hyperstack(call, { method: "GET", path, query: asked });
    const [items, total, granted] = [name, "count", "page_size"].map((field) => fieldOf(body, field));
    if (!Array.isArray(items) || !items.every(isItem) || typeof total !== "number") {
      throw invalid("it is no page of this list");
    }
    return { items, total, pageSize: typeof granted === "number" && granted > 0 ? granted : pageSize };
  };

  const first = await read(1, PAGE_SIZE);
  const pageSize = Math.min(PAGE_SIZE, first.pageSize);
  // Whether `count` is of the whole list is nowhere said: where a full page is all there is, the next one has to be empty.
  if (first.total === pageSize && first.items.length === pageSize && (await read(2, pageSize)).items.length > 0) {
    throw invalid("its count is not that of the whole list");
  }
  let unused: ListPage<T> | undefined = first;
  return readPages<T>({
    pageSize,
    idOf: (item) => String(item.id),
    invalid,
    read: async (page) => {
      const known = page === 1 ? unused : undefined;
      unused = undefined;
      return known ?? read(page, pageSize);
    },
  });
}

/** One object, held as `name`; undefined only when Hyperstack itself says, in its own words, that it is gone. */
export async function hyperstackObject<T extends { id: number }>(
  call: Call,
  path: string,
  name: string,
  isItem: (item: unknown) => item is T,
): Promise<T | undefined> {
  const { status, body } = await hyperstack(call, { method: "GET", path, ok: [404] });
  if (status === 404) {
    if (isGone(body)) return undefined;
    throw invalidAnswer(call, "GET", path, "it is a 404 that is not Hyperstack's");
  }
  const object = fieldOf(body, name);
  if (isItem(object) && path.endsWith(`/${object.id}`)) return object;
  throw invalidAnswer(call, "GET", path, "it is not the object asked for");
}

/** Removes an object; one that is gone already is as good. */
export async function hyperstackDelete(call: Call, path: string): Promise<void> {
  const { status, body } = await hyperstack(call, { method: "DELETE", path, ok: [404] });
  if (status === 404 && !isGone(body)) {
    throw invalidAnswer(call, "DELETE", path, "it is a 404 that is not Hyperstack's");
  }
}

export function invalidAnswer(call: Call, method: RequestOptions["method"], path: string, reason: string): FleetError {
  const place = { cloud: "hyperstack", method, path };
  return failure(call, place, "CLOUD_ANSWER_INVALID", `answered ${method} ${path} wrongly: ${reason}`);
}

export function fieldOf(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}

/** `{"status": false, "message", "error_reason": "not_found"}`. */
function isGone(body: unknown): boolean {
  return fieldOf(body, "status") === false && fieldOf(body, "error_reason") === "not_found";
}

function wordsOf(body: unknown): string | undefined {
  const [message, reason] = [fieldOf(body, "message"), fieldOf(body, "error_reason")];
  const words = [message, reason].filter((text) => typeof text === "string" && text !== "");
  return words.length > 0 ? words.join(": ") : undefined;
}

/** Nothing in an answer tells how much is left, nor when it may be tried again. */
function learn(headers: Headers, status: number): LearnedLimit | undefined {
  return status === 429 && !headers.has("retry-after") ? { retryAfterMs: SHUT_OUT_MS } : undefined;
}
