import { Agent, request } from "node:https";
import { Readable } from "node:stream";
import type { Account } from "../cloud.ts";

const fetches = new WeakMap<Account, typeof fetch>();

/**
 * A `fetch` for one account whose server has a certificate of its own making. It checks no certificate, so it is used only where the account's
 * `insecureTls` says so, and its connections are shared with no other account.
 */
export function insecureFetch(account: Account): typeof fetch {
  const known = fetches.get(account);
  if (known) return known;
  const agent = new Agent({ rejectUnauthorized: false, keepAlive: true });
  const made: typeof fetch = (input, init = {}) => send(agent, new Request(input, init), init.signal ?? undefined);
  fetches.set(account, made);
  return made;
}

async function send(agent: Agent, asked: Request, signal: AbortSignal | undefined): Promise<Response> {
  const body = asked.body ? Buffer.from(await asked.arrayBuffer()) : undefined;
  const headers = { ...Object.fromEntries(asked.headers), ...(body ? { "content-length": String(body.length) } : {}) };
  return new Promise((resolve, reject) => {
    const sent = request(asked.url, { agent, method: asked.method, headers, ...(signal ? { signal } : {}) });
    sent.once("error", reject);
    sent.once("response", (answer) => {
      const { statusCode: status = 502, statusMessage: statusText = "" } = answer;
      const received = new Headers();
      for (const [name, value] of Object.entries(answer.headers)) received.set(name, String(value));
      const empty = status === 204 || status === 304;
      const content = empty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
      resolve(new Response(content, { status, statusText, headers: received }));
    });
    sent.end(body);
  });
}
