import type { Context } from "hono";
import { unprocessable } from "./errors.ts";

const DEFAULT_PER_PAGE = 10;
const MAX_PER_PAGE = 1_000;
const MAX_PAGE = 100_000;

/** Answers a page of a list under `name`, with `meta` about the whole. */
export function answerList<T>(c: Context, name: string, items: readonly T[], view: (item: T) => object): Response {
  const page = numberOf(c, "page", 1, MAX_PAGE);
  const perPage = numberOf(c, "per_page", DEFAULT_PER_PAGE, MAX_PER_PAGE);
  const last = Math.max(1, Math.ceil(items.length / perPage));
  const start = (page - 1) * perPage;
  const link = (target: number) => {
    const { pathname, searchParams } = new URL(c.req.url);
    searchParams.set("page", String(target));
    return { href: `${pathname}?${searchParams}` };
  };
  return c.json({
    [name]: items.slice(start, start + perPage).map(view),
    meta: {
      first: link(1),
      last: link(last),
      self: link(page),
      ...(page < last ? { next: link(page + 1) } : {}),
      ...(page > 1 ? { previous: link(page - 1) } : {}),
      total: items.length,
      current_page: page,
      last_page: last,
    },
  });
}

function numberOf(c: Context, name: string, fallback: number, max: number): number {
  const text = c.req.query(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max) throw unprocessable(`${name} must be from 1 to ${max}`);
  return value;
}
