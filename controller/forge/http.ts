import { FleetError } from "../../resources/errors.ts";
import { VERSION } from "../version.ts";

const TIMEOUT_MS = 30_000;
/** A forge that says that it is enough, and not until when. */
const USUAL_WAIT_MS = 60_000;
const LONGEST_WORDS = 300;
/** A page that always names another one must not go on for ever. */
const MOST_PAGES = 1000;

export interface ForgeHttpParts {
  /** For messages: `GitHub`. */
  title: string;
  /** Base address of the API, without a slash at its end. */
  api: string;
  headers: Readonly<Record<string, string>>;
  now(): number;
}

/** What a client of one forge is made with. */
export interface ForgeClientParts {
  url: string;
  token: string;
  /** `OWNER/NAME` */
  repository: string;
  now: ForgeHttpParts["now"];
}

export interface ForgeRequest {
  query?: Readonly<Record<string, string | number | undefined>>;
  body?: unknown;
  signal: AbortSignal;
}

interface Answer {
  body: unknown;
  headers: Headers;
}

/** Requests to one forge with one token. It asks nothing while the forge has said that it is enough. */
export class ForgeHttp {
  readonly #parts: ForgeHttpParts;
  #quietUntil = 0;

  constructor(parts: ForgeHttpParts) {
    this.#parts = parts;
  }

  /** The body of the answer. @throws {FleetError} FORGE_FAILED, FORGE_REFUSED, NOT_FOUND */
  async ask<T>(method: string, path: string, request: ForgeRequest): Promise<T> {
    return (await this.#send(method, path, request)).body as T;
  }

  /** Items of all pages; `next` tells the number of the page after this one, undefined at the end. */
  async *pages<T>(
    path: string,
    request: ForgeRequest,
    next: (headers: Headers, page: number, items: readonly T[]) => number | undefined,
  ): AsyncGenerator<T> {
    for (let page: number | undefined = 1, left = MOST_PAGES; page !== undefined; left--) {
      if (left === 0) throw this.#failed(`${path} has no end`);
      const { body, headers } = await this.#send("GET", path, { ...request, query: { ...request.query, page } });
      if (!Array.isArray(body)) throw this.#failed(`${path} should be a list`);
      yield* body as T[];
      page = next(headers, page, body as T[]);
    }
  }

  async #send(method: string, path: string, { query = {}, body, signal }: ForgeRequest): Promise<Answer> {
    const { api, headers, now, title } = this.#parts;
    const waitMs = this.#quietUntil - now();
    if (waitMs > 0) throw this.#limited(waitMs);
    const url = new URL(`${api}${path}`);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        headers: {
          "user-agent": `fleetwright/${VERSION}`,
          ...headers,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // A token goes where an operator has bound it, and nowhere that an answer names.
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      text = await response.text();
    } catch (cause) {
      signal.throwIfAborted();
      const isLate = (cause as Error).name === "TimeoutError";
      const why = isLate ? `no answer within ${TIMEOUT_MS / 1000} s` : wordsOf(cause);
      throw new FleetError("FORGE_FAILED", `${title} cannot be reached: ${why}`, { host: url.host }, { cause });
    }
    const { status } = response;
    const quietMs = quietAfter(response, now());
    if (quietMs !== undefined) this.#quietUntil = now() + quietMs;
    if (status >= 200 && status < 300) return { body: this.#parsed(text, path), headers: response.headers };
    throw this.#refusal(status, `${method} ${path}`, text, quietMs);
  }

  #parsed(text: string, path: string): unknown {
    if (text.trim() === "") return undefined;
    try {
      return JSON.parse(text);
    } catch {
      throw this.#failed(`${path} is no JSON`);
    }
  }

  #refusal(status: number, what: string, text: string, quietMs: number | undefined): FleetError {
    const { title } = this.#parts;
    const words = messageOf(text);
    const told = words === "" ? "" : ` (${words})`;
    const at = { status };
    if (status === 429 || (status === 403 && quietMs !== undefined)) return this.#limited(quietMs ?? USUAL_WAIT_MS);
    if (status >= 500) return new FleetError("FORGE_FAILED", `${title} answered ${status} to ${what}${told}`, at);
    if (status === 404)
      return new FleetError("NOT_FOUND", `${title} has nothing at ${what}, or the token may not see it${told}`, at);
    if (status === 401)
      return new FleetError("FORGE_REFUSED", `${title} does not take the token${told}: it is wrong or has run out`, at);
    if (status === 403)
      return new FleetError(
        "FORGE_REFUSED",
        `the token may not do ${what} at ${title}${told}: docs/pull-requests.md says what it needs`,
        at,
      );
    if (status >= 300 && status < 400)
      return new FleetError(
        "FORGE_REFUSED",
        `${title} says that ${what} has moved: say where to in fleet.yaml, for no redirect is followed`,
        at,
      );
    return new FleetError("FORGE_REFUSED", `${title} refuses ${what} with ${status}${told}`, at);
  }

  #limited(waitMs: number): FleetError {
    const seconds = Math.ceil(waitMs / 1000);
    const message = `${this.#parts.title} takes no more requests of this token for ${seconds} s`;
    return new FleetError("FORGE_FAILED", message, { waitMs });
  }

  #failed(what: string): FleetError {
    return new FleetError(
      "FORGE_FAILED",
      `${this.#parts.title} answered something else than it documents: ${what}`,
      {},
    );
  }
}

/** How long the forge wants to be left alone; undefined where it does not say so. */
function quietAfter({ status, headers }: Response, now: number): number | undefined {
  const retryAfter = headers.get("retry-after");
  const seconds = Number(retryAfter);
  if (retryAfter !== null && Number.isFinite(seconds)) return Math.max(1, seconds) * 1000;
  const remaining = headers.get("x-ratelimit-remaining") ?? headers.get("ratelimit-remaining");
  const reset = Number(headers.get("x-ratelimit-reset") ?? headers.get("ratelimit-reset"));
  if (remaining === "0" && reset > 0) return Math.max(1000, reset * 1000 - now);
  return status === 429 ? USUAL_WAIT_MS : undefined;
}

/** What a forge says of an error: a text, or several by field. */
function messageOf(text: string): string {
  try {
    const { message, error } = JSON.parse(text) as { message?: unknown; error?: unknown };
    const words = message ?? error ?? "";
    return (typeof words === "string" ? words : JSON.stringify(words)).slice(0, LONGEST_WORDS);
  } catch {
    return "";
  }
}

const wordsOf = (error: unknown): string =>
  ((error as { cause?: Error }).cause?.message || (error as Error).message).slice(0, LONGEST_WORDS);
