import { jsonObject } from "../body.ts";
import { badRequest } from "./errors.ts";

type Item = Record<string, unknown>;
type Test = (item: Item) => boolean;

export interface Filter {
  matches: Test;
  sort(items: Item[]): Item[];
  /** Value that a field must equal, when the filter says so at its top level. */
  equals(field: string): unknown;
}

const COMPARISONS: Record<string, (value: unknown, operand: unknown) => boolean> = {
  "+eq": (value, operand) => value === operand,
  "+neq": (value, operand) => value !== operand,
  "+gt": (value, operand) => compare(value, operand) > 0,
  "+gte": (value, operand) => compare(value, operand) >= 0,
  "+lt": (value, operand) => compare(value, operand) < 0,
  "+lte": (value, operand) => compare(value, operand) <= 0,
  "+contains": (value, operand) => String(value).toLowerCase().includes(String(operand).toLowerCase()),
};

/**
 * The `X-Filter` header: fields that equal a value, operators, `+and`, `+or`, `+order_by` with `+order`.
 * @throws {LinodeError} 400 when it is no JSON object, names a field that cannot be filtered on, or an unknown operator.
 */
export function parseFilter(header: string | undefined, filterable: ReadonlySet<string>): Filter {
  const filter = parseObject(header);
  const { "+order_by": orderBy, "+order": order = "asc" } = filter;
  if (orderBy !== undefined) checkField(String(orderBy), filterable);
  if (order !== "asc" && order !== "desc") throw badRequest("+order must be asc or desc", "+order");
  return {
    matches: testOf(filter, filterable),
    sort: (items) => {
      if (orderBy === undefined) return items;
      const direction = order === "desc" ? -1 : 1;
      // Times have whole seconds only: what is equal goes by id, so that the newest is first or last.
      const by = (item: Item, other: Item) =>
        compare(valueAt(item, String(orderBy)), valueAt(other, String(orderBy))) || compare(item.id, other.id);
      return [...items].sort((item, other) => direction * by(item, other));
    },
    equals: (field) => filter[field],
  };
}

function parseObject(header: string | undefined): Item {
  if (header === undefined || header.trim() === "") return {};
  return jsonObject(header, "X-Filter", (fault) => badRequest(`${fault}.`)) as Item;
}

function testOf(filter: Item, filterable: ReadonlySet<string>): Test {
  const tests = Object.entries(filter).map(([key, condition]): Test => {
    if (key === "+order_by" || key === "+order") return () => true;
    if (key === "+and" || key === "+or") {
      if (!Array.isArray(condition)) throw badRequest(`${key} takes a list of filters`, key);
      const parts = condition.map((part) => testOf(part as Item, filterable));
      return (item) => (key === "+and" ? parts.every((part) => part(item)) : parts.some((part) => part(item)));
    }
    checkField(key, filterable);
    return (item) => satisfies(valueAt(item, key), condition);
  });
  return (item) => tests.every((test) => test(item));
}

function checkField(field: string, filterable: ReadonlySet<string>): void {
  if (!filterable.has(field)) throw badRequest(`Cannot filter on ${field}`, field);
}

function satisfies(value: unknown, condition: unknown): boolean {
  // Tags and addresses: one element that fits is enough.
  if (Array.isArray(value)) return value.some((element) => satisfies(element, condition));
  if (typeof condition !== "object" || condition === null) return value === condition;
  return Object.entries(condition).every(([operator, operand]) => {
    const comparison = COMPARISONS[operator];
    if (!comparison) throw badRequest(`Unknown operator ${operator}`, operator);
    return comparison(value, operand);
  });
}

function valueAt(item: Item, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Item | null | undefined)?.[key], item);
}

function compare(value: unknown, other: unknown): number {
  if (typeof value === "number" && typeof other === "number") return value - other;
  return String(value) < String(other) ? -1 : String(value) > String(other) ? 1 : 0;
}
