import type { Context } from "hono";
import type { ApiError } from "./errors.ts";

export const originOf = (request: Request): string => new URL(request.url).origin;

export function answerError(c: Context, error: ApiError, keystone?: string): Response {
  if (error.status === 401)
    c.header("www-authenticate", `Keystone uri="${keystone ?? `${originOf(c.req.raw)}/identity`}"`);
  return c.json(error.body as object, error.status as 400);
}

/** `2026-01-01T12:00:00.000000Z`, as Keystone and Neutron write instants. */
export const isoMicros = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");

/** `2026-01-01T12:00:00Z`, as nova and Glance write them. */
export const isoSeconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

export interface PageQuery {
  limit?: string | undefined;
  marker?: string | undefined;
}

/**
 * One page of items that are in the list's order. Nova and Neutron promise a next page whenever this one is full, even if nothing comes after it.
 * @throws what `missing` makes of a marker that is not in the list, and `invalid` of a limit that is none
 */
export function pageOf<T>(
  items: readonly T[],
  query: PageQuery,
  options: {
    maxLimit: number;
    idOf(item: T): string;
    missing(marker: string): Error;
    invalid(limit: string): Error;
    /** Without a `limit` in the query. */
    defaultLimit?: number;
  },
): { page: T[]; nextMarker?: string; limit: number } {
  const { limit: asked, marker } = query;
  if (asked !== undefined && !/^\d+$/.test(asked)) throw options.invalid(asked);
  const wanted = asked === undefined || asked === "0" ? (options.defaultLimit ?? options.maxLimit) : Number(asked);
  const limit = Math.min(wanted, options.maxLimit);
  let start = 0;
  if (marker !== undefined) {
    start = items.findIndex((item) => options.idOf(item) === marker) + 1;
    if (start === 0) throw options.missing(marker);
  }
  const page = items.slice(start, start + limit);
  const last = page.at(-1);
  return { page, limit, ...(page.length === limit && last !== undefined ? { nextMarker: options.idOf(last) } : {}) };
}

/** The address of the next page: this request's, with another marker. */
export function nextHref(request: Request, limit: number, marker: string): string {
  const url = new URL(request.url);
  url.searchParams.set("limit", String(limit));
  url.searchParams.set("marker", marker);
  return url.toString();
}
