import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { FleetError, type FleetErrorCode } from "../../resources/errors.ts";
import type { GatewayProfile } from "../../resources/gateway-profile.ts";
import { redactor, secretValues } from "../../resources/secrets.ts";
import type { ServerSecrets } from "../../resources/spec.ts";
import { type Answer, endToEnd, json, parseBody, problem, retryAfterMs } from "./answer.ts";
import { Creates } from "./creates.ts";
import { standInFor } from "./fixed-host.ts";
import { steadyRead } from "./steady.ts";
import type { Gateway, GatewayOptions, GatewayStats } from "./types.ts";
import { NoAnswer, type OutgoingRequest, Upstream } from "./upstream.ts";

const DEFAULT_ANSWER_MS = 120_000;
const DEFAULT_MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Creates that have left may take this long to be answered when the gateway closes; then their intent stays open. */
const CLOSE_GRACE_MS = 5_000;
/** Reads that a plugin must not see fail are repeated for so long. */
const STEADY_MS = 120_000;

/** As our own requests are counted; what a status means to the plugin is the plugin's matter. */
function verdictOf(status: number): "ok" | FleetErrorCode {
  if (status < 400) return "ok";
  if (status === 401 || status === 403) return "CLOUD_AUTH";
  if (status === 429) return "CLOUD_RATE_LIMITED";
  return status >= 500 ? "CLOUD_UNAVAILABLE" : "CLOUD_REFUSED";
}

/** On the port that is wanted, or on a free one when somebody else has it. */
async function listen(server: Server, wanted: number): Promise<void> {
  const on = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  await on(wanted).catch((error: NodeJS.ErrnoException) => {
    if (wanted === 0 || error.code !== "EADDRINUSE") throw error;
    return on(0);
  });
}

/**
 * A gateway on loopback for one account, between an official plugin and its cloud: it puts the real credentials on, keeps the account's budget
 * and does every create once. It listens on 127.0.0.1 only and forwards to the account's endpoint only.
 *
 * @throws {FleetError} CLOUD_UNSUPPORTED when the cloud has no gateway profile.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const profile = options.cloud.gateway;
  if (!profile)
    throw new FleetError("CLOUD_UNSUPPORTED", `${options.cloud.title} is not reached through a gateway`, {
      cloud: options.cloud.name,
    });
  const token = randomBytes(24).toString("base64url");
  const handler = new RequestHandler(options, profile, token);
  const handle = (request: IncomingMessage, response: ServerResponse) => void handler.handle(request, response);
  const server = createServer(handle);
  // The plugin sends when it wants to; a create may wait long for its answer.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  await listen(server, options.port ?? 0);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const isToken = (given: string) => timingSafeEqual(hash(given), hash(token));
  const { host } = profile;
  const dir = options.dir === undefined ? {} : { dir: options.dir };
  const fixed =
    host === undefined ? undefined : await standInFor({ server, url, host, token, isToken, handle, ...dir });
  let closed: Promise<void> | undefined;
  const close = async () => {
    const ended = new Promise<void>((resolve) => server.close(() => resolve()));
    await handler.close();
    await fixed?.close();
    server.closeAllConnections();
    await ended;
  };
  return {
    url,
    token,
    environment: { ...fixed?.environment, ...profile.environment(url, token, options.account) },
    stats: handler.stats,
    close: () => (closed ??= close()),
  };
}

class RequestHandler {
  readonly stats: GatewayStats = {
    requests: 0,
    strangers: 0,
    forwarded: 0,
    creates: 0,
    recovered: 0,
    unanswered: 0,
    withheld: 0,
    rateLimited: 0,
  };
  readonly #options: GatewayOptions;
  readonly #profile: GatewayProfile;
  readonly #tokenHash: Buffer;
  readonly #upstream: Upstream;
  readonly #creates: Creates;
  readonly #priority: "person" | "background";
  readonly #now: () => number;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #lookEveryMs: number;
  /** Nothing is begun after this; `#ended` ends what is under way. */
  readonly #closing = new AbortController();
  readonly #ended = new AbortController();
  readonly #inFlight = new Set<Promise<unknown>>();

  constructor(options: GatewayOptions, profile: GatewayProfile, token: string) {
    this.#options = options;
    this.#profile = profile;
    this.#tokenHash = hash(token);
    this.#priority = options.priority ?? "background";
    this.#now = options.now ?? Date.now;
    const answerMs = options.answerMs ?? DEFAULT_ANSWER_MS;
    this.#upstream = new Upstream(options.account.endpoint, answerMs);
    this.#lookEveryMs = options.lookEveryMs ?? Math.min(5_000, Math.max(250, options.settleMs / 5));
    this.#sleep = options.sleep ?? (async (ms, signal) => void (await delay(ms, undefined, { signal })));
    this.#creates = new Creates({
      account: options.account,
      cloud: options.cloud,
      journal: options.journal,
      priority: this.#priority,
      settleMs: options.settleMs,
      lookEveryMs: this.#lookEveryMs,
      patienceMs: answerMs,
      stats: this.stats,
      log: options.log ?? (() => {}),
      now: this.#now,
      sleep: this.#sleep,
    });
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = new AbortController();
    response.once("close", () => caller.abort(new Error("the caller is gone")));
    response.on("error", () => {}); // told by "close"
    try {
      const answer = await this.#answer(request, response, caller.signal);
      if (answer) write(response, answer);
    } catch (error) {
      if (response.headersSent || error instanceof NoAnswer || caller.signal.aborted) response.destroy();
      else
        write(
          response,
          problem(502, "gateway", error instanceof FleetError ? error.message : "the gateway failed", this.#profile),
        );
      if (!caller.signal.aborted && !(error instanceof NoAnswer))
        this.#log("warn", `a request failed: ${messageOf(error)}`, request);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error("the gateway is closing"));
    const timer = setTimeout(() => this.#ended.abort(), CLOSE_GRACE_MS);
    await Promise.allSettled(this.#inFlight);
    clearTimeout(timer);
    this.#ended.abort();
    this.#upstream.close();
  }

  /** The answer, or undefined when it has been streamed already. */
  async #answer(request: IncomingMessage, response: ServerResponse, caller: AbortSignal): Promise<Answer | undefined> {
    this.stats.requests++;
    if (!this.#isOurs(request)) {
      this.stats.strangers++;
      request.resume();
      return problem(401, "unauthorized", "this gateway was not asked with the token of its run", this.#profile);
    }
    const target = request.url ?? "";
    if (!target.startsWith("/")) return problem(400, "bad_request", "the gateway takes paths only", this.#profile);
    const sent = await readBody(request, this.#options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES);
    if (!sent) return problem(413, "too_large", "the request body is too large", this.#profile);

    const method = request.method ?? "GET";
    const path = target.split("?", 1)[0] ?? "";
    const waiting = AbortSignal.any([caller, this.#closing.signal]);
    const headers = plainHeaders(request);
    const amended = this.#profile.amend?.(method, path, parseBody({ headers, body: sent }));
    const body = amended === undefined ? sent : Buffer.from(JSON.stringify(amended));
    const plain = { method, target, headers, body };
    const creation = this.#profile.creation(method, path, parseBody(plain), plain);
    if (!creation && this.#profile.steady?.(method, path)) {
      const lookEveryMs = this.#lookEveryMs;
      const send = () => this.#exchange({ ...plain, signal: waiting }, path, waiting);
      const sleep = (ms: number) => this.#sleep(ms, waiting);
      const answer = await steadyRead({ send, patienceMs: STEADY_MS, lookEveryMs, now: this.#now, sleep });
      if (answer.status !== 404 || this.stats.creates > 0) return answer;
      const said = this.#profile.asGone?.(path, answer.body.toString("utf8"));
      return said === undefined ? answer : json(200, said);
    }
    if (!creation) {
      await this.#pass({ ...plain, signal: waiting }, path, response);
      return undefined;
    }
    const secrets = creation.kind === "Server" ? this.#options.secrets?.get(creation.key) : undefined;
    // Once it has left, the answer is wanted even when the caller is gone: it names what was bought.
    const outgoing = {
      ...plain,
      ...(secrets && { body: this.#withSecrets(body, secrets) }),
      headers: { ...headers, "accept-encoding": "identity" },
      signal: this.#ended.signal,
      fresh: true,
    };
    const send = async () => withoutSecrets(await this.#exchange(outgoing, path, waiting), secrets);
    return this.#track(this.#creates.handle(creation, send, waiting));
  }

  #withSecrets(body: Buffer, secrets: ServerSecrets): Buffer {
    const fields = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
    return Buffer.from(JSON.stringify(this.#profile.withSecrets!(fields, secrets)));
  }

  /** Forwards a request that makes nothing, and passes the answer on as it comes. */
  async #pass(outgoing: OutgoingRequest, path: string, response: ServerResponse): Promise<void> {
    const scopes = this.#profile.scopes(outgoing.method, path, outgoing);
    const { budget } = this.#options.account;
    const release = await budget.hold(scopes, this.#priority, outgoing.signal);
    try {
      this.stats.forwarded++;
      const tell = this.#telling(outgoing);
      const answer = await this.#upstream.send(this.#authorized(outgoing)).catch((error: NoAnswer) => {
        // A cut connection is passed on as one: the plugin knows which of its own requests may be repeated.
        if (error.message.startsWith("no answer within")) return undefined;
        throw error;
      });
      if (!answer) return write(response, problem(504, "no_answer", "the cloud gave no answer in time", this.#profile));
      const headers = endToEnd(answer.headers);
      const status = answer.statusCode ?? 502;
      tell?.({ kind: "response", status });
      this.#learn(scopes, status, headers);
      response.writeHead(status, headers);
      await pipeline(answer, response);
    } finally {
      release();
    }
  }

  async #exchange(outgoing: OutgoingRequest, path: string, waiting: AbortSignal): Promise<Answer> {
    const scopes = this.#profile.scopes(outgoing.method, path, outgoing);
    const release = await this.#options.account.budget.hold(scopes, this.#priority, waiting);
    try {
      waiting.throwIfAborted();
      this.stats.forwarded++;
      const tell = this.#telling(outgoing);
      const answer = await this.#upstream.exchange(this.#authorized(outgoing));
      tell?.({ kind: "response", status: answer.status, data: answer.body.toString() });
      this.#learn(scopes, answer.status, answer.headers);
      return answer;
    } finally {
      release();
    }
  }

  #learn(scopes: readonly string[], status: number, headers: Record<string, string | string[]>): void {
    this.#options.account.onCall?.(verdictOf(status));
    if (status !== 429) return;
    const waitMs = retryAfterMs(headers, this.#now());
    if (waitMs !== undefined) this.#options.account.budget.learn(scopes, { retryAfterMs: waitMs });
  }

  /** What a plugin sends is told like our own requests: before anything secret is put on. */
  #telling({ method, target, body, endpoint }: OutgoingRequest) {
    const { endpoint: own, wire } = this.#options.account;
    const tell = wire?.tell?.bind(wire);
    const at = { method, url: `${endpoint ?? own}${target}` };
    tell?.({ kind: "request", attempt: 1, ...at, ...(body.length > 0 && { payload: body.toString() }) });
    return tell && ((said: { kind: "response"; status: number; data?: unknown }) => tell({ ...said, ...at }));
  }

  /** Signed as it leaves: a request that waited for its turn must not carry an old signature. */
  #authorized(outgoing: OutgoingRequest): OutgoingRequest {
    const { account } = this.#options;
    const headers = { ...outgoing.headers };
    for (const [name, value] of Object.entries(this.#profile.authorize(account, outgoing)))
      headers[name.toLowerCase()] = value;
    const endpoint = this.#profile.upstream?.(account, outgoing);
    return { ...outgoing, headers, ...(endpoint === undefined ? {} : { endpoint }) };
  }

  #isOurs(request: IncomingMessage): boolean {
    const headers: Record<string, string | undefined> = {};
    for (const [name, value] of Object.entries(request.headers))
      headers[name] = Array.isArray(value) ? value[0] : value;
    const given = this.#profile.tokenOf(headers);
    return given !== undefined && timingSafeEqual(hash(given), this.#tokenHash);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#inFlight.add(work);
    const done = () => void this.#inFlight.delete(work);
    work.then(done, done);
    return work;
  }

  #log(level: "warn", message: string, request: IncomingMessage): void {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    this.#options.log?.(level, message, { method: request.method ?? "", path });
  }
}

/** A cloud may repeat what it was sent in what it complains of. */
function withoutSecrets(answer: Answer, secrets: ServerSecrets | undefined): Answer {
  if (secrets === undefined || answer.status < 400) return answer;
  const body = Buffer.from(redactor(secretValues(secrets))(answer.body.toString("utf8")));
  return { ...answer, body, headers: { ...answer.headers, "content-length": String(body.length) } };
}

/** Hashes have one length, so that the comparison tells nothing by its time. */
function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** undefined when it is larger than allowed. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function plainHeaders(request: IncomingMessage): Record<string, string | string[]> {
  const { host: _, "content-length": __, expect: ___, ...headers } = endToEnd(request.headers);
  return headers;
}

function write(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, answer.headers).end(answer.body);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
