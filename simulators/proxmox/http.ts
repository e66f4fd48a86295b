import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { PveError } from "./errors.ts";
import { type Fields, type Parameters, verify } from "./parameters.ts";

export type PveContext = Context<{ Bindings: HttpBindings; Variables: { user: string } }>;

/** Query and body of a request as one set of texts, checked against the call's fields. @throws {PveError} 400 */
export async function parametersOf(c: PveContext, fields: Fields): Promise<Parameters> {
  const given: Record<string, string> = { ...c.req.query() };
  const type = c.req.header("content-type") ?? "";
  const text = c.req.method === "GET" || c.req.method === "DELETE" ? "" : await c.req.text();
  if (text !== "" && type.startsWith("application/json")) Object.assign(given, fromJson(text));
  else if (text !== "" && (type === "" || type.startsWith("application/x-www-form-urlencoded"))) {
    Object.assign(given, Object.fromEntries(new URLSearchParams(text)));
  } else if (text !== "") throw new PveError(501, `upload '${type}' not implemented`);
  return verify(fields, given);
}

export function answer(c: PveContext, data: unknown, more: Readonly<Record<string, unknown>> = {}): Response {
  return c.json({ data: data ?? null, ...more });
}

export function errorBody(message: string, errors?: Readonly<Record<string, string>>): Record<string, unknown> {
  return { data: null, message: `${message}\n`, ...(errors ? { errors } : {}) };
}

/** The error's text goes into the status line, where the real server has it; its first line, as that is all a status line holds. */
export function errorAnswer(c: PveContext, error: PveError): Response {
  if (c.env?.outgoing) c.env.outgoing.statusMessage = statusText(error.message);
  return c.newResponse(JSON.stringify(errorBody(error.message, error.errors)), error.status as 500, {
    "content-type": "application/json;charset=UTF-8",
  });
}

function statusText(message: string): string {
  return (message.split("\n")[0] ?? "").replace(/[^\x20-\x7e]/g, "?");
}

function fromJson(text: string): Record<string, string> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new PveError(400, "malformed JSON string");
  }
  if (typeof body !== "object" || body === null) throw new PveError(400, "malformed JSON string");
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(body)) {
    if (value === null) continue;
    texts[name] = value === true ? "1" : value === false ? "0" : String(value);
  }
  return texts;
}
