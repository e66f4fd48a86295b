import type { Context } from "hono";
import { type Body, jsonBody } from "../body.ts";
import { EquinixError, unprocessable } from "./errors.ts";

export type { Body };

/** The JSON object of a request; `{}` when there is no body. */
export const readBody = (c: Context): Promise<Body> => jsonBody(c, (fault) => new EquinixError(400, fault));

/** Readers of one field each; null counts as absent. All throw 422 with the field's name. */
export function readString(
  body: Body,
  field: string,
  rule: { pattern?: RegExp; max?: number } = {},
): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw unprocessable(`${field} must be a string`);
  if (value.length > (rule.max ?? 65_535)) throw unprocessable(`${field} is too long`);
  if (rule.pattern && value !== "" && !rule.pattern.test(value)) throw unprocessable(`${field} is invalid`);
  return value;
}

export function requireString(body: Body, field: string, rule: { pattern?: RegExp; max?: number } = {}): string {
  const value = readString(body, field, rule);
  if (value === undefined || value === "") throw unprocessable(`${field} can't be blank`);
  return value;
}

export function readBoolean(body: Body, field: string): boolean | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean") throw unprocessable(`${field} must be a boolean`);
  return value;
}

export function readStrings(body: Body, field: string): string[] | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
    throw unprocessable(`${field} must be a list of strings`);
  return value as string[];
}

/** Letters, digits, hyphens and dots; no underscores. */
export const HOSTNAME = /^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/;
