import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Budget, createBudget } from "../../../resources/budget.ts";
import type { Account, Cloud } from "../../../resources/cloud.ts";
import type { GatewayProfile } from "../../../resources/gateway-profile.ts";
import type { CreateRefusal, Journal, JournalEntry } from "../../../resources/journal.ts";

export interface Seen {
  method: string;
  url: string;
  authorization?: string;
  headers: IncomingMessage["headers"];
  body: string;
}

type Act = (request: Seen, response: ServerResponse, make: () => number) => void | Promise<void>;

/** A cloud of one collection, `/v1/things`, that does with each create what the test tells it to. */
export class Peer {
  readonly seen: Seen[] = [];
  readonly things: { id: number; mark: string }[] = [];
  /** What happens to creates, in turn; after the last they succeed. */
  readonly creates: Act[] = [];
  /** What happens to looks, in turn. */
  readonly looks: Act[] = [];
  readonly #server = createServer((request, response) => void this.#take(request, response));
  #nextId = 1;

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get posts(): Seen[] {
    return this.seen.filter((request) => request.method === "POST");
  }

  make(mark: string): number {
    const id = this.#nextId++;
    this.things.push({ id, mark });
    return id;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    const seen: Seen = { method: request.method!, url: request.url!, headers: request.headers, body };
    if (request.headers.authorization) seen.authorization = request.headers.authorization;
    this.seen.push(seen);
    if (seen.method === "POST" && seen.url === "/v1/things") {
      const act = this.creates.shift() ?? ((_, answer, make) => reply(answer, 201, { id: make(), by: "create" }));
      return act(seen, response, () => this.make(JSON.parse(body).mark));
    }
    if (seen.url.startsWith("/v1/things?")) {
      const act = this.looks.shift();
      if (act) return act(seen, response, () => 0);
      return reply(response, 200, this.things);
    }
    const direct = /^\/v1\/things\/(\d+)$/.exec(seen.url);
    if (direct) {
      const thing = this.things.find((each) => each.id === Number(direct[1]));
      return thing ? reply(response, 200, thing) : reply(response, 404, {});
    }
    reply(response, 200, { path: seen.url, body, padding: "x".repeat(100_000) });
  }
}

export function reply(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** Makes the thing, then cuts the connection. */
export const loseAnswer: Act = (_, response, make) => {
  make();
  response.destroy();
};

export class MemoryJournal implements Journal {
  readonly entries = new Map<string, JournalEntry>();
  /** Called when an intent is stored, before anything can have been sent. */
  onBegin: () => void = () => {};

  async begin(entry: { account: string; kind: string; key: string }): Promise<JournalEntry | undefined> {
    const earlier = this.entries.get(entry.key);
    const now = new Date().toISOString();
    this.entries.set(entry.key, { ...entry, startedAt: now, ...earlier, attemptedAt: now });
    this.onBegin();
    return earlier;
  }

  async answered(_account: string, key: string, id: string): Promise<void> {
    this.entries.set(key, { ...this.entries.get(key)!, id });
  }

  async refused(_account: string, key: string): Promise<void> {
    this.entries.delete(key);
  }

  readonly explained: (CreateRefusal & { key: string })[] = [];

  async explain(_account: string, key: string, refusal: CreateRefusal): Promise<void> {
    this.explained.push({ key, ...refusal });
  }
}

const profile: GatewayProfile = {
  environment: (url, token) => ({ THING_URL: url, THING_TOKEN: token }),
  tokenOf: (headers) => headers.authorization?.replace(/^Bearer /, ""),
  authorize: (account) => ({ Authorization: `Bearer ${account.credentials.token}` }),
  scopes: () => ["token"],
  creation(method, path, body) {
    const mark = (body as { mark?: string; kind?: "Server" | "Attachment" } | undefined)?.mark;
    if (method !== "POST" || path !== "/v1/things" || mark === undefined) return undefined;
    return {
      kind: (body as { kind?: "Attachment" }).kind ?? "Server",
      key: mark,
      idOf: (answer) => String((answer as { id: number }).id),
      async find(call) {
        const response = await fetch(`${call.account.endpoint}/v1/things?mark=${mark}`, {
          headers: { authorization: `Bearer ${call.account.credentials.token}` },
          signal: call.signal,
        });
        if (!response.ok) throw new Error(`look failed with ${response.status}`);
        const found = ((await response.json()) as { id: number; mark: string }[]).find((thing) => thing.mark === mark);
        return found && { status: 201, body: { id: found.id, by: "look" }, id: String(found.id) };
      },
    };
  },
};

export function cloudOf(): Cloud {
  const cloud: Pick<Cloud, "name" | "title" | "gateway" | "observe"> = {
    name: "thing",
    title: "Thing",
    gateway: profile,
    async observe(id, call) {
      const response = await fetch(`${call.account.endpoint}/v1/things/${id}`, { signal: call.signal });
      if (response.status === 404) return undefined;
      return { id, name: "", power: "running", status: "", region: "", ipv4: [], ipv6: [], tags: [] };
    },
  };
  return cloud as Cloud;
}

export function accountOf(endpoint: string, budget: Budget = createBudget({})): Account {
  const spec = {
    kind: "Account" as const,
    name: "things",
    formerly: [],
    provider: "thing",
    credentials: {},
    cells: 1,
    budgets: {},
    regions: [],
    deadlines: { createSeconds: 60, settleSeconds: 1 },
    options: {},
  };
  return { spec, endpoint, credentials: { token: "the-real-token" }, budget };
}
