import { hash } from "node:crypto";

/** JSON with sorted keys and without blanks, so that equal values have equal texts. Fields that are `undefined` are left out. */
export function canonicalJson(value: unknown): string {
  // Nearly all values are sorted already: to look first takes a fraction of what a copy does, and there are tens of thousands.
  return JSON.stringify(isSorted(value) ? value : sorted(value)) ?? "null";
}

function isSorted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isSorted);
  let last = "";
  for (const key in value) {
    if (key < last || !isSorted((value as Record<string, unknown>)[key])) return false;
    last = key;
  }
  return true;
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  // Not by assignment: a key `__proto__` is a key like any other.
  return Object.fromEntries(entries.map(([key, field]) => [key, sorted(field)]));
}

/** SHA-256 in hexadecimal. */
export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}
