import type { Context } from "hono";
import { type Body, jsonBody } from "../body.ts";
import { refuse } from "./errors.ts";

export type { Body };

/** The JSON object of a request; `{}` when there is no body. */
export const readBody = (c: Context): Promise<Body> => jsonBody(c, (fault) => refuse(`${fault}.`));

/** Readers of one field each; null counts as absent. All throw 400 with the field's name. */
export function readString(body: Body, field: string, max = 65_536): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw refuse(`${field}: Not a valid string.`);
  if (value.length > max) throw refuse(`${field}: Longer than maximum length ${max}.`);
  return value;
}

export function requireString(body: Body, field: string, max?: number): string {
  const value = readString(body, field, max);
  if (value === undefined || value === "") throw refuse(`${field}: Missing data for required field.`);
  return value;
}

export function readBoolean(body: Body, field: string, fallback: boolean): boolean {
  const value = body[field];
  if (value === undefined || value === null) return fallback;
  if (typeof value !== "boolean") throw refuse(`${field}: Not a valid boolean.`);
  return value;
}

export function readInteger(body: Body, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (!Number.isInteger(value)) throw refuse(`${field}: Not a valid integer.`);
  return value as number;
}

export function requireInteger(body: Body, field: string): number {
  const value = readInteger(body, field);
  if (value === undefined) throw refuse(`${field}: Missing data for required field.`);
  return value;
}

export function readList(body: Body, field: string): unknown[] {
  const value = body[field];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw refuse(`${field}: Not a valid list.`);
  return value;
}

/** Blanks part labels, so none has one. */
export function readLabels(body: Body): string[] {
  const labels = readList(body, "labels").map((label) => {
    if (typeof label !== "string" || !/^\S{1,250}$/.test(label)) throw refuse("labels: Not a valid label.");
    return label;
  });
  return [...new Set(labels)];
}

/** The name of a machine, a key pair, a firewall, an environment or a volume. */
export const requireName = (body: Body): string => requireString(body, "name", 50);
