import type { Agent } from "node:https";
import { status } from "@grpc/grpc-js";
import { StatusError } from "../../../resources/plugin/status.ts";
import { fixedAddressAgent } from "../fixed-address.ts";
import { type Waits, waitsOf } from "../waits.ts";
import { ConnectionLost, exchange, parseBody, pluginError, type WireAnswer } from "../wire.ts";

/** Built into the plugin. */
const ADDRESS = "https://api.equinix.com/metal/v1/";
const FIRST_RETRY_MS = 1_000;

/** The cloud answered with an error status; the text is what the plugin shows. */
export class EquinixError extends StatusError {
  /** A 404 that the plugin takes for "gone": in JSON, with reasons, and with the id of the request. */
  readonly isGone: boolean;

  constructor(text: string, isGone: boolean) {
    super(status.UNKNOWN, text);
    this.isGone = isGone;
  }
}

export interface EquinixSettings {
  token: string;
  /** Repeats after the first attempt, of a request whose connection was cut. */
  retries: number;
  longestRetrySeconds: number;
  env: Readonly<Record<string, string | undefined>>;
}

/** Requests as the official plugin sends them: a lost answer is followed by the same request again, also when it creates; no status is. */
export class EquinixClient {
  readonly waits: Waits;
  readonly #settings: EquinixSettings;
  readonly #agent: Agent;

  constructor(settings: EquinixSettings) {
    this.#settings = settings;
    this.waits = waitsOf(settings.env);
    this.#agent = fixedAddressAgent(settings.env);
  }

  /** `path` without `/metal/v1/`; the answer is undefined where it has no body. @throws {EquinixError} */
  async call<T>(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<T> {
    const { token, retries, longestRetrySeconds } = this.#settings;
    const url = ADDRESS + path;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = { "x-auth-token": token, "x-consumer-token": "stand-in", connection: "close" };
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await exchange(method, url, headers, text, signal, this.#agent);
        if (answer.status >= 400) throw errorOf(method, url, answer);
        return (answer.text === "" ? undefined : parseBody(answer)) as T;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        if (attempt >= retries)
          throw pluginError(`${method} ${url} giving up after ${attempt + 1} attempt(s): ${error.message}`);
        await this.waits.wait(Math.min(FIRST_RETRY_MS * 2 ** attempt, longestRetrySeconds * 1000), signal);
      }
    }
  }
}

function errorOf(method: string, url: string, answer: WireAnswer): EquinixError {
  const isJson = String(answer.headers["content-type"] ?? "").startsWith("application/json");
  let reasons: string[] = [];
  try {
    const { errors, error } = JSON.parse(answer.text) as { errors?: string[]; error?: string };
    reasons = Array.isArray(errors) ? errors : error ? [error] : [];
  } catch {
    // shown by its status alone
  }
  const isGone = answer.status === 404 && isJson && reasons.length > 0 && answer.headers["x-request-id"] !== undefined;
  return new EquinixError(`${method} ${url}: ${answer.status} ${reasons.join(", ")} `.trimEnd(), isGone);
}

/** The thing a GET names, or undefined where the plugin takes it for gone. */
export async function getOrGone<T>(client: EquinixClient, path: string, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await client.call<T>("GET", path, signal);
  } catch (error) {
    if (error instanceof EquinixError && error.isGone) return undefined;
    throw error;
  }
}

/** The plugin crashes on an answer without one of these. */
export function needed<T extends object>(answer: T | undefined, fields: readonly (keyof T & string)[]): T {
  for (const field of fields) {
    const value = answer?.[field];
    if (typeof value !== "object" || value === null)
      throw pluginError(`the official equinix-metal plugin crashes on an answer without "${field}"`);
  }
  return answer as T;
}
