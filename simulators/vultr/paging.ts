import type { Context } from "hono";
import { invalid } from "./errors.ts";

const DEFAULT_PER_PAGE = 100;
const MAX_PER_PAGE = 500;

/** Answers a page of a list under `name`, with the total and opaque cursors, empty at the ends. */
export function answerList<T>(c: Context, name: string, items: readonly T[], view: (item: T) => unknown): Response {
  const perPage = perPageOf(c.req.query("per_page"));
  const start = startOf(c.req.query("cursor"));
  const end = start + perPage;
  return c.json({
    [name]: items.slice(start, end).map(view),
    meta: {
      total: items.length,
      links: {
        next: end < items.length ? cursorOf("next", end) : "",
        prev: start > 0 ? cursorOf("prev", Math.max(0, start - perPage)) : "",
      },
    },
  });
}

function perPageOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PER_PAGE;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > MAX_PER_PAGE)
    throw invalid(`Invalid per_page: 1 to ${MAX_PER_PAGE}.`);
  return value;
}

function cursorOf(side: "next" | "prev", start: number): string {
  return Buffer.from(`${side}__${start}`).toString("base64");
}

function startOf(cursor: string | undefined): number {
  if (cursor === undefined || cursor === "") return 0;
  const [, start] = /^(?:next|prev)__(\d+)$/.exec(Buffer.from(cursor, "base64").toString("utf8")) ?? [];
  if (start === undefined) throw invalid("Invalid cursor.");
  return Number(start);
}
