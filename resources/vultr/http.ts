import type { Account, Call, RateLimit } from "../cloud.ts";
import type { FleetError } from "../errors.ts";
import { type Answer, failure, type RequestOptions, request } from "../http.ts";

export const HOST = "api.vultr.com";
export const ENDPOINT = `https://${HOST}`;
export const PAGE_SIZE = 500;
/** Whole readings of a list that does not agree with itself, before giving up. */
const READINGS = 4;

/**
 * Two figures are documented, and the stricter one counts unless an account's `budgets` says otherwise.
 * @see https://docs.vultr.com/support/platform/api/what-rate-limits-apply-to-the-vultr-api
 */
export const LIMITS = {
  second: { limit: 30, windowMs: 1_000, description: "All requests of a second, by source address", per: "address" },
  hour: { limit: 1_000, windowMs: 3_600_000, description: "All requests of an hour" },
} satisfies Record<string, RateLimit>;

export function scopesOf(): string[] {
  return ["second", "hour"];
}

export function authorization(account: Account): Record<string, string> {
  return { authorization: `Bearer ${account.credentials.apiKey ?? ""}` };
}

type VultrRequest = Pick<RequestOptions, "method" | "path" | "query" | "json" | "ok" | "idempotent" | "answer">;

/** One request, with Vultr's errors as codes of ours. */
export function vultr<T = unknown>(call: Call, options: VultrRequest): Promise<Answer<T>> {
  return request<T>(call, {
    ...options,
    cloud: "vultr",
    headers: authorization(call.account),
    scopes: scopesOf(),
    errorOf: (_status, body) => reasonOf(body),
  });
}

interface CursorPage {
  meta?: { total?: unknown; links?: { next?: unknown } };
}

/**
 * A whole list, from cursor to cursor. A list that changes while it is read, or a faulty answer, shifts items or leaves some out: so all pages must
 * promise the same total, and that many different items must come, or it is read again. A short list is never taken for the truth.
 *
 * @throws {FleetError} CLOUD_ANSWER_INVALID
 */
export async function vultrList<T extends { id: number | string }>(
  call: Call,
  path: string,
  field: string,
  isItem: (item: unknown) => item is T,
): Promise<T[]> {
  let reason = "";
  for (let reading = 1; reading <= READINGS; reading++) {
    const { items, totals } = await readOnce(call, path, field, isItem);
    const total = totals[0];
    if (totals.every((each) => each === total) && items.size === total) return [...items.values()];
    reason = totals.every((each) => each === total)
      ? `it promised ${total} items and held ${items.size}`
      : "it changed while it was read";
  }
  throw invalidAnswer(call, "GET", path, `the list cannot be trusted: ${reason}, ${READINGS} times`);
}

async function readOnce<T extends { id: number | string }>(
  call: Call,
  path: string,
  field: string,
  isItem: (item: unknown) => item is T,
): Promise<{ items: Map<string, T>; totals: number[] }> {
  const items = new Map<string, T>();
  const totals: number[] = [];
  const seen = new Set<string>();
  let cursor = "";
  do {
    const query = { per_page: PAGE_SIZE, ...(cursor ? { cursor } : {}) };
    const { body } = await vultr<(CursorPage & Record<string, unknown>) | null>(call, { method: "GET", path, query });
    const page = body?.[field];
    const total = body?.meta?.total;
    const next = body?.meta?.links?.next;
    if (!Array.isArray(page) || !Number.isInteger(total) || typeof next !== "string" || !page.every(isItem))
      throw invalidAnswer(call, "GET", path, "it is no page of this list");
    if (seen.has(next)) throw invalidAnswer(call, "GET", path, "its pages go in a circle");
    for (const item of page) items.set(String(item.id), item);
    totals.push(total as number);
    seen.add(next);
    cursor = next;
  } while (cursor !== "");
  return { items, totals };
}

/** One object out of its envelope; undefined only when Vultr itself says, in its own words (`gone`), that there is none. */
export async function vultrObject<T extends { id: number | string }>(
  call: Call,
  path: string,
  field: string,
  isItem: (item: unknown) => item is T,
  gone: RegExp,
): Promise<T | undefined> {
  const { status, body } = await vultr<Record<string, unknown> | null>(call, { method: "GET", path, ok: [404] });
  if (status === 404) {
    if (body?.status === 404 && gone.test(reasonOf(body) ?? "")) return undefined;
    throw invalidAnswer(call, "GET", path, "it is a 404 that is not Vultr's word for a thing that is gone");
  }
  const item = body?.[field];
  if (!isItem(item) || !path.endsWith(`/${item.id}`))
    throw invalidAnswer(call, "GET", path, "it is not the object asked for");
  return item;
}

export function invalidAnswer(call: Call, method: RequestOptions["method"], path: string, reason: string): FleetError {
  const message = `answered ${method} ${path} wrongly: ${reason}`;
  return failure(call, { cloud: "vultr", method, path }, "CLOUD_ANSWER_INVALID", message);
}

/** `{"error": "Invalid API token.", "status": 401}` as its text. */
function reasonOf(body: unknown): string | undefined {
  const error = (body as { error?: unknown } | null | undefined)?.error;
  return typeof error === "string" ? error : undefined;
}
