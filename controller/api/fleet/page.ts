import { ApiError } from "./problems.ts";
import type { Parameter, Schema } from "./route.ts";

/** Where a page has ended: the order it is of, and the key of its last item in that order. */
type Mark = readonly [order: string, ...key: (string | number)[]];

export interface PageQuery {
  limit: number;
  cursor?: string;
}

export const PAGE_PARAMETERS: readonly Parameter[] = [
  {
    name: "limit",
    in: "query",
    description: "Items on a page.",
    schema: { type: "integer", minimum: 1, maximum: 500, default: 50 },
  },
  {
    name: "cursor",
    in: "query",
    description: "`next` of the page before. What is added or removed meanwhile moves no other item.",
    schema: { type: "string", minLength: 1, maxLength: 1000 },
  },
];

/** Of a list: `next` is absent on its last page. */
export const pageOf = (items: Schema, more: Readonly<Record<string, Schema>> = {}): Schema => ({
  type: "object",
  required: ["items", ...Object.keys(more)],
  additionalProperties: false,
  properties: {
    items: { type: "array", items },
    next: { type: "string", description: "Cursor of the page behind this one." },
    ...more,
  },
});

export const writeCursor = (mark: Mark): string => Buffer.from(JSON.stringify(mark)).toString("base64url");

/** The key in a cursor; undefined for the first page. @throws {ApiError} USAGE for one that is of no list, or of another order. */
export function readCursor(text: string | undefined, order: string, kinds: readonly ("string" | "number" | "any")[]) {
  if (text === undefined) return undefined;
  try {
    const mark = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as unknown;
    if (Array.isArray(mark) && mark.length === kinds.length + 1 && mark[0] === order) {
      const key = mark.slice(1) as (string | number)[];
      const fits = (value: unknown, index: number) =>
        kinds[index] === "any" ? ["string", "number"].includes(typeof value) : typeof value === kinds[index];
      if (key.every(fits)) return key;
    }
  } catch {
    // Told below.
  }
  throw new ApiError("USAGE", "cursor: is not one of this list in this order", {
    errors: [{ parameter: "cursor", detail: "is not one of this list in this order" }],
  });
}

/**
 * The items behind the cursor of a list whose order is that of its keys. An item that is added or removed between two pages moves no other one over a page's
 * end. Pure.
 */
export function pageFrom<Item>(
  sorted: Iterable<Item>,
  query: PageQuery,
  order: string,
  keyOf: (item: Item) => readonly [string | number, string],
  compare: (a: readonly [string | number, string], b: readonly [string | number, string]) => number,
): { items: Item[]; next?: string } {
  const after = readCursor(query.cursor, order, ["any", "string"]) as [string | number, string] | undefined;
  const items: Item[] = [];
  for (const item of sorted) {
    if (after !== undefined && compare(keyOf(item), after) <= 0) continue;
    if (items.length === query.limit) return { items, next: writeCursor([order, ...keyOf(items.at(-1)!)]) };
    items.push(item);
  }
  return { items };
}

/** Rows that are read for one page, most of which may be of others. */
const MOST_READ = 2_000;

/** Where a list by time goes on: behind the row with this instant and id. */
export interface Place {
  /** ISO instant. */
  at: string;
  id: string;
}

/**
 * A page of a list, the newest first, of which somebody may see a part: `show` answers nothing for a row that is not theirs. It may have fewer items than
 * `limit` and a `next`.
 */
export async function visiblePage<Row extends { id: string }>(
  { limit, cursor }: PageQuery,
  order: string,
  read: (limit: number, before: Place | undefined) => Promise<Row[]>,
  atOf: (row: Row) => string,
  show: (row: Row) => object | undefined | Promise<object | undefined>,
): Promise<{ items: object[]; next?: string }> {
  const after = readCursor(cursor, order, ["string", "string"]) as [string, string] | undefined;
  let before: Place | undefined = after && { at: instantOf(after[0]), id: after[1] };
  const items: object[] = [];
  const next = () => writeCursor([order, before!.at, before!.id]);
  for (let count = 0; count < MOST_READ; count += limit + 1) {
    const rows = await read(limit + 1, before);
    for (const row of rows) {
      if (items.length === limit) return { items, next: next() };
      const shown = await show(row);
      if (shown !== undefined) items.push(shown);
      before = { at: atOf(row), id: row.id };
    }
    if (rows.length <= limit) return { items };
  }
  return { items, next: next() };
}

/** What is in a cursor goes into a statement as an instant. */
function instantOf(text: string): string {
  const ms = Date.parse(text);
  return new Date(Number.isNaN(ms) ? 0 : ms).toISOString();
}
