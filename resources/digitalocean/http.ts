import type { LearnedLimit } from "../budget.ts";
import type { Account, Call, RateLimit } from "../cloud.ts";
import type { FleetError } from "../errors.ts";
import { type Answer, failure, type RequestOptions, request } from "../http.ts";
import { readPages } from "../pages.ts";

export const ENDPOINT = "https://api.digitalocean.com";
export const PAGE_SIZE = 200;

/** Counted per token, in sliding windows. @see https://docs.digitalocean.com/reference/api/intro/#rate-limit */
export const LIMITS = {
  hour: { limit: 5_000, windowMs: 3_600_000, description: "All requests of an hour" },
  minute: { limit: 250, windowMs: 60_000, description: "All requests of a minute" },
  keys: { limit: 10, windowMs: 60_000, description: "Listing SSH keys" },
} satisfies Record<string, RateLimit>;

/** The scopes of `LIMITS` for a request; `path` with version, without query. */
export function scopesOf(method: string, path: string): string[] {
  const listsKeys = method === "GET" && /^\/v2\/account\/keys\/?$/.test(path);
  return listsKeys ? ["hour", "minute", "keys"] : ["hour", "minute"];
}

export function authorization(account: Account): Record<string, string> {
  return { authorization: `Bearer ${account.credentials.token ?? ""}` };
}

type DigitalOceanRequest = Pick<RequestOptions, "method" | "path" | "query" | "json" | "ok" | "idempotent" | "answer">;

/** One request, with DigitalOcean's errors as codes of ours. */
export function digitalocean<T = unknown>(call: Call, options: DigitalOceanRequest): Promise<Answer<T>> {
  return request<T>(call, {
    ...options,
    cloud: "digitalocean",
    headers: authorization(call.account),
    scopes: scopesOf(options.method, options.path),
    errorOf: (_status, body) => messageOf(body),
    // Another action runs on the droplet; this one was not begun.
    busy: (status, body) => status === 422 && /pending event/i.test(messageOf(body) ?? ""),
    learn,
  });
}

/** A whole list, at 200 items a page, never silently short. @throws {FleetError} CLOUD_ANSWER_INVALID */
export function digitaloceanList<T extends { id: number | string } | { slug: string | null }>(
  call: Call,
  path: string,
  field: string,
  isItem: (item: unknown) => item is T,
  query: Record<string, string> = {},
): Promise<T[]> {
  return readPages<T>({
    pageSize: PAGE_SIZE,
    idOf: (item) => String("id" in item ? item.id : item.slug),
    invalid: (reason) => invalidAnswer(call, "GET", path, reason),
    read: async (page) => {
      const { body } = await digitalocean<Record<string, unknown> | null>(call, {
        method: "GET",
        path,
        query: { ...query, page, per_page: PAGE_SIZE },
      });
      const items = body?.[field];
      const total = (body?.meta as { total?: unknown } | undefined)?.total;
      if (!Array.isArray(items) || !Number.isInteger(total) || !items.every(isItem)) {
        throw invalidAnswer(call, "GET", path, "it is no page of this list");
      }
      return { items, total: total as number };
    },
  });
}

/** One object out of its envelope; undefined only when DigitalOcean itself says, in its own words, that it is gone. */
export async function digitaloceanObject<T extends { id: number | string }>(
  call: Call,
  path: string,
  field: string,
  isItem: (item: unknown) => item is T,
): Promise<T | undefined> {
  const { status, body } = await digitalocean<Record<string, unknown> | null>(call, { method: "GET", path, ok: [404] });
  if (status === 404) {
    if (body?.id === "not_found") return undefined;
    throw invalidAnswer(call, "GET", path, "it is a 404 that is not DigitalOcean's");
  }
  const item = body?.[field];
  if (!isItem(item) || !path.endsWith(`/${item.id}`))
    throw invalidAnswer(call, "GET", path, "it is not the object asked for");
  return item;
}

export function invalidAnswer(call: Call, method: RequestOptions["method"], path: string, reason: string): FleetError {
  const message = `answered ${method} ${path} wrongly: ${reason}`;
  return failure(call, { cloud: "digitalocean", method, path }, "CLOUD_ANSWER_INVALID", message);
}

/** `{"id": "not_found", "message": ...}` as its message. */
function messageOf(body: unknown): string | undefined {
  const message = (body as { message?: unknown } | null | undefined)?.message;
  return typeof message === "string" ? message : undefined;
}

function learn(headers: Headers): LearnedLimit {
  const number = (name: string) => {
    const value = headers.get(name);
    return value !== null && Number.isFinite(Number(value)) ? Number(value) : undefined;
  };
  const [limit, remaining, reset] = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(number);
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(reset === undefined ? {} : { resetAt: reset * 1000 }),
  };
}
