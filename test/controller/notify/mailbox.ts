import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

export interface Mail {
  text: string;
  secure: boolean;
  user: string | undefined;
  to: string[];
}

/** A mail server that keeps what it is sent. */
export class Mailbox {
  readonly mails: Mail[] = [];
  readonly #server: SMTPServer;

  constructor(options: SMTPServerOptions) {
    this.#server = new SMTPServer({
      authOptional: true,
      ...options,
      onData: (stream, session, done) => {
        const parts: Buffer[] = [];
        stream.on("data", (part: Buffer) => parts.push(part));
        stream.on("end", () => {
          const to = session.envelope.rcptTo.map(({ address }) => address);
          const text = Buffer.concat(parts).toString();
          this.mails.push({ text, secure: session.secure, user: session.user as string | undefined, to });
          done();
        });
      },
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((listening) => this.#server.listen(0, "127.0.0.1", listening));
    return this;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((closed) => this.#server.close(() => closed()));
  }
}
