import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../simulators/client.ts";
import { gatekeeper } from "../../simulators/hyperstack/gatekeeper.ts";
import { HYPERSTACK_KEY, startHyperstack } from "../../simulators/hyperstack/index.ts";
import type { Simulator, SimulatorOptions } from "../../simulators/simulator.ts";
import { clientOf, type Json, WAIT } from "./http.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";
const VMS = "/v1/core/virtual-machines";

let simulator: Simulator;
let control: SimulatorClient;
let send: ReturnType<typeof clientOf>;

async function start(options: SimulatorOptions = {}): Promise<void> {
  await simulator?.close();
  simulator = await startHyperstack({ provisionMs: 30, actionMs: 20, rateScale: 0, ...options });
  control = new SimulatorClient(simulator.url);
  send = clientOf(simulator.url, { api_key: HYPERSTACK_KEY });
  const key = { name: "ops", environment_name: "default-CANADA-1", public_key: KEY };
  expect((await send("POST", "/v1/core/keypairs", key)).status).toBe(200);
}
beforeEach(() => start());
afterEach(() => simulator.close());

const wanted = (name: string, more: object = {}) => ({
  name,
  environment_name: "default-CANADA-1",
  image_name: "Debian 12",
  flavor_name: "n3-L40x1",
  key_name: "ops",
  count: 1,
  ...more,
});
const create = (name: string, more: object = {}) => send("POST", VMS, wanted(name, more));
const read = async (id: number): Promise<Json> => (await send("GET", `${VMS}/${id}`)).body.instance;
const until = (id: number, status: string) => expect.poll(async () => (await read(id)).status, WAIT).toBe(status);
async function active(name: string, more: object = {}): Promise<number> {
  const { status, body } = await create(name, more);
  expect(status, JSON.stringify(body)).toBe(200);
  await until(body.instances[0].id, "ACTIVE");
  return body.instances[0].id;
}
const refusal = (status: number, error_reason: string, message: RegExp) => ({
  status,
  body: { status: false, error_reason, message: expect.stringMatching(message) },
});

describe("access to the simulated Hyperstack", () => {
  it("needs the key for everything", async () => {
    expect(await send("GET", "/v1/core/regions", undefined, { api_key: "wrong" })).toMatchObject(
      refusal(401, "unauthorized", /Invalid API key/),
    );
    expect((await fetch(`${simulator.url}/v1/pricebook`)).status).toBe(401);
  });

  it("answers unknown paths and things with not_found", async () => {
    for (const path of ["/v1/nothing", `${VMS}/7`, "/v1/core/firewalls/7", "/v1/core/environments/7"]) {
      expect(await send("GET", path)).toMatchObject(refusal(404, "not_found", /./));
    }
  });

  it("shuts out whoever passes 500 requests in a minute, for a minute, and does not say how long", async () => {
    let now = 0;
    const app = new Hono();
    app.use(gatekeeper({ token: HYPERSTACK_KEY, rateScale: undefined, now: () => now }));
    app.get("/", (c) => c.text("in"));
    const knock = () => app.request("/", { headers: { api_key: HYPERSTACK_KEY } });
    const statusAt = async (ms: number) => {
      now = ms;
      return (await knock()).status;
    };

    for (let sent = 0; sent < 500; sent++) expect((await knock()).status).toBe(200);
    const refused = await knock();

    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBeNull();
    expect(await refused.json()).toMatchObject({ status: false });
    expect([await statusAt(59_999), await statusAt(60_000)]).toEqual([429, 200]);
  });
});

describe("making a machine", () => {
  it("goes from CREATING over BUILD to ACTIVE, with its public address at the end", async () => {
    await start({ provisionMs: 400 });

    const { body } = await create("vm-1", { assign_floating_ip: true, labels: ["a", "b"] });

    const { id } = body.instances[0];
    expect(body.instances[0]).toMatchObject({ status: "CREATING", labels: ["a", "b"], port_randomization: true });
    await until(id, "BUILD");
    expect((await read(id)).floating_ip).toBeUndefined();
    await until(id, "ACTIVE");
    expect(await read(id)).toMatchObject({ power_state: "RUNNING", floating_ip: expect.stringMatching(/^198\./) });
  });

  it.each([
    { more: { environment_name: "none" }, is: refusal(404, "not_found", /Environment none/) },
    { more: { flavor_name: "none" }, is: refusal(404, "not_found", /Flavor none/) },
    { more: { flavor_name: "n3-H100x8" }, is: refusal(400, "bad_request", /out of stock/) },
    { more: { image_name: "none" }, is: refusal(404, "not_found", /Image none/) },
    { more: { environment_name: "default-US-1" }, is: refusal(404, "not_found", /Keypair ops in default-US-1/) },
    { more: { count: 21 }, is: refusal(400, "bad_request", /^count/) },
    { more: { name: "n".repeat(51) }, is: refusal(400, "bad_request", /^name/) },
    { more: { labels: ["two words"] }, is: refusal(400, "bad_request", /^labels/) },
    { more: { name: "taken" }, is: refusal(409, "conflict", /already exists/) },
  ])("is refused with $more", async ({ more, is }) => {
    await control.addForeign({ name: "taken" });

    expect(await create("vm-1", more)).toMatchObject(is);

    expect(await control.servers()).toHaveLength(1);
  });

  it("makes several at once", async () => {
    const { body } = await create("many", { count: 3 });

    expect(body.instances.map(({ name }: Json) => name)).toEqual(["many-0", "many-1", "many-2"]);
  });
});

describe("a machine", () => {
  it.each([
    { path: "start", from: "ACTIVE" },
    { path: "hibernate-restore", from: "ACTIVE" },
  ])("is not asked to $path while it is $from", async ({ path, from }) => {
    const id = await active("vm-1");

    expect(await send("GET", `${VMS}/${id}/${path}`)).toMatchObject(refusal(400, "bad_request", new RegExp(from)));
  });

  it("refuses everything while it is at work", async () => {
    await start({ actionMs: 2_000 });
    const id = await active("vm-1");
    await send("GET", `${VMS}/${id}/stop`);

    expect((await read(id)).status).toBe("STOPPING");
    expect(await send("GET", `${VMS}/${id}/hard-reboot`)).toMatchObject(refusal(400, "bad_request", /STOPPING/));
    expect(await send("POST", `${VMS}/${id}/resize`, { flavor_name: "n3-L40x2" })).toMatchObject({ status: 400 });
    expect(await send("POST", `${VMS}/${id}/attach-firewalls`, { firewalls: [] })).toMatchObject({ status: 400 });
    expect(await send("DELETE", `${VMS}/${id}`)).toMatchObject({ status: 400 });
  });

  it("gives up its public address when it hibernates, unless told to keep it, and gets another one", async () => {
    const id = await active("vm-1", { assign_floating_ip: true });
    const { floating_ip: address } = await read(id);

    for (const [query, kept] of [
      ["?retain_ip=true", true],
      ["", false],
    ] as const) {
      await send("GET", `${VMS}/${id}/hibernate${query}`);
      await until(id, "HIBERNATED");
      expect((await read(id)).floating_ip === address).toBe(kept);
      await send("GET", `${VMS}/${id}/hibernate-restore`);
      await until(id, "ACTIVE");
      expect((await read(id)).floating_ip === address).toBe(kept);
    }
  });

  it("has its labels replaced", async () => {
    const id = await active("vm-1", { labels: ["a", "b"] });

    await send("PUT", `${VMS}/${id}/label`, { labels: ["c"] });

    expect((await read(id)).labels).toEqual(["c"]);
  });

  it("is DELETING before it is gone, with its attachments", async () => {
    const id = await active("vm-1");
    const { body } = await send("GET", "/v1/core/environments?search=CANADA");
    const made = await send("POST", "/v1/core/firewalls", { name: "web", environment_id: body.environments[0].id });
    const at = `/v1/core/firewalls/${made.body.firewall.id}`;
    await send("POST", `${VMS}/${id}/attach-firewalls`, { firewalls: [made.body.firewall.id] });
    expect(await send("DELETE", at)).toMatchObject(refusal(409, "conflict", /attached/));

    await send("DELETE", `${VMS}/${id}`);

    expect((await read(id)).status).toBe("DELETING");
    await expect.poll(async () => (await send("GET", `${VMS}/${id}`)).status, WAIT).toBe(404);
    expect((await send("GET", at)).body.firewall.attachments).toEqual([]);
    expect((await send("DELETE", at)).status).toBe(200);
  });
});

describe("lists", () => {
  it("hold ten items unless asked for more, at most 100, and the count of all", async () => {
    await Promise.all(Array.from({ length: 105 }, () => control.addForeign()));
    const page = async (query: string) => (await send("GET", `${VMS}${query}`)).body;

    expect(await page("")).toMatchObject({ count: 105, page: 1, page_size: 10 });
    expect((await page("?pageSize=500")).instances).toHaveLength(100);
    expect((await page("?pageSize=100&page=2")).instances).toHaveLength(5);
    expect((await page("?pageSize=100&page=3")).instances).toEqual([]);
    expect(await send("GET", `${VMS}?page=x`)).toMatchObject(refusal(400, "bad_request", /^page/));
  });
});

describe("rules of a firewall", () => {
  const rule = {
    direction: "ingress",
    ethertype: "IPv4",
    protocol: "tcp",
    remote_ip_prefix: "10.0.0.0/8",
    port_range_min: 22,
    port_range_max: 22,
  };

  it.each([
    { more: { direction: "inbound" }, says: /^direction/ },
    { more: { ethertype: "IPv6" }, says: /^remote_ip_prefix/ },
    { more: { protocol: "smtp" }, says: /^protocol/ },
    { more: { protocol: "icmp" }, says: /icmp has no ports/ },
    { more: { remote_ip_prefix: "10.1.0.0/8" }, says: /^remote_ip_prefix/ },
    { more: { port_range_max: 21 }, says: /^port_range_min/ },
  ])("are refused with $more, and are there once", async ({ more, says }) => {
    const { body } = await send("GET", "/v1/core/environments");
    const made = await send("POST", "/v1/core/firewalls", { name: "web", environment_id: body.environments[0].id });
    const at = `/v1/core/firewalls/${made.body.firewall.id}/firewall-rules`;

    expect(made.body.firewall.rules).toHaveLength(2);
    expect(await send("POST", at, { ...rule, ...more })).toMatchObject(refusal(400, "bad_request", says));
    expect((await send("POST", at, rule)).status).toBe(200);
    expect(await send("POST", at, rule)).toMatchObject(refusal(409, "conflict", /already exists/));
  });
});
