import type { Context } from "hono";
import { badRequest } from "./errors.ts";
import { type Filter, parseFilter } from "./filter.ts";

const DEFAULT_PAGE_SIZE = 100;
const MIN_PAGE_SIZE = 25;
const MAX_PAGE_SIZE = 500;

interface ListOptions<T> {
  filterable?: readonly string[];
  view: (item: T) => object;
}

/**
 * Answers a page of a list. Only the items of the page are rendered unless a filter has to look at all of them.
 * A page past the end is empty: the official plugin asks for page 100 of the types to see whether its token works.
 */
export function answerList<T>(
  c: Context,
  items: readonly T[] | ((filter: Filter) => readonly T[]),
  { filterable = [], view }: ListOptions<T>,
): Response {
  const header = c.req.header("x-filter");
  const filter = parseFilter(header, new Set(filterable));
  const candidates = typeof items === "function" ? items(filter) : items;
  const page = numberOf(c, "page", 1);
  if (page < 1) throw badRequest("Must be 1 or more", "page");
  const size = numberOf(c, "page_size", DEFAULT_PAGE_SIZE);
  if (size < MIN_PAGE_SIZE || size > MAX_PAGE_SIZE) {
    throw badRequest(`Must be ${MIN_PAGE_SIZE}-${MAX_PAGE_SIZE}`, "page_size");
  }

  const start = (page - 1) * size;
  const cut = <V>(all: readonly V[]) => all.slice(start, start + size);
  let data: object[];
  let results: number;
  if (header === undefined || header.trim() === "") {
    results = candidates.length;
    data = cut(candidates).map(view);
  } else {
    const matching = filter.sort((candidates.map(view) as Record<string, unknown>[]).filter(filter.matches));
    results = matching.length;
    data = cut(matching);
  }
  return c.json({ data, page, pages: Math.max(1, Math.ceil(results / size)), results });
}

function numberOf(c: Context, name: string, fallback: number): number {
  const text = c.req.query(name);
  if (text === undefined) return fallback;
  if (!/^\d+$/.test(text)) throw badRequest("Must be an integer", name);
  return Number(text);
}
