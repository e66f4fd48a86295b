import type { Account } from "../cloud.ts";
import type { RequestOptions } from "../http.ts";
import { insecureFetch } from "./insecure.ts";

/** The path under the account's endpoint, which may already end in the API's own path. */
export function apiPath(account: Account, path: string): string {
  return /\/api2\/json\/*$/.test(account.endpoint) ? path : `/api2/json${path}`;
}

export function transport(account: Account): Pick<RequestOptions, "fetch"> {
  const insecure = account.spec.options.insecureTls === true && account.endpoint.startsWith("https:");
  return insecure ? { fetch: insecureFetch(account) } : {};
}

/** The API's own words in an error: its message, and the text of each field it did not like. */
export function wordsOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { message, errors } = body as { message?: unknown; errors?: unknown };
  const fields = typeof errors === "object" && errors !== null ? Object.entries(errors) : [];
  const texts = fields.map(([field, text]) => `${field}: ${String(text).trim()}`);
  const words = [typeof message === "string" ? message.trim() : "", ...texts].filter((text) => text !== "");
  return words.length > 0 ? words.join("; ") : undefined;
}
