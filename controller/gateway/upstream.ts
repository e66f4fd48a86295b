import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { type Answer, endToEnd } from "./answer.ts";

export interface OutgoingRequest {
  method: string;
  /** Path with query, beginning with "/". */
  target: string;
  headers: Record<string, string | string[]>;
  body: Buffer;
  signal: AbortSignal;
  /** Where it goes instead of the gateway's one address; only the cloud's profile says so, never the request. */
  endpoint?: string;
  /** A connection of its own, so that a broken one never leaves doubt about a request that went before. */
  fresh?: boolean;
}

/** The cloud gave no answer. `sent` says whether the request may have reached it. */
export class NoAnswer extends Error {
  readonly sent: boolean;

  constructor(message: string, sent: boolean, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "NoAnswer";
    this.sent = sent;
  }
}

/** The cloud's side of the gateway: addresses of the account and its cloud, whatever a request says. */
export class Upstream {
  readonly #endpoint: string;
  readonly #agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  readonly #answerMs: number;

  constructor(endpoint: string, answerMs: number) {
    this.#endpoint = endpoint;
    this.#answerMs = answerMs;
  }

  /** Resolves with the head of the answer; its body is still to be read. @throws {NoAnswer} */
  send(outgoing: OutgoingRequest): Promise<IncomingMessage> {
    const endpoint = new URL(outgoing.endpoint ?? this.#endpoint);
    const secure = endpoint.protocol === "https:";
    return new Promise((resolve, reject) => {
      let sent = false;
      const request = (secure ? httpsRequest : httpRequest)({
        hostname: endpoint.hostname.replace(/^\[|\]$/g, ""),
        port: endpoint.port,
        method: outgoing.method,
        path: endpoint.pathname.replace(/\/+$/, "") + outgoing.target,
        headers: {
          ...outgoing.headers,
          host: endpoint.host,
          ...(outgoing.body.length > 0 ? { "content-length": String(outgoing.body.length) } : {}),
        },
        agent: outgoing.fresh ? false : secure ? this.#agents.https : this.#agents.http,
        signal: outgoing.signal,
      });
      const timer = setTimeout(
        () => request.destroy(new Error(`no answer within ${this.#answerMs} ms`)),
        this.#answerMs,
      );
      request.once("socket", (socket) => {
        // Before the connection stands (with TLS: before the handshake is done) not a byte of the request has left.
        if (!socket.connecting) sent = true;
        else
          socket.once(secure ? "secureConnect" : "connect", () => {
            sent = true;
          });
      });
      request.once("response", (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      request.once("error", (cause) => {
        clearTimeout(timer);
        reject(new NoAnswer(cause.message, sent, { cause }));
      });
      request.end(outgoing.body);
    });
  }

  /** The whole answer. A body that ends early is no answer. @throws {NoAnswer} */
  async exchange(outgoing: OutgoingRequest): Promise<Answer> {
    const response = await this.send(outgoing);
    const chunks: Buffer[] = [];
    const timer = setTimeout(
      () => response.destroy(new Error(`no answer within ${this.#answerMs} ms`)),
      this.#answerMs,
    );
    try {
      for await (const chunk of response) chunks.push(chunk as Buffer);
    } catch (cause) {
      throw new NoAnswer(`the answer broke off: ${(cause as Error).message}`, true, { cause });
    } finally {
      clearTimeout(timer);
    }
    const body = Buffer.concat(chunks);
    const headers = endToEnd(response.headers);
    headers["content-length"] = String(body.length);
    return { status: response.statusCode ?? 502, headers, body };
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}
