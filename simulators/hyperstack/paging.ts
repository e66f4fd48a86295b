import type { Context } from "hono";
import { refuse } from "./errors.ts";

const DEFAULT_PAGE_SIZE = 10;
const MAX_PAGE_SIZE = 100;

/** A page of a list under `name`; more than it gives on a page is asked for in vain. */
export function answerList<T>(c: Context, name: string, items: readonly T[], view: (item: T) => object): Response {
  const page = numberOf(c, "page", 1);
  const pageSize = Math.min(MAX_PAGE_SIZE, numberOf(c, "pageSize", DEFAULT_PAGE_SIZE));
  const start = (page - 1) * pageSize;
  return c.json({
    status: true,
    message: `Getting ${name} was successful`,
    [name]: items.slice(start, start + pageSize).map(view),
    count: items.length,
    page,
    page_size: pageSize,
  });
}

function numberOf(c: Context, name: string, fallback: number): number {
  const text = c.req.query(name);
  if (text === undefined) return fallback;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw refuse(`${name}: Not a valid integer.`);
  return Number(text);
}
