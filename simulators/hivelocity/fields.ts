import type { Context } from "hono";
import { type Body, jsonObject } from "../body.ts";
import { invalid } from "./errors.ts";

export type { Body };

/** The JSON object of a request, which must have one. */
export const readBody = async (c: Context): Promise<Body> =>
  jsonObject(await c.req.text(), "The request body", (fault) => invalid(`${fault}.`));

/** Readers of one field each; null counts as absent. All throw 400 with the field's name. */
export function readString(body: Body, field: string): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw invalid(`${field} must be a string.`);
  return value;
}

export function requireString(body: Body, field: string): string {
  const value = readString(body, field);
  if (!value) throw invalid(`${field} is required.`);
  return value;
}

export function readInteger(body: Body, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (!Number.isInteger(value)) throw invalid(`${field} must be an integer.`);
  return value as number;
}

export function readStrings(body: Body, field: string): string[] | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string"))
    throw invalid(`${field} must be a list of strings.`);
  return value as string[];
}

/** A full domain name: labels parted by points, the last one no number. */
export function requireFqdn(body: Body): string {
  const hostname = requireString(body, "hostname");
  const labels = hostname.split(".");
  const isLabel = (label: string) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label);
  if (labels.length < 2 || hostname.length > 253 || !labels.every(isLabel) || /^\d+$/.test(labels.at(-1) as string))
    throw invalid("hostname must be a fully qualified domain name.");
  return hostname;
}

export function idIn(c: Context, name: string): number {
  const text = c.req.param(name) ?? "";
  if (!/^\d{1,15}$/.test(text)) throw invalid(`${name} must be an integer.`);
  return Number(text);
}
