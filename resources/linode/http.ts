import type { LearnedLimit } from "../budget.ts";
import type { Account, Call, RateLimit } from "../cloud.ts";
import type { FleetError } from "../errors.ts";
import { type Answer, failure, type RequestOptions, request } from "../http.ts";
import { readPages } from "../pages.ts";

export const ENDPOINT = "https://api.linode.com";
export const PAGE_SIZE = 500;

/** @see https://techdocs.akamai.com/linode-api/reference/rate-limits */
export const LIMITS = {
  list: { limit: 200, windowMs: 60_000, description: "Reading lists" },
  create: { limit: 20, windowMs: 15_000, description: "Creating Linodes" },
  images: { limit: 20, windowMs: 60_000, description: "Listing images" },
  other: { limit: 1_600, windowMs: 60_000, description: "Everything else" },
} satisfies Record<string, RateLimit>;

/** Lists are those whose path ends in a word, but for a few words that name one thing. */
const SINGLE = /\/(ips|rules|profile|account|transfer|stats|settings|template)$/;
const IDENTIFIED = /\/(\d+|types\/[^/]+|regions\/[^/]+|images\/[^/]+\/[^/]+)$/;

/** What all requests of an account count by, where its file has a budget of this name: Linode itself has no such limit. */
const ACCOUNT = "account";

/** The scopes of `LIMITS` for a request, and the account's own; `path` with version, without query. */
export const scopesOf = (method: string, path: string): string[] => [...published(method, path), ACCOUNT];

function published(method: string, path: string): string[] {
  if (method === "POST" && /^\/v4[a-z]*\/linode\/instances\/?$/.test(path)) return ["create", "other"];
  if (method !== "GET" || SINGLE.test(path) || IDENTIFIED.test(path)) return ["other"];
  return /\/images$/.test(path) ? ["images", "list"] : ["list"];
}

export function authorization(account: Account): Record<string, string> {
  return { authorization: `Bearer ${account.credentials.token ?? ""}` };
}

type LinodeRequest = Pick<RequestOptions, "method" | "path" | "query" | "json" | "ok" | "idempotent" | "answer"> & {
  filter?: object;
};

/** One request, with Linode's errors as codes of ours. */
export function linode<T = unknown>(call: Call, options: LinodeRequest): Promise<Answer<T>> {
  const { filter, ...rest } = options;
  return request<T>(call, {
    ...rest,
    cloud: "linode",
    headers: { ...authorization(call.account), ...(filter ? { "x-filter": JSON.stringify(filter) } : {}) },
    scopes: scopesOf(options.method, options.path),
    errorOf: (_status, body) => reasonsOf(body),
    // The one 400 that says "not now" rather than "not so".
    busy: (status, body) => status === 400 && reasonsOf(body) === "Linode busy.",
    learn,
  });
}

/** A whole list, at 500 items a page, never silently short. @throws {FleetError} CLOUD_ANSWER_INVALID */
export function linodeList<T extends { id: number | string }>(
  call: Call,
  path: string,
  isItem: (item: unknown) => item is T,
  filter?: object,
): Promise<T[]> {
  return linodeListBy(call, path, isItem, (item) => String(item.id), filter);
}

/** The same for items that are told apart by something else than an id. */
export function linodeListBy<T>(
  call: Call,
  path: string,
  isItem: (item: unknown) => item is T,
  idOf: (item: T) => string,
  filter?: object,
): Promise<T[]> {
  return readPages<T>({
    pageSize: PAGE_SIZE,
    idOf,
    invalid: (reason) => invalidAnswer(call, "GET", path, reason),
    read: async (page) => {
      const { body } = await linode<Partial<{ data: unknown[]; page: number; results: number }> | null>(call, {
        method: "GET",
        path,
        query: { page, page_size: PAGE_SIZE },
        ...(filter ? { filter } : {}),
      });
      const valid = Array.isArray(body?.data) && body.page === page && Number.isInteger(body.results);
      if (!valid || !body.data!.every(isItem)) throw invalidAnswer(call, "GET", path, "it is no page of this list");
      return { items: body.data as T[], total: body.results! };
    },
  });
}

/** One object; undefined only when Linode itself says, in its own words, that it is gone. */
export async function linodeObject<T extends { id: number | string }>(
  call: Call,
  path: string,
  isItem: (item: unknown) => item is T,
): Promise<T | undefined> {
  const { status, body } = await linode(call, { method: "GET", path, ok: [404] });
  if (status === 404) {
    if (reasonsOf(body) !== undefined) return undefined;
    throw invalidAnswer(call, "GET", path, "it is a 404 that is not Linode's");
  }
  if (!isItem(body) || !path.endsWith(`/${body.id}`))
    throw invalidAnswer(call, "GET", path, "it is not the object asked for");
  return body;
}

export function invalidAnswer(call: Call, method: RequestOptions["method"], path: string, reason: string): FleetError {
  return failure(
    call,
    { cloud: "linode", method, path },
    "CLOUD_ANSWER_INVALID",
    `answered ${method} ${path} wrongly: ${reason}`,
  );
}

/** `{"errors": [{"reason", "field"}]}` as one line. */
export function reasonsOf(body: unknown): string | undefined {
  const errors = (body as { errors?: unknown } | null | undefined)?.errors;
  if (!Array.isArray(errors) || errors.length === 0) return undefined;
  return errors
    .map((error: { reason?: unknown; field?: unknown }) =>
      error.field ? `${error.field}: ${error.reason}` : String(error.reason),
    )
    .join("; ");
}

function learn(headers: Headers): LearnedLimit {
  const number = (name: string) => {
    const value = headers.get(name);
    return value !== null && Number.isFinite(Number(value)) ? Number(value) : undefined;
  };
  const [limit, remaining, reset] = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map(number);
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(reset === undefined ? {} : { resetAt: reset * 1000 }),
  };
}
