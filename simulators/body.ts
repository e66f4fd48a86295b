import type { Context } from "hono";

export type Body = Record<string, unknown>;

/** What is wrong, without a full stop, to an error in the cloud's own shape. */
type Refusal = (fault: string) => Error;

/** The JSON object of a request; `{}` when there is no body. Throws what `refusal` makes. */
export async function jsonBody(c: Context, refusal: Refusal): Promise<Body> {
  const text = await c.req.text();
  return text.trim() === "" ? {} : jsonObject(text, "The request body", refusal);
}

/** The JSON object of a text that a fault calls by `what`. Throws what `refusal` makes. */
export function jsonObject(text: string, what: string, refusal: Refusal): Body {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refusal(`${what} is not valid JSON`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refusal(`${what} must be a JSON object`);
  }
  return value as Body;
}
