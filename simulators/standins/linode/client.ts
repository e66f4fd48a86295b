import { status } from "@grpc/grpc-js";
import { StatusError } from "../../../resources/plugin/status.ts";
import { type Waits, waitsOf } from "../waits.ts";
import { ConnectionLost, exchange, parseBody, pluginError, retryAfterMs, type WireAnswer } from "../wire.ts";

const MOST_RETRIES = 1000;
const FIRST_RETRY_MS = 3_000;
const LONGEST_RETRY_MS = 30_000;

/** The cloud answered with an error status; the text is what the plugin shows. */
export class LinodeError extends StatusError {
  readonly http: number;

  constructor(http: number, text: string) {
    super(status.UNKNOWN, `[${String(http).padStart(3, "0")}] ${text}`);
    this.http = http;
  }
}

export interface LinodeSettings {
  url: string;
  token: string;
  pollMs: number;
  env: Readonly<Record<string, string | undefined>>;
}

/** Requests as the official plugin sends them: which failures it repeats, after which time, and which end the step. */
export class LinodeClient {
  readonly pollMs: number;
  readonly waits: Waits;
  readonly #settings: LinodeSettings;

  constructor(settings: LinodeSettings) {
    this.#settings = settings;
    this.pollMs = settings.pollMs;
    this.waits = waitsOf(settings.env);
  }

  /** `path` without `/v4`. @throws {LinodeError} */
  async call<T>(
    method: string,
    path: string,
    signal: AbortSignal,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const url = `${this.#settings.url.replace(/\/+$/, "")}/v4/${path}`;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const all = { ...headers, authorization: `Bearer ${this.#settings.token}` };
    let backoffMs = FIRST_RETRY_MS;
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#attempt(method, url, all, text, signal);
      if (answer.status < 400) return parseBody(answer) as T;
      if (attempt >= MOST_RETRIES || !isRepeated(answer, path)) throw errorOf(answer);
      const askedMs = retryAfterMs(answer);
      if (askedMs === undefined) await this.waits.wait(backoffMs, signal);
      else
        await this.waits.pause(
          Math.min(Math.max(askedMs, FIRST_RETRY_MS * this.waits.scale), LONGEST_RETRY_MS),
          signal,
        );
      backoffMs = Math.min(backoffMs * 2 - 500, LONGEST_RETRY_MS);
    }
  }

  /** All items of a list; the plugin asks for its first page only. */
  async list<T>(path: string, signal: AbortSignal, headers: Record<string, string> = {}): Promise<T[]> {
    const page = await this.call<{ data: T[] }>("GET", `${path}?page=1`, signal, undefined, headers);
    return page.data;
  }

  /** A GET whose connection was cut is sent once more, at once; anything else is not. */
  async #attempt(
    method: string,
    url: string,
    headers: Record<string, string>,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<WireAnswer> {
    try {
      return await exchange(method, url, headers, body, signal);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      if (method !== "GET") throw pluginError(error.message);
      return exchange(method, url, headers, body, signal).catch((again) => {
        throw again instanceof ConnectionLost ? pluginError(again.message) : again;
      });
    }
  }
}

function isRepeated(answer: WireAnswer, path: string): boolean {
  if (answer.status === 429 || answer.status === 408) return true;
  if (answer.status === 503) return answer.headers["x-maintenance-mode"] === undefined;
  if (answer.status === 500) return path.endsWith("/ips");
  return answer.status === 400 && reasons(answer).some(({ reason }) => reason === "Linode busy.");
}

function reasons(answer: WireAnswer): { reason: string; field?: string }[] {
  try {
    const body = parseBody(answer) as { errors?: { reason: string; field?: string }[] } | undefined;
    return body?.errors ?? [];
  } catch {
    return [];
  }
}

function errorOf(answer: WireAnswer): LinodeError {
  const isJson = String(answer.headers["content-type"] ?? "").includes("application/json");
  // The plugin does not read other types, and takes no 404 of another type for "gone".
  if (!isJson)
    return new LinodeError(
      answer.status === 404 ? 502 : answer.status,
      `Unexpected Content-Type: ${answer.headers["content-type"] ?? "none"}`,
    );
  const text = reasons(answer)
    .map(({ field, reason }) => (field ? `[${field}] ${reason}` : reason))
    .join("; ");
  return new LinodeError(answer.status, text || answer.text);
}

/** The thing a GET names, or undefined where the cloud says that it is gone. */
export async function getOrGone<T>(client: LinodeClient, path: string, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await client.call<T>("GET", path, signal);
  } catch (error) {
    if (error instanceof LinodeError && error.http === 404) return undefined;
    throw error;
  }
}

/** The error of a step, with the plugin's introduction. */
export async function step<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof LinodeError) throw pluginError(`${what}: ${error.message}`);
    throw error;
  }
}
