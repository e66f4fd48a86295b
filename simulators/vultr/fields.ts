import type { Context } from "hono";
import { type Body, jsonBody } from "../body.ts";
import { invalid } from "./errors.ts";

export type { Body };

/** The JSON object of a request; `{}` when there is no body. */
export const readBody = (c: Context): Promise<Body> => jsonBody(c, (fault) => invalid(`${fault}.`));

/** Readers of one field each; null counts as absent: "leave it alone". All throw 400 with the field's name. */
export function readString(body: Body, field: string, pattern?: RegExp): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw invalid(`Invalid ${field}: it must be a string.`);
  if (value !== "" && pattern && !pattern.test(value)) throw invalid(`Invalid ${field}.`);
  return value;
}

export function requireString(body: Body, field: string, pattern?: RegExp): string {
  const value = readString(body, field, pattern);
  if (value === undefined || value === "") throw invalid(`${field} is required.`);
  return value;
}

export function readBoolean(body: Body, field: string): boolean | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean") throw invalid(`Invalid ${field}: it must be a boolean.`);
  return value;
}

export function readInteger(body: Body, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (!Number.isInteger(value)) throw invalid(`Invalid ${field}: it must be an integer.`);
  return value as number;
}

export function readStrings(body: Body, field: string, longest = 255): string[] | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw invalid(`Invalid ${field}: it must be an array.`);
  for (const item of value) {
    if (typeof item !== "string" || item === "" || item.length > longest) throw invalid(`Invalid ${field}.`);
  }
  return value as string[];
}

/** One of the two words that switch something. */
export function readSwitch(body: Body, field: string): boolean | undefined {
  const value = readString(body, field);
  if (value === undefined) return undefined;
  if (value !== "enabled" && value !== "disabled") throw invalid(`Invalid ${field}: enabled or disabled.`);
  return value === "enabled";
}

export function readUserData(body: Body): string | undefined {
  const value = readString(body, "user_data");
  if (value === undefined) return undefined;
  if (Buffer.from(value, "base64").toString("base64").replace(/=+$/, "") !== value.replace(/=+$/, ""))
    throw invalid("Invalid user_data: it must be base64.");
  return value;
}
