import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** A secret as the Standard Webhooks specification wants it, for tests alone. */
export const SECRET = `whsec_${Buffer.from("thirty-two bytes of this test...").toString("base64")}`;

export interface Received {
  headers: IncomingHttpHeaders;
  text: string;
  body: { type: string; timestamp: string; data: Record<string, unknown> };
}

/** A web server that takes webhooks, and answers as it is told. */
export class Receiver {
  readonly received: Received[] = [];
  /** What it answers; a function may take its time. */
  answer: (received: Received) => number | Promise<number> = () => 204;
  location = "";
  #port = 0;
  readonly #server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", async () => {
      const text = Buffer.concat(parts).toString();
      const one = { headers: request.headers, text, body: text === "" ? {} : JSON.parse(text) } as Received;
      this.received.push(one);
      const status = await this.answer(one);
      response.writeHead(status, this.location === "" ? {} : { location: this.location }).end();
    });
  });

  /** Listens on a free port, or again on the one that it had. */
  async start(): Promise<this> {
    await new Promise<void>((listening) => this.#server.listen(this.#port, "127.0.0.1", listening));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.#server.closeAllConnections();
    await closed;
  }

  ofType(type: string): Received[] {
    return this.received.filter(({ body }) => body.type === type);
  }
}

/** As a receiver checks a signature, by the specification and not by our code. */
export function isSigned({ headers, text }: Received, secret: string): boolean {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const content = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${text}`;
  const expected = createHmac("sha256", key).update(content).digest("base64");
  return headers["webhook-signature"] === `v1,${expected}`;
}
