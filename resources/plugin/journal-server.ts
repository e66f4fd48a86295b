import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Journal } from "../journal.ts";

export interface JournalServer {
  /** `http://127.0.0.1:PORT`, for FLEETWRIGHT_JOURNAL. */
  readonly url: string;
  /** For FLEETWRIGHT_JOURNAL_TOKEN; another one for each server. */
  readonly token: string;
  close(): Promise<void>;
}

/** Serves a journal on loopback to provider processes: `POST /begin`, `/answered` and `/refused`, each with JSON and the bearer token. */
export async function serveJournal(journal: Journal): Promise<JournalServer> {
  const token = randomBytes(32).toString("base64url");
  const server = createServer(getRequestListener(journalApp(journal, token).fetch));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function journalApp(journal: Journal, token: string): Hono {
  const app = new Hono();
  const expected = Buffer.from(`Bearer ${token}`);
  app.use(async (c, next) => {
    const given = Buffer.from(c.req.header("authorization") ?? "");
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      return c.json({ error: "no access" }, 401);
    return next();
  });
  app.use(bodyLimit({ maxSize: 64 * 1024 }));
  app.post("/begin", async (c) => {
    const { account, kind, key } = await texts(c.req.raw, ["account", "kind", "key"]);
    return c.json({ entry: (await journal.begin({ account, kind, key })) ?? null });
  });
  app.post("/answered", async (c) => {
    const { account, key, id } = await texts(c.req.raw, ["account", "key", "id"]);
    await journal.answered(account, key, id);
    return c.json({});
  });
  app.post("/refused", async (c) => {
    const { account, key } = await texts(c.req.raw, ["account", "key"]);
    await journal.refused(account, key);
    return c.json({});
  });
  app.onError((error, c) =>
    error instanceof BadBody ? c.json({ error: error.message }, 400) : c.json({ error: error.message }, 500),
  );
  return app;
}

class BadBody extends Error {}

async function texts<N extends string>(request: Request, names: readonly N[]): Promise<Record<N, string>> {
  const body: unknown = await request.json().catch(() => undefined);
  const found = {} as Record<N, string>;
  for (const name of names) {
    const value = typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
    if (typeof value !== "string" || value === "") throw new BadBody(`${name} must be a string that is not empty`);
    found[name] = value;
  }
  return found;
}
