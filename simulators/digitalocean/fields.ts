import type { Context } from "hono";
import { type Body, jsonBody } from "../body.ts";
import { DigitalOceanError, unprocessable } from "./errors.ts";

export type { Body };

/** The JSON object of a request; `{}` when there is no body. */
export const readBody = (c: Context): Promise<Body> =>
  jsonBody(c, (fault) => new DigitalOceanError("bad_request", `${fault}.`));

/** Readers of one field each; null counts as absent. All throw 422 with the field's name. */
export function readString(
  body: Body,
  field: string,
  rule: { pattern?: RegExp; max?: number } = {},
): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw unprocessable(`${field} must be a string`);
  if (value.length > (rule.max ?? 65_536)) throw unprocessable(`${field} is too long`);
  if (rule.pattern && !rule.pattern.test(value)) throw unprocessable(`${field} has characters that are not allowed`);
  return value;
}

export function requireString(body: Body, field: string, rule: { pattern?: RegExp; max?: number } = {}): string {
  const value = readString(body, field, rule);
  if (value === undefined || value === "") throw unprocessable(`${field} is required`);
  return value;
}

export function readBoolean(body: Body, field: string, fallback: boolean): boolean {
  const value = body[field];
  if (value === undefined || value === null) return fallback;
  if (typeof value !== "boolean") throw unprocessable(`${field} must be a boolean`);
  return value;
}

export function readList(body: Body, field: string): unknown[] {
  const value = body[field];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw unprocessable(`${field} must be a list`);
  return value;
}

export function readStrings(body: Body, field: string, pattern?: RegExp): string[] {
  return readList(body, field).map((value) => {
    if (typeof value !== "string" || (pattern && !pattern.test(value))) {
      throw unprocessable(`${field}: ${JSON.stringify(value)} is not valid`);
    }
    return value;
  });
}

export function readIntegers(body: Body, field: string): number[] {
  return readList(body, field).map((value) => {
    if (!Number.isInteger(value)) throw unprocessable(`${field}: ${JSON.stringify(value)} is not an integer`);
    return value as number;
  });
}

export const HOST_NAME = /^[a-zA-Z0-9]?[a-z0-9A-Z.-]*[a-z0-9A-Z]$/;
export const TAG = /^[a-zA-Z0-9_\-:]{1,255}$/;
