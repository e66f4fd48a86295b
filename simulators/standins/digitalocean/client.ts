import { status } from "@grpc/grpc-js";
import { StatusError } from "../../../resources/plugin/status.ts";
import { type Waits, waitsOf } from "../waits.ts";
import { ConnectionLost, exchange, parseBody, pluginError, retryAfterMs, type WireAnswer } from "../wire.ts";

const RETRIES = 4;
const FIRST_RETRY_MS = 1_000;

/** The cloud answered with an error status; the text is what the plugin shows. */
export class DigitalOceanError extends StatusError {
  readonly http: number;

  constructor(http: number, text: string) {
    super(status.UNKNOWN, text);
    this.http = http;
  }
}

export interface DigitalOceanSettings {
  url: string;
  token: string;
  /** 0 switches all retries off, those of reads included. */
  retries?: number;
  env: Readonly<Record<string, string | undefined>>;
}

/** Requests as the official plugin sends them: a lost answer, 429 and 5xx are followed by the same request again, also when it creates. */
export class DigitalOceanClient {
  readonly waits: Waits;
  readonly #settings: DigitalOceanSettings;
  readonly #retries: number;

  constructor(settings: DigitalOceanSettings) {
    this.#settings = settings;
    this.#retries = settings.retries ?? RETRIES;
    this.waits = waitsOf(settings.env);
  }

  /** `path` without `/v2`; the answer is undefined where it has no body. @throws {DigitalOceanError} */
  async call<T>(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<T> {
    const url = `${this.#settings.url.replace(/\/+$/, "")}/v2/${path}`;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = { authorization: `Bearer ${this.#settings.token}` };
    for (let attempt = 0; ; attempt++) {
      const answer = await exchange(method, url, headers, text, signal).catch((error: unknown) => {
        if (error instanceof ConnectionLost) return error;
        throw error;
      });
      if (!(answer instanceof ConnectionLost) && !isRepeated(answer)) {
        if (answer.status >= 400) throw errorOf(method, url, answer);
        return (answer.status === 204 ? undefined : parseBody(answer)) as T;
      }
      if (attempt >= this.#retries) throw exhausted(method, url, answer, this.#retries);
      const askedMs = answer instanceof ConnectionLost ? undefined : retryAfterMs(answer);
      if (askedMs === undefined) await this.waits.wait(FIRST_RETRY_MS * 2 ** attempt, signal);
      else await this.waits.pause(askedMs, signal);
    }
  }
}

function isRepeated(answer: WireAnswer): boolean {
  return answer.status === 429 || (answer.status >= 500 && answer.status !== 501);
}

function errorOf(method: string, url: string, answer: WireAnswer): DigitalOceanError {
  let message = answer.text;
  try {
    message = (JSON.parse(answer.text) as { message?: string }).message ?? message;
  } catch {
    // shown as it came
  }
  return new DigitalOceanError(answer.status, `${method} ${url}: ${answer.status} ${message}`);
}

function exhausted(method: string, url: string, answer: WireAnswer | ConnectionLost, retries: number): StatusError {
  if (retries === 0)
    return answer instanceof ConnectionLost ? pluginError(answer.message) : errorOf(method, url, answer);
  const last = answer instanceof ConnectionLost ? `: ${answer.message}` : "";
  return pluginError(`${method} ${url} giving up after ${retries + 1} attempt(s)${last}`);
}

/** What an answer holds under `name`; the real plugin crashes without it. */
export function envelope<T>(answer: unknown, name: string): T {
  const value = (answer as Record<string, T | undefined> | undefined)?.[name];
  if (value === undefined || value === null)
    throw pluginError(`the official digitalocean plugin crashes on an answer without "${name}"`);
  return value;
}

/** The thing a GET names, or undefined where the cloud answers 404, whatever its body. */
export async function getOrGone<T>(
  client: DigitalOceanClient,
  path: string,
  name: string,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return envelope<T>(await client.call("GET", path, signal), name);
  } catch (error) {
    if (error instanceof DigitalOceanError && error.http === 404) return undefined;
    throw error;
  }
}

/** The error of a step, with the plugin's introduction. */
export async function step<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StatusError) throw pluginError(`${what}: ${error.message}`);
    throw error;
  }
}
