import { randomUUID } from "node:crypto";
import { FLEET_ERRORS, FleetError, type FleetErrorCode } from "../../../resources/errors.ts";
import type { ProblemBody } from "../../api/fleet/problems.ts";

const TIMEOUT_MS = 120_000;
const MOST_ON_A_PAGE = 500;

type Query = Readonly<Record<string, string | number | readonly (string | number)[] | undefined>>;

/** The API of a controller elsewhere. Its problems come out as the errors that they were there. */
export class Remote {
  readonly #base: URL;
  readonly #token: string | undefined;

  /** @param token absent: for what anybody may ask, signing in */
  constructor(base: URL, token: string | undefined) {
    this.#base = base;
    this.#token = token;
  }

  /** @param path below `/fleet/v1` @throws {FleetError} the controller's; SERVER_UNAVAILABLE */
  async get<T>(path: string, query: Query = {}): Promise<T> {
    return await this.#json<T>(path, query, {});
  }

  /** Up to `limit` items of a list, over its pages. */
  async list<T>(path: string, query: Query, limit: number): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | undefined; ; ) {
      const left = Math.min(limit - items.length, MOST_ON_A_PAGE);
      const page = await this.get<{ items: T[]; next?: string }>(path, { ...query, limit: left, cursor });
      items.push(...page.items);
      cursor = page.next;
      if (cursor === undefined || items.length >= limit) return items.slice(0, limit);
    }
  }

  /** A mutation, sent once. @param waitSeconds how long its answer may wait for the end of what it begins */
  async post<T>(path: string, body: object | undefined, waitSeconds = 0): Promise<T> {
    return await this.#send<T>("POST", path, body, waitSeconds);
  }

  /** A merge patch of one object: a mutation as `post` sends it. */
  async patch<T>(path: string, body: object, waitSeconds = 0): Promise<T> {
    return await this.#send<T>("PATCH", path, body, waitSeconds);
  }

  async delete<T>(path: string): Promise<T> {
    return await this.#send<T>("DELETE", path, undefined, 0);
  }

  async #send<T>(method: string, path: string, body: object | undefined, waitSeconds: number): Promise<T> {
    const headers = {
      "idempotency-key": randomUUID(),
      ...(waitSeconds > 0 && { prefer: `wait=${waitSeconds}` }),
      ...(body && { "content-type": "application/json" }),
    };
    return await this.#json<T>(path, {}, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  }

  /** An answer that goes on; 204 where there is nothing to come. */
  async open(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    return await this.#ask(path, {}, { headers: { accept: "text/event-stream", ...headers }, signal });
  }

  async #json<T>(path: string, query: Query, init: RequestInit): Promise<T> {
    const response = await this.#ask(path, query, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 204) return undefined as T;
    try {
      return (await response.json()) as T;
    } catch (cause) {
      throw this.#unavailable("its answer is cut off, or not a controller's", cause);
    }
  }

  async #ask(path: string, query: Query, init: RequestInit): Promise<Response> {
    const url = new URL(`/fleet/v1${path}`, this.#base);
    for (const [name, value] of Object.entries(query))
      for (const one of [value ?? []].flat()) url.searchParams.append(name, String(one));
    const headers = {
      ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
      ...(init.headers as Record<string, string>),
    };
    let response: Response;
    try {
      // Led elsewhere, the token would go there.
      response = await fetch(url, { ...init, headers, redirect: "manual" });
    } catch (cause) {
      const { message, cause: inner } = cause as Error;
      throw this.#unavailable(inner instanceof Error ? inner.message || String(inner) : message, cause);
    }
    if (response.ok) return response;
    throw await this.#problem(response);
  }

  async #problem(response: Response): Promise<FleetError> {
    const text = await response.text().catch(() => "");
    const isProblem = response.headers.get("content-type")?.startsWith("application/problem+json") ?? false;
    if (!isProblem) return this.#unavailable(`it answers ${response.status}, and not as a controller does`);
    const { code, detail, errors = [] } = JSON.parse(text) as ProblemBody;
    const more = errors
      .map((one) => `${one.parameter ?? one.pointer}: ${one.detail}`)
      .filter((line) => line !== detail);
    const message = [detail, ...more].join("\n");
    if (Object.hasOwn(FLEET_ERRORS, code)) return new FleetError(code as FleetErrorCode, message);
    return response.status >= 500 ? this.#unavailable(message) : new FleetError("USAGE", message);
  }

  #unavailable(why: string, cause?: unknown): FleetError {
    const { origin } = this.#base;
    return new FleetError(
      "SERVER_UNAVAILABLE",
      `the controller at ${origin} cannot be asked: ${why}`,
      { origin },
      { cause },
    );
  }
}
