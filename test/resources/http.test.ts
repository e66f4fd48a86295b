import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { LearnedLimit } from "../../resources/budget.ts";
import { type RequestOptions, request, retryAfterMs } from "../../resources/http.ts";
import { testCall } from "./fixtures.ts";

type Step = (request: IncomingMessage, response: ServerResponse) => void;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that answers the n-th request by the n-th step, and later ones by the last. */
async function peer(...steps: Step[]) {
  const seen: { method?: string; url?: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  const server = createServer(async (incoming, response) => {
    let body = "";
    for await (const chunk of incoming) body += chunk;
    seen.push({ method: incoming.method!, url: incoming.url!, headers: incoming.headers, body });
    (steps[seen.length - 1] ?? steps.at(-1)!)(incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Step =>
  (_request, response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
const raw =
  (status: number, text: string): Step =>
  (_request, response) =>
    void response.writeHead(status).end(text);
const drop: Step = (incoming) => void incoming.socket.destroy();
const truncate: Step = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
  response.write('{"data": [', () => response.destroy());
};
const silent: Step = () => {};

const base: Pick<RequestOptions, "cloud" | "path" | "scopes" | "sleep"> = {
  cloud: "testcloud",
  path: "/v1/things",
  scopes: [],
  sleep: async () => {},
};
const errorOf = (_status: number, body: unknown) => (body as { message?: string } | undefined)?.message;

describe("a cloud that answers in its own way", () => {
  const parse = (text: string) => {
    if (!text.startsWith("<ok>")) throw new SyntaxError("no answer of ours");
    return text.slice(4);
  };

  it("has its bodies read by its own parser, and a broken one is no answer", async () => {
    const { url } = await peer(raw(200, "nonsense"), raw(200, "<ok>text"));

    const { body } = await request(testCall(url), { ...base, method: "GET", parse });

    expect(body).toBe("text");
    const { url: broken } = await peer(raw(200, "{}"));
    await expect(request(testCall(broken), { ...base, method: "POST", parse })).rejects.toMatchObject({
      code: "CLOUD_ANSWER_INVALID",
    });
  });

  it("is waited for where its word means a limit, and believed where it means anything else", async () => {
    const meaning = (_status: number, body: unknown) =>
      body === "slow down" ? ("CLOUD_RATE_LIMITED" as const) : body === "gone" ? ("NOT_FOUND" as const) : undefined;
    const { url, seen } = await peer(raw(503, "<ok>slow down"), raw(200, "<ok>done"), raw(400, "<ok>gone"));
    const send = () => request(testCall(url), { ...base, method: "POST", parse, meaning });

    expect((await send()).body).toBe("done");
    expect(seen).toHaveLength(2);
    await expect(send()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("gets headers made anew for each attempt", async () => {
    const { url, seen } = await peer(raw(503, ""), json(200, {}));
    let made = 0;

    await request(testCall(url), { ...base, method: "GET", headers: () => ({ "x-signed": `${++made}` }) });

    expect(seen.map(({ headers }) => headers["x-signed"])).toEqual(["1", "2"]);
  });
});

describe("request", () => {
  it("sends query, headers and JSON, and answers the parsed body", async () => {
    const { url, seen } = await peer(json(201, { id: 7 }));

    const answer = await request(testCall(`${url}/`), {
      ...base,
      method: "POST",
      query: { page: 1, all: true, none: undefined },
      headers: { "x-kind": "thing" },
      json: { name: "a" },
    });

    expect(answer).toMatchObject({ status: 201, body: { id: 7 } });
    expect(seen[0]).toMatchObject({ method: "POST", url: "/v1/things?page=1&all=true", body: '{"name":"a"}' });
    expect(seen[0]!.headers).toMatchObject({ "x-kind": "thing", "content-type": "application/json" });
  });

  it.each([
    { name: "a 500", step: json(500, {}) },
    { name: "a 503", step: json(503, {}) },
    { name: "a 408", step: json(408, {}) },
    { name: "a 429", step: json(429, {}) },
    { name: "a broken connection", step: drop },
    { name: "a truncated answer", step: truncate },
    { name: "an empty 200", step: raw(200, "") },
    { name: "a page that is no JSON", step: raw(200, "<html>") },
  ])("reads again after $name", async ({ step }) => {
    const { url, seen } = await peer(step, step, json(200, { fine: true }));

    const answer = await request(testCall(url), { ...base, method: "GET" });

    expect(answer.body).toEqual({ fine: true });
    expect(seen).toHaveLength(3);
  });

  it.each([
    { name: "a 500", step: json(500, {}), code: "CLOUD_UNAVAILABLE" },
    { name: "a 503", step: json(503, {}), code: "CLOUD_UNAVAILABLE" },
    { name: "a broken connection", step: drop, code: "CLOUD_UNAVAILABLE" },
    { name: "a truncated answer", step: truncate, code: "CLOUD_ANSWER_INVALID" },
    { name: "an empty 200", step: raw(200, ""), code: "CLOUD_ANSWER_INVALID" },
  ])("never sends a create twice after $name", async ({ step, code }) => {
    const { url, seen } = await peer(step, json(200, {}));

    await expect(request(testCall(url), { ...base, method: "POST", json: {} })).rejects.toMatchObject({ code });
    expect(seen).toHaveLength(1);
  });

  it("sends a create again when the cloud limited it, or nothing listened", async () => {
    const { url, seen } = await peer(json(429, {}, { "retry-after": "1" }), json(201, { id: 1 }));
    await request(testCall(url), { ...base, method: "POST", json: {} });
    expect(seen).toHaveLength(2);

    let tries = 0;
    const refused = async () => {
      tries++;
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) });
    };
    const attempt = request(testCall(url), { ...base, method: "POST", json: {}, fetch: refused, attempts: 3 });
    await expect(attempt).rejects.toMatchObject({
      code: "CLOUD_UNAVAILABLE",
      message: expect.stringContaining("ECONNREFUSED"),
    });
    expect(tries).toBe(3);
  });

  it.each([
    { status: 401, body: {}, code: "CLOUD_AUTH", tries: 1 },
    { status: 403, body: {}, code: "CLOUD_AUTH", tries: 1 },
    { status: 404, body: { message: "no such thing" }, code: "CLOUD_REFUSED", tries: 1 },
    { status: 422, body: { message: "name is taken" }, code: "CLOUD_REFUSED", tries: 1 },
    { status: 422, body: { message: "The size is out of stock in nyc3" }, code: "CLOUD_OUT_OF_STOCK", tries: 1 },
    { status: 429, body: { message: "slow down" }, code: "CLOUD_RATE_LIMITED", tries: 3 },
    { status: 500, body: { message: "oops" }, code: "CLOUD_UNAVAILABLE", tries: 3 },
    { status: 302, body: {}, code: "CLOUD_ANSWER_INVALID", tries: 1 },
  ])("tells $status as $code with the cloud's own words", async ({ status, body, code, tries }) => {
    const { url, seen } = await peer(json(status, body, { location: "http://127.0.0.1:1/elsewhere" }));

    const error = await request(testCall(url), { ...base, method: "GET", errorOf, attempts: 3 }).catch(
      (caught) => caught,
    );

    expect(error).toMatchObject({ code, at: { cloud: "testcloud", account: "main", status } });
    expect(error.message).toContain(body.message ?? "testcloud");
    expect(seen).toHaveLength(tries);
  });

  it("answers a 404 to who asks for it, with whatever its body was", async () => {
    const { url } = await peer(json(404, { message: "gone" }), raw(404, "<html>"));

    const first = await request(testCall(url), { ...base, method: "GET", ok: [404] });
    const second = await request(testCall(url), { ...base, method: "GET", ok: [404] });

    expect(first).toMatchObject({ status: 404, body: { message: "gone" } });
    expect(second).toMatchObject({ status: 404, body: undefined });
  });

  it("sends again what the cloud refused only for the moment", async () => {
    const { url, seen } = await peer(json(400, { message: "busy" }), json(200, {}));

    await request(testCall(url), {
      ...base,
      method: "POST",
      errorOf,
      busy: (_status, body) => errorOf(0, body) === "busy",
    });

    expect(seen).toHaveLength(2);
  });

  it("waits as long as Retry-After says, and longer each time without it", async () => {
    const { url } = await peer(json(429, {}, { "retry-after": "7" }), json(503, {}), json(503, {}), json(200, {}));
    const waits: number[] = [];

    await request(testCall(url), { ...base, method: "GET", random: () => 1, sleep: async (ms) => void waits.push(ms) });

    expect(waits).toEqual([7000, 2000, 4000]);
  });

  it("tells the budget what the headers say, and of a wait", async () => {
    const { url } = await peer(json(429, {}, { "retry-after": "2", "x-left": "0" }), json(200, {}, { "x-left": "5" }));
    const learned: LearnedLimit[] = [];
    const call = testCall(url, {
      account: {
        budget: { take: async () => {}, hold: async () => () => {}, learn: (_scopes, said) => void learned.push(said) },
      },
    });

    await request(call, { ...base, method: "GET", learn: (headers) => ({ remaining: Number(headers.get("x-left")) }) });

    expect(learned).toEqual([{ remaining: 0, retryAfterMs: 2000 }, { remaining: 5 }]);
  });

  it("ends with DEADLINE at the call's signal, also while it waits to try again", async () => {
    const { url } = await peer(silent);
    const silence = request(testCall(url, { signal: AbortSignal.timeout(50) }), { ...base, method: "GET" });
    await expect(silence).rejects.toMatchObject({ code: "DEADLINE" });

    const busy = await peer(json(503, {}));
    const { sleep: _, ...real } = base;
    const waiting = request(testCall(busy.url, { signal: AbortSignal.timeout(80) }), {
      ...real,
      method: "GET",
      random: () => 1,
    });
    await expect(waiting).rejects.toMatchObject({ code: "DEADLINE" });
  });

  it("gives up an attempt that gets no answer, and a create with it", async () => {
    const { url, seen } = await peer(silent, json(200, { second: true }));

    const answer = await request(testCall(url), { ...base, method: "GET", timeoutMs: 50 });
    expect(answer.body).toEqual({ second: true });

    const quiet = await peer(silent);
    const create = request(testCall(quiet.url), { ...base, method: "POST", json: {}, timeoutMs: 50 });
    await expect(create).rejects.toMatchObject({
      code: "CLOUD_UNAVAILABLE",
      message: expect.stringContaining("no answer within"),
    });
    expect([seen.length, quiet.seen.length]).toEqual([2, 1]);
  });

  it("shows no credential, whatever the cloud puts in its errors", async () => {
    const { url } = await peer(json(422, { message: "bad token very-secret-token, ticket PVE:ticket:1" }));

    const error = await request(testCall(url), { ...base, method: "GET", errorOf, secrets: ["PVE:ticket:1"] }).catch(
      (caught) => caught,
    );

    expect(error.message).toContain("bad token [redacted], ticket [redacted]");
    expect(JSON.stringify(error.at)).not.toContain("secret");
  });

  it("takes an answer without a body where none is expected", async () => {
    const { url } = await peer((_request, response) => void response.writeHead(204).end());

    const answer = await request(testCall(url), { ...base, method: "DELETE", answer: "none" });

    expect(answer).toMatchObject({ status: 204, body: undefined });
  });
});

describe("Retry-After", () => {
  it.each([
    { value: "3", ms: 3000 },
    { value: "0.5", ms: 500 },
    { value: "Thu, 01 Jan 1970 00:00:10 GMT", ms: 9000 },
    { value: "Thu, 01 Jan 1970 00:00:00 GMT", ms: 0 },
    { value: "soon", ms: undefined },
    { value: "", ms: undefined },
  ])("reads $value", ({ value, ms }) => {
    expect(retryAfterMs(new Headers({ "retry-after": value }), 1000)).toBe(ms);
  });
});
