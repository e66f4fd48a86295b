import { afterEach, beforeEach, expect, it } from "vitest";
import { type Gateway, type GatewayOptions, startGateway } from "../../../controller/gateway/index.ts";
import { createBudget } from "../../../resources/budget.ts";
import { FleetError } from "../../../resources/errors.ts";
import type { ServerSecrets } from "../../../resources/spec.ts";
import { accountOf, cloudOf, loseAnswer, MemoryJournal, Peer, reply } from "./peer.ts";

const SETTLE_MS = 300;

let peer: Peer;
let endpoint: string;
let journal: MemoryJournal;
let gateways: Gateway[];
let logged: string[];

beforeEach(async () => {
  peer = new Peer();
  endpoint = await peer.start();
  journal = new MemoryJournal();
  gateways = [];
  logged = [];
});

afterEach(async () => {
  for (const gateway of gateways) await gateway.close();
  await peer.close();
});

async function open(more: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const gateway = await startGateway({
    account: accountOf(endpoint),
    cloud: cloudOf(),
    journal,
    settleMs: SETTLE_MS,
    lookEveryMs: 50,
    log: (level, message, at) => logged.push(JSON.stringify({ level, message, at })),
    ...more,
  });
  gateways.push(gateway);
  return gateway;
}

function ask(
  gateway: Gateway,
  method: string,
  path: string,
  body?: unknown,
  init: RequestInit = {},
): Promise<Response> {
  const headers = { authorization: `Bearer ${gateway.token}`, "content-type": "application/json" };
  return fetch(gateway.url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...init,
  });
}

const create = (gateway: Gateway, mark = "fw-one", more: object = {}, init: RequestInit = {}) =>
  ask(gateway, "POST", "/v1/things", { mark, secret: "body-secret", ...more }, init);

it("hands out an environment with its address and a token of its own", async () => {
  const [one, two] = [await open(), await open()];

  expect(one.environment).toEqual({ THING_URL: one.url, THING_TOKEN: one.token });
  expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(one.token).not.toBe(two.token);
});

it("puts the account's credentials on and passes path, query, body and answer through", async () => {
  const gateway = await open();

  const response = await ask(gateway, "PUT", "/v1/other?page=2", { a: 1 });

  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ path: "/v1/other?page=2", body: '{"a":1}' });
  expect(peer.seen[0]).toMatchObject({ method: "PUT", authorization: "Bearer the-real-token" });
  expect(peer.seen[0]?.headers.host).toBe(new URL(endpoint).host);
});

it("sends what a cloud's profile makes of a body, and everything else as it came", async () => {
  const cloud = cloudOf();
  const amend = (method: string, _path: string, body: unknown) =>
    method === "PATCH" ? { ...(body as object), tags: ["kept"] } : undefined;
  const gateway = await open({ cloud: { ...cloud, gateway: { ...cloud.gateway!, amend } } });

  await ask(gateway, "PATCH", "/v1/other", { label: "new", tags: null });
  await ask(gateway, "PUT", "/v1/other", { tags: null });

  expect(peer.seen.map(({ body }) => body)).toEqual(['{"label":"new","tags":["kept"]}', '{"tags":null}']);
});

it("puts the secrets of a server into its create alone, and takes them out of what the cloud complains of", async () => {
  const cloud = cloudOf();
  const withSecrets = (body: Readonly<Record<string, unknown>>, { rootPassword }: ServerSecrets) => ({
    ...body,
    root_pass: rootPassword,
  });
  const secrets = new Map([["fw-one", { rootPassword: "hunter2hunter2" }]]);
  const gateway = await open({ secrets, cloud: { ...cloud, gateway: { ...cloud.gateway!, withSecrets } } });
  peer.creates.push((_, response) => reply(response, 400, { message: "hunter2hunter2 is too weak" }));

  const refused = await create(gateway);
  await create(gateway);
  await create(gateway, "fw-two");

  expect(await refused.text()).toBe('{"message":"[redacted] is too weak"}');
  expect(peer.posts.map(({ body }) => JSON.parse(body).root_pass)).toEqual([
    "hunter2hunter2",
    "hunter2hunter2",
    undefined,
  ]);
  expect(logged.join()).not.toContain("hunter2");
});

it.each([
  { name: "refuses a request without a token", authorization: undefined },
  { name: "refuses the real token, which is not the run's", authorization: "Bearer the-real-token" },
  { name: "refuses a token of another run", authorization: `Bearer ${"x".repeat(32)}` },
])("$name", async ({ authorization }) => {
  const gateway = await open();

  const response = await fetch(`${gateway.url}/v1/things`, {
    method: "POST",
    body: '{"mark":"m"}',
    headers: authorization ? { authorization } : {},
  });

  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({
    errors: [{ reason: expect.any(String) }],
    message: expect.any(String),
  });
  expect(peer.seen).toEqual([]);
  expect(journal.entries.size).toBe(0);
});

it("stores the intent before the create is sent, and the id after it was answered", async () => {
  const gateway = await open();
  const sentAtBegin: number[] = [];
  journal.onBegin = () => sentAtBegin.push(peer.posts.length);

  const response = await create(gateway);

  expect(await response.json()).toEqual({ id: 1, by: "create" });
  expect(sentAtBegin).toEqual([0]);
  expect(journal.entries.get("fw-one")).toMatchObject({ account: "things", kind: "Server", id: "1" });
});

it("answers with the machine that was made when the answer to its create was lost", async () => {
  const gateway = await open();
  peer.creates.push(loseAnswer);

  const response = await create(gateway);

  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({ id: 1, by: "look" });
  expect(peer.things).toHaveLength(1);
  expect(gateway.stats).toMatchObject({ unanswered: 1, recovered: 1 });
});

it("answers a repeated create with the machine of the first", async () => {
  const gateway = await open();
  await create(gateway);

  const again = await create(gateway);

  expect(await again.json()).toEqual({ id: 1, by: "look" });
  expect(peer.posts).toHaveLength(1);
});

it("sends one of two identical creates that come at once", async () => {
  const gateway = await open();
  peer.creates.push(async (_, response, make) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    reply(response, 201, { id: make(), by: "create" });
  });

  const answers = await Promise.all([create(gateway), create(gateway), create(gateway, "fw-two")]);

  const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: number }).id));
  expect(peer.things.map((thing) => thing.mark).sort()).toEqual(["fw-one", "fw-two"]);
  expect(ids[0]).toBe(ids[1]);
});

it("waits for a create that takes effect only after its connection was lost", async () => {
  const gateway = await open();
  peer.creates.push((_, response, make) => {
    response.destroy();
    setTimeout(make, SETTLE_MS / 5);
  });

  const response = await create(gateway);

  expect(response.status).toBe(201);
  expect(peer.things).toHaveLength(1);
});

it("passes a failure on when nothing shows, and sends the retry only after two looks", async () => {
  const gateway = await open();
  peer.creates.push((_, response) => reply(response, 500, { message: "broken" }));

  const first = await create(gateway);
  const looksBefore = peer.seen.filter((request) => request.method === "GET").length;
  const second = await create(gateway);

  expect(first.status).toBe(500);
  expect(await first.json()).toEqual({ message: "broken" });
  expect(journal.explained).toEqual([
    { key: "fw-one", code: "CLOUD_UNAVAILABLE", message: expect.stringContaining("the cloud failed") },
  ]);
  expect(second.status).toBe(201);
  expect(peer.seen.filter((request) => request.method === "GET").length - looksBefore).toBeGreaterThanOrEqual(2);
  expect(peer.things).toHaveLength(1);
});

it("sends a create whose intent was stored by a process that died before sending it, once the settle time is over", async () => {
  await journal.begin({ account: "things", kind: "Server", key: "fw-one" });
  const gateway = await open();
  const startedAt = Date.now();

  const response = await create(gateway);

  expect(await response.json()).toEqual({ id: 1, by: "create" });
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(SETTLE_MS - 20);
});

it("takes over what a process that died after sending has made, also when it shows late", async () => {
  await journal.begin({ account: "things", kind: "Server", key: "fw-one" });
  setTimeout(() => peer.make("fw-one"), SETTLE_MS / 2);
  const gateway = await open();

  const response = await create(gateway);

  expect(await response.json()).toEqual({ id: 1, by: "look" });
  expect(peer.posts).toHaveLength(0);
  expect(journal.entries.get("fw-one")?.id).toBe("1");
});

it("does not send a create again while looks fail", async () => {
  await journal.begin({ account: "things", kind: "Server", key: "fw-one" });
  for (let i = 0; i < 100; i++) peer.looks.push((_, response) => reply(response, 403, {}));
  const gateway = await open();

  const response = await create(gateway);

  expect(response.status).toBe(502);
  expect(peer.posts).toHaveLength(0);
  expect(gateway.stats.withheld).toBe(1);
});

it("drops the intent of a create the cloud refused, and passes its words on", async () => {
  const gateway = await open();
  peer.creates.push((_, response) => reply(response, 422, { message: "no such size" }));

  const response = await create(gateway);

  expect(response.status).toBe(422);
  expect(await response.json()).toEqual({ message: "no such size" });
  expect(journal.entries.size).toBe(0);
  expect(journal.explained).toEqual([{ key: "fw-one", code: "CLOUD_REFUSED", message: "no such size" }]);
});

it("takes a refusal after a lost create for the name of the lost machine", async () => {
  await journal.begin({ account: "things", kind: "Server", key: "fw-one" });
  const gateway = await open();
  peer.creates.push((_, response, make) => {
    make(); // as if the first had shown just now
    reply(response, 400, { message: "name is taken" });
  });

  const response = await create(gateway);

  expect(await response.json()).toEqual({ id: 1, by: "look" });
});

it("keeps the intent of a refused create while it cannot look whether an earlier one took the name", async () => {
  await journal.begin({ account: "things", kind: "Server", key: "fw-one" });
  const gateway = await open();
  peer.creates.push((_, response) => {
    for (let i = 0; i < 5; i++) peer.looks.push((__, look) => reply(look, 500, {}));
    reply(response, 400, { message: "name is taken" });
  });

  const response = await create(gateway);

  expect(response.status).toBe(400);
  expect(journal.entries.has("fw-one")).toBe(true);
  expect(journal.explained).toEqual([]);
});

it("sends nothing when the intent cannot be stored", async () => {
  const gateway = await open();
  journal.begin = async () => {
    throw new FleetError("STORE_FAILED", "the store is full");
  };

  const response = await create(gateway);

  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ message: "the store is full" });
  expect(peer.posts).toHaveLength(0);
});

it("makes a machine anew when direct reads say twice that the answered one is gone", async () => {
  await journal.begin({ account: "things", kind: "Server", key: "fw-one" });
  await journal.answered("things", "fw-one", "77");
  const gateway = await open();

  const response = await create(gateway);

  expect(response.status).toBe(201);
  expect(peer.seen.filter((request) => request.url === "/v1/things/77")).toHaveLength(2);
});

it("makes no second machine while the answered one is there without its mark", async () => {
  const id = peer.make("somebody-took-the-mark-off");
  await journal.begin({ account: "things", kind: "Server", key: "fw-one" });
  await journal.answered("things", "fw-one", String(id));
  const gateway = await open();

  const response = await create(gateway);

  expect(response.status).toBe(409);
  expect(peer.posts).toHaveLength(0);
});

it("waits an answer 429 to a create out and tells the budget", async () => {
  const gateway = await open();
  peer.creates.push((_, response) => reply(response, 429, {}, { "retry-after": "0" }));

  const response = await create(gateway);

  expect(response.status).toBe(201);
  expect(peer.things).toHaveLength(1);
  expect(gateway.stats.rateLimited).toBe(1);
});

it("gives a create up that is answered 429 again and again, after pauses that double, and has no plugin go on with it", async () => {
  const waits: number[] = [];
  const gateway = await open({ sleep: async (ms) => void waits.push(ms) });
  for (let times = 0; times < 9; times++) peer.creates.push((_, response) => reply(response, 429, { message: "slow" }));

  const response = await create(gateway);

  expect(response.status).toBe(409);
  expect(response.headers.has("retry-after")).toBe(false);
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(peer.posts).toHaveLength(5);
  expect(journal.explained).toEqual([{ key: "fw-one", code: "CLOUD_RATE_LIMITED", message: "slow" }]);
});

it("tells nobody that a failed create came to nothing while it cannot look", async () => {
  for (let times = 0; times < 100; times++) peer.looks.push((_, response) => reply(response, 500, {}));
  peer.creates.push((_, response) => reply(response, 500, { message: "broken" }));
  const gateway = await open();

  expect((await create(gateway)).status).toBe(500);
  expect(journal.explained).toEqual([]);
});

it("sends no more than the budget allows", async () => {
  const budget = createBudget({ token: { limit: 4, windowMs: 400 } });
  const gateway = await open({ account: accountOf(endpoint, budget) });
  const startedAt = Date.now();

  await Promise.all(
    Array.from({ length: 8 }, () => ask(gateway, "GET", "/v1/other").then((response) => response.text())),
  );

  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(400);
  expect(peer.seen).toHaveLength(8);
});

it("writes down the id of a create whose caller has died meanwhile", async () => {
  const gateway = await open();
  peer.creates.push(async (_, response, make) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    reply(response, 201, { id: make() });
  });
  const caller = new AbortController();
  const asked = create(gateway, "fw-one", {}, { signal: caller.signal });
  await expect.poll(() => peer.posts.length).toBe(1);

  caller.abort();
  await expect(asked).rejects.toThrow();

  await expect.poll(() => journal.entries.get("fw-one")?.id).toBe("1");
});

it("sends nothing for a caller that died while the gateway was looking", async () => {
  await journal.begin({ account: "things", kind: "Server", key: "fw-one" });
  const gateway = await open();
  const caller = new AbortController();
  const asked = create(gateway, "fw-one", {}, { signal: caller.signal });
  await expect.poll(() => peer.seen.length).toBeGreaterThan(0);

  caller.abort();
  await expect(asked).rejects.toThrow();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS + 200));

  expect(peer.posts).toHaveLength(0);
});

it("ends while a create is under way, and leaves its intent open or answered", async () => {
  const gateway = await open();
  peer.creates.push(async (_, response, make) => {
    const id = make();
    await new Promise((resolve) => setTimeout(resolve, 100));
    reply(response, 201, { id });
  });
  const asked = create(gateway).catch((error: unknown) => error);
  await expect.poll(() => peer.posts.length).toBe(1);

  await gateway.close();
  await asked;

  expect(journal.entries.get("fw-one")).toMatchObject({ id: "1" });
});

it("answers 504 when the cloud does not answer, and cuts the connection when the cloud cuts it", async () => {
  const gateway = await open({ answerMs: 150 });
  peer.looks.push(
    () => {},
    (_, response) => void response.destroy(),
  );

  const silent = await ask(gateway, "GET", "/v1/things?x");

  expect(silent.status).toBe(504);
  await expect(ask(gateway, "GET", "/v1/things?x")).rejects.toThrow();
});

it("says that the cloud cannot be reached, and keeps no intent of a create that never left", async () => {
  const gateway = await open();
  await peer.close();

  const response = await create(gateway);

  expect(response.status).toBe(502);
  expect(journal.entries.size).toBe(0);
});

it("makes an attachment anew that was made before and is gone", async () => {
  const gateway = await open();
  await create(gateway, "a-to-b", { kind: "Attachment" });
  peer.things.length = 0;

  const response = await create(gateway, "a-to-b", { kind: "Attachment" });

  expect(await response.json()).toEqual({ id: 2, by: "create" });
});

it("logs neither tokens nor bodies", async () => {
  const gateway = await open();
  peer.creates.push(loseAnswer);

  await create(gateway);
  await ask(gateway, "GET", "/v1/things?token=query-secret");

  expect(logged.length).toBeGreaterThan(0);
  const text = logged.join("\n");
  for (const secret of ["the-real-token", gateway.token, "body-secret", "query-secret"])
    expect(text).not.toContain(secret);
});
