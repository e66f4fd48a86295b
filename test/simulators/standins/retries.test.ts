import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DigitalOceanClient } from "../../../simulators/standins/digitalocean/client.ts";
import { LinodeClient } from "../../../simulators/standins/linode/client.ts";

/** One answer of the peer: a status, with headers if need be, or a connection that is cut. */
type Answer = number | "cut" | { status: number; headers?: Record<string, string>; body?: string };

const PATHS = { create: "things", ips: "linode/instances/1/ips" };
let answers: Answer[];
let requests: string[];
let url: string;
const server = createServer((request, response) => {
  requests.push(request.method!);
  answer(response, answers.shift() ?? 200);
});

function answer(response: ServerResponse, said: Answer): void {
  if (said === "cut") return void response.destroy();
  const { status, headers = {}, body = "{}" } = typeof said === "number" ? { status: said } : said;
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
}

beforeEach(async () => {
  answers = [];
  requests = [];
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const env = { FLEETWRIGHT_STANDIN_WAIT_SCALE: "0.001" };
const signal = () => AbortSignal.timeout(10_000);

/** How many requests it took, and what the step said. */
async function tried(work: Promise<unknown>): Promise<{ requests: number; error?: string }> {
  return work.then(
    () => ({ requests: requests.length }),
    (error: Error) => ({ requests: requests.length, error: error.message }),
  );
}

describe("Linode's requests", () => {
  const call = (method: string, path = PATHS.create) => {
    const client = new LinodeClient({ url, token: "t", pollMs: 1, env });
    return tried(client.call(method, path, signal(), method === "POST" ? {} : undefined));
  };

  it.each<{ name: string; said: Answer[]; method?: string; path?: string; requests: number; error?: RegExp }>([
    { name: "a create answered 429 is sent again", said: [429], requests: 2 },
    { name: "a create answered 503 is sent again", said: [503], requests: 2 },
    {
      name: "a create answered 503 for maintenance is not",
      said: [{ status: 503, headers: { "x-maintenance-mode": "all" } }],
      requests: 1,
      error: /\[503\]/,
    },
    { name: "a create answered 408 is sent again", said: [408], requests: 2 },
    { name: "a create answered 500 fails at once", said: [500], requests: 1, error: /\[500\]/ },
    { name: "a create answered 502 fails at once", said: [502], requests: 1, error: /\[502\]/ },
    { name: "a create answered 504 fails at once", said: [504], requests: 1, error: /\[504\]/ },
    { name: "a create whose connection is cut fails at once", said: ["cut"], requests: 1, error: /EOF/ },
    {
      name: "a busy machine is asked again",
      said: [{ status: 400, body: '{"errors":[{"reason":"Linode busy."}]}' }],
      requests: 2,
    },
    {
      name: "another 400 fails with the field and the reason",
      said: [{ status: 400, body: '{"errors":[{"reason":"Label must be unique","field":"label"}]}' }],
      requests: 1,
      error: /^\[400\] \[label\] Label must be unique$/,
    },
    { name: "a read whose connection is cut is sent once more", said: ["cut"], method: "GET", requests: 2 },
    {
      name: "a read whose connection is cut twice fails",
      said: ["cut", "cut"],
      method: "GET",
      requests: 2,
      error: /EOF/,
    },
    { name: "a read answered 500 fails", said: [500], method: "GET", requests: 1, error: /\[500\]/ },
    { name: "addresses answered 500 are read again", said: [500], method: "GET", path: PATHS.ips, requests: 2 },
    { name: "a removal whose answer is lost fails", said: ["cut"], method: "DELETE", requests: 1, error: /EOF/ },
    { name: "401 fails at once", said: [401], method: "GET", requests: 1, error: /\[401\]/ },
    { name: "an empty 200 is no answer", said: [{ status: 200, body: "" }], requests: 1, error: /unexpected end/ },
  ])("$name", async ({ said, method = "POST", path, requests: count, error }) => {
    answers = said;

    const outcome = await call(method, path);

    expect(outcome.requests).toBe(count);
    if (error) expect(outcome.error).toMatch(error);
    else expect(outcome.error).toBeUndefined();
  });

  it("waits as long as the cloud asks for", async () => {
    answers = [{ status: 429, headers: { "retry-after": "1" } }];
    const startedAt = Date.now();

    await call("POST");

    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(990);
  });

  it("takes a 404 that is not JSON for an error, not for gone", async () => {
    answers = [{ status: 404, headers: { "content-type": "text/html" }, body: "<html>" }];
    const client = new LinodeClient({ url, token: "t", pollMs: 1, env });

    await expect(client.call("GET", PATHS.create, signal())).rejects.toMatchObject({ http: 502 });
  });
});

describe("DigitalOcean's requests", () => {
  const call = (method: string, retries?: number) => {
    const client = new DigitalOceanClient({ url, token: "t", env, ...(retries === undefined ? {} : { retries }) });
    return tried(client.call(method, PATHS.create, signal(), method === "POST" ? {} : undefined));
  };

  it.each<{ name: string; said: Answer[]; method?: string; retries?: number; requests: number; error?: RegExp }>([
    { name: "a create answered 429 is sent again", said: [429], requests: 2 },
    { name: "a create answered 500 is sent again", said: [500], requests: 2 },
    { name: "a create answered 503 is sent again", said: [503], requests: 2 },
    { name: "a create whose connection is cut is sent again", said: ["cut"], requests: 2 },
    {
      name: "a create is given up after five attempts",
      said: [500, 500, 500, 500, 500],
      requests: 5,
      error: /giving up after 5 attempt\(s\)/,
    },
    { name: "with retries off a cut create fails", said: ["cut"], retries: 0, requests: 1, error: /EOF/ },
    {
      name: "with retries off a read answered 500 fails",
      said: [500],
      method: "GET",
      retries: 0,
      requests: 1,
      error: /500/,
    },
    {
      name: "422 fails at once with the cloud's words",
      said: [{ status: 422, body: '{"id":"unprocessable_entity","message":"no such size"}' }],
      requests: 1,
      error: /422 no such size/,
    },
    { name: "401 fails at once", said: [401], method: "GET", requests: 1, error: /401/ },
    { name: "204 has no body", said: [{ status: 204, body: "" }], method: "DELETE", requests: 1 },
  ])("$name", async ({ said, method = "POST", retries, requests: count, error }) => {
    answers = said;

    const outcome = await call(method, retries);

    expect(outcome.requests).toBe(count);
    if (error) expect(outcome.error).toMatch(error);
    else expect(outcome.error).toBeUndefined();
  });
});
