import type { Context } from "hono";
import { unprocessable } from "./errors.ts";

const DEFAULT_PER_PAGE = 20;
const MAX_PER_PAGE = 200;

/** Answers a page of a list under `name`, with whole URLs to the other pages and the total. */
export function answerList<T>(c: Context, name: string, items: readonly T[], view: (item: T) => object): Response {
  const page = numberOf(c, "page", 1, Number.MAX_SAFE_INTEGER);
  const perPage = numberOf(c, "per_page", DEFAULT_PER_PAGE, MAX_PER_PAGE);
  const last = Math.max(1, Math.ceil(items.length / perPage));
  const start = (page - 1) * perPage;

  const link = (target: number): string => {
    const url = new URL(c.req.url);
    url.searchParams.set("page", String(target));
    return url.href;
  };
  const pages = {
    ...(page > 1 ? { first: link(1), prev: link(page - 1) } : {}),
    ...(page < last ? { next: link(page + 1), last: link(last) } : {}),
  };
  return c.json({
    [name]: items.slice(start, start + perPage).map(view),
    links: Object.keys(pages).length > 0 ? { pages } : {},
    meta: { total: items.length },
  });
}

function numberOf(c: Context, name: string, fallback: number, max: number): number {
  const text = c.req.query(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max) {
    throw unprocessable(`${name} must be an integer from 1${max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : ""}`);
  }
  return value;
}
