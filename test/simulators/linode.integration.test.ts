import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../simulators/client.ts";
import { LINODE_TOKEN, startLinode } from "../../simulators/linode/index.ts";
import type { Simulator, SimulatorOptions } from "../../simulators/simulator.ts";
import { clientOf, type Json, WAIT } from "./http.ts";

const INSTANCES = "/v4/linode/instances";
const EVENTS = "/v4/account/events";
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";

let simulator: Simulator;
let control: SimulatorClient;
let send: ReturnType<typeof clientOf>;

async function start(options: SimulatorOptions = {}): Promise<void> {
  await simulator?.close();
  simulator = await startLinode({ provisionMs: 30, actionMs: 20, rateScale: 0, ...options });
  control = new SimulatorClient(simulator.url);
  send = clientOf(simulator.url, { authorization: `Bearer ${LINODE_TOKEN}` });
}
beforeEach(() => start());
afterEach(() => simulator.close());

const wanted = (label: string, more: object = {}) => ({
  region: "us-east",
  type: "g6-standard-1",
  image: "linode/debian12",
  root_pass: "not-a-real-password",
  label,
  ...more,
});
async function create(label: string, more: object = {}): Promise<Json> {
  const { status, body } = await send("POST", INSTANCES, wanted(label, more));
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}
const statusOf = async (id: number) => (await send("GET", `${INSTANCES}/${id}`)).body.status;
const until = (id: number, status: string) => expect.poll(() => statusOf(id), WAIT).toBe(status);
async function running(label: string, more: object = {}): Promise<Json> {
  const linode = await create(label, more);
  await until(linode.id, "running");
  return linode;
}
const eventsOf = async (id: number, action: string): Promise<Json[]> => {
  const filter = { "+order": "desc", "+order_by": "created", action, "entity.id": id, "entity.type": "linode" };
  return (await send("GET", `${EVENTS}?page=1`, undefined, { "X-Filter": JSON.stringify(filter) })).body.data;
};

describe("access to the simulated Linode", () => {
  it("refuses a wrong token, and none where one is needed", async () => {
    for (const authorization of ["Bearer wrong", ""]) {
      const refused = await send("GET", INSTANCES, undefined, { authorization });
      expect([refused.status, refused.body]).toEqual([401, { errors: [{ reason: "Invalid Token" }] }]);
    }
    expect((await fetch(`${simulator.url}/v4/account`)).status).toBe(401);
  });

  it("sells its catalogue without a token", async () => {
    for (const path of ["linode/types", "linode/kernels", "regions", "images", "linode/types/g6-nanode-1"]) {
      expect((await fetch(`${simulator.url}/v4/${path}`)).status, path).toBe(200);
    }
    const types = (await send("GET", "/v4/linode/types")).body.data as Json[];
    expect(types.length).toBeGreaterThanOrEqual(12);
    expect(types.some((type) => type.gpus > 0 && type.price.monthly > 0)).toBe(true);
  });

  it("takes the token it was started with, on both versions, and answers other paths with 404", async () => {
    await start({ token: "own" });
    send = clientOf(simulator.url, { authorization: "Bearer own" });

    expect((await send("GET", "/v4beta/linode/instances")).status).toBe(200);
    expect(await send("GET", "/v3/linode/instances")).toMatchObject({
      status: 404,
      body: { errors: [{ reason: "Not found" }] },
    });
  });
});

describe("creating a Linode", () => {
  it("goes from provisioning over booting to running, with events", async () => {
    await start({ provisionMs: 800 });
    const linode = await create("node-1", { tags: ["web"], booted: true });

    expect(linode).toMatchObject({ status: "provisioning", label: "node-1", tags: ["web"], watchdog_enabled: true });
    expect(linode.created).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    expect(await eventsOf(linode.id, "linode_create")).toMatchObject([{ status: "started" }]);
    await until(linode.id, "booting");
    await until(linode.id, "running");
    const [event] = await eventsOf(linode.id, "linode_create");
    expect(event).toMatchObject({
      status: "finished",
      percent_complete: 100,
      entity: { id: linode.id, type: "linode" },
    });
    expect(await eventsOf(linode.id, "linode_boot")).toMatchObject([{ status: "finished" }]);
  });

  it.each([
    { name: "booted is false", more: { booted: false } },
    { name: "there is no image", more: { image: undefined, root_pass: undefined } },
  ])("leaves it offline when $name", async ({ more }) => {
    const { id } = await create("still", more);

    await until(id, "offline");
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(await statusOf(id)).toBe("offline");
  });

  it.each([
    { name: "a label that is taken", body: wanted("taken-1"), field: "label", reason: "Label must be unique" },
    { name: "a label that is too short", body: wanted("ab"), field: "label", reason: /3-64/ },
    { name: "a label with doubled dashes", body: wanted("a--b"), field: "label", reason: /single dashes/ },
    { name: "an unknown type", body: wanted("x-1", { type: "g9-huge" }), field: "type", reason: /not found/ },
    {
      name: "an unknown region",
      body: wanted("x-1", { region: "mars" }),
      field: "region",
      reason: "region is not valid",
    },
    {
      name: "an unknown image",
      body: wanted("x-1", { image: "linode/dos" }),
      field: "image",
      reason: "image is not valid",
    },
    { name: "no region", body: wanted("x-1", { region: undefined }), field: "region", reason: "region is required" },
    {
      name: "an image without a way in",
      body: wanted("x-1", { root_pass: undefined }),
      field: "root_pass",
      reason: /required/,
    },
    { name: "a tag that is too short", body: wanted("x-1", { tags: ["ab"] }), field: "tags", reason: /3-50/ },
    { name: "a tag that is too long", body: wanted("x-1", { tags: ["t".repeat(51)] }), field: "tags", reason: /3-50/ },
    {
      name: "a key that is none",
      body: wanted("x-1", { authorized_keys: ["hello"] }),
      field: "authorized_keys",
      reason: /not valid/,
    },
    {
      name: "user data that is not base64",
      body: wanted("x-1", { metadata: { user_data: "#cloud" } }),
      field: "metadata.user_data",
      reason: /Base64/,
    },
    {
      name: "a firewall that is not there",
      body: wanted("x-1", { firewall_id: 7 }),
      field: "firewall_id",
      reason: /not found/,
    },
    {
      name: "a GPU where there are none",
      body: wanted("x-1", { type: "g2-gpu-rtx4000a1-s", region: "eu-west" }),
      field: "type",
      reason: /not available in eu-west/,
    },
    { name: "a boolean that is text", body: wanted("x-1", { booted: "yes" }), field: "booted", reason: /Boolean/ },
  ])("refuses $name and makes nothing", async ({ body, field, reason }) => {
    await create("taken-1");

    const refused = await send("POST", INSTANCES, body);

    expect(refused.status).toBe(400);
    expect(refused.body.errors).toEqual([
      { field, reason: typeof reason === "string" ? reason : expect.stringMatching(reason) },
    ]);
    expect(await control.servers()).toHaveLength(1);
  });

  it("tells everything that is wrong at once, and refuses what is no JSON", async () => {
    const refused = await send("POST", INSTANCES, { label: "a" });
    const fields = refused.body.errors.map((error: Json) => error.field);
    expect(fields).toEqual(["region", "type", "label"]);

    const broken = await fetch(simulator.url + INSTANCES, {
      method: "POST",
      headers: { authorization: `Bearer ${LINODE_TOKEN}` },
      body: "{",
    });
    expect(broken.status).toBe(400);
  });

  it("takes a key instead of a password, and a firewall from the start", async () => {
    const firewall = await send("POST", "/v4/networking/firewalls", {
      label: "edge",
      rules: { inbound_policy: "DROP", outbound_policy: "ACCEPT" },
    });
    const linode = await create("keyed", {
      root_pass: undefined,
      authorized_keys: [KEY],
      firewall_id: firewall.body.id,
    });

    const behind = await send("GET", `${INSTANCES}/${linode.id}/firewalls`);

    expect(behind.body.data).toMatchObject([{ id: firewall.body.id }]);
  });
});

describe("actions on a Linode", () => {
  it("takes one at a time", async () => {
    await start({ provisionMs: 30, actionMs: 300 });
    const { id } = await running("busy-1");

    expect((await send("POST", `${INSTANCES}/${id}/reboot`, {})).status).toBe(200);
    const refused = await send("POST", `${INSTANCES}/${id}/shutdown`, {});

    expect([refused.status, refused.body]).toEqual([400, { errors: [{ reason: "Linode busy." }] }]);
    await until(id, "running");
  });

  it("stays off after a resize when it was off, and a reboot starts it", async () => {
    const { id } = await running("resize-1");
    await send("POST", `${INSTANCES}/${id}/shutdown`, {});
    await until(id, "offline");
    const disks = (await send("GET", `${INSTANCES}/${id}/disks`)).body.data;
    const total = disks.reduce((sum: number, disk: Json) => sum + disk.size, 0);

    const body = { type: "g6-standard-2", migration_type: "cold", allow_auto_disk_resize: false };
    expect((await send("POST", `${INSTANCES}/${id}/resize`, body)).status).toBe(200);
    await expect.poll(async () => (await eventsOf(id, "linode_resize"))[0]?.status, WAIT).toBe("finished");

    const { body: resized } = await send("GET", `${INSTANCES}/${id}`);
    expect(resized).toMatchObject({ type: "g6-standard-2", status: "offline", specs: { memory: 4096, disk: 81_920 } });
    const after = (await send("GET", `${INSTANCES}/${id}/disks`)).body.data;
    expect(after.reduce((sum: number, disk: Json) => sum + disk.size, 0)).toBe(total);
    const [config] = (await send("GET", `${INSTANCES}/${id}/configs`)).body.data;
    await send("POST", `${INSTANCES}/${id}/reboot`, { config_id: config.id });
    await until(id, "running");
    expect(await eventsOf(id, "linode_reboot")).toMatchObject([{ status: "finished" }]);
  });

  it("runs again after a resize when it ran before, with its disk grown", async () => {
    await start({ actionMs: 250 });
    const { id } = await running("resize-2");

    await send("POST", `${INSTANCES}/${id}/resize`, { type: "g6-standard-2" });
    expect(await statusOf(id)).toBe("migrating");
    await until(id, "running");

    const disks = (await send("GET", `${INSTANCES}/${id}/disks`)).body.data;
    expect(disks.reduce((sum: number, disk: Json) => sum + disk.size, 0)).toBe(81_920);
  });

  it.each([
    { name: "to the same plan", type: "g6-standard-1", reason: /already running/ },
    { name: "to a plan that is not sold", type: "g9", reason: /not found/ },
    { name: "to a disk that is too small", type: "g6-nanode-1", reason: /do not fit/ },
    { name: "to a GPU where there are none", type: "g1-gpu-rtx6000-1", region: "eu-west", reason: /not available/ },
  ])("refuses a resize $name", async ({ type, reason, region = "us-east" }) => {
    const { id } = await running("resize-3", { region });

    const refused = await send("POST", `${INSTANCES}/${id}/resize`, { type, allow_auto_disk_resize: false });

    expect(refused.status).toBe(400);
    expect(refused.body.errors[0].reason).toMatch(reason);
    expect(await statusOf(id)).toBe("running");
  });

  it("refuses to boot what runs, and a configuration of another machine", async () => {
    const one = await running("boot-1");
    const two = await running("boot-2");
    const [config] = (await send("GET", `${INSTANCES}/${two.id}/configs`)).body.data;

    expect((await send("POST", `${INSTANCES}/${one.id}/boot`, {})).body.errors[0].reason).toMatch(/already booted/);
    const refused = await send("POST", `${INSTANCES}/${one.id}/reboot`, { config_id: config.id });
    expect(refused.body.errors).toMatchObject([{ field: "config_id" }]);
  });

  it("deletes with an event, and frees the label only then", async () => {
    await start({ actionMs: 250 });
    const { id } = await running("gone-1");

    expect((await send("DELETE", `${INSTANCES}/${id}`)).status).toBe(200);
    expect(await statusOf(id)).toBe("deleting");
    expect((await send("POST", INSTANCES, wanted("gone-1"))).status).toBe(400);
    await expect.poll(async () => (await send("GET", `${INSTANCES}/${id}`)).status, WAIT).toBe(404);

    expect(await eventsOf(id, "linode_delete")).toMatchObject([{ status: "finished" }]);
    expect((await send("DELETE", `${INSTANCES}/${id}`)).body).toEqual({ errors: [{ reason: "Not found" }] });
    await create("gone-1");
  });

  it("can be deleted while it is provisioned, which fails the create's event", async () => {
    await start({ provisionMs: 500 });
    const { id } = await create("early");

    await send("DELETE", `${INSTANCES}/${id}`);
    await expect.poll(async () => (await send("GET", `${INSTANCES}/${id}`)).status, WAIT).toBe(404);

    expect(await eventsOf(id, "linode_create")).toMatchObject([{ status: "failed" }]);
  });

  it("changes labels and tags, refusing a label that is taken", async () => {
    const { id } = await running("name-1");
    await create("name-2");

    expect((await send("PUT", `${INSTANCES}/${id}`, { label: "name-2" })).status).toBe(400);
    const changed = await send("PUT", `${INSTANCES}/${id}`, { label: "name-1", tags: ["Blue", "blue", "red"] });

    expect(changed.body).toMatchObject({ label: "name-1", tags: ["blue", "red"] });
    expect((await send("GET", "/v4/tags")).body.data).toEqual([{ label: "blue" }, { label: "red" }]);
  });
});

describe("lists of the simulated Linode", () => {
  it("page by 100, at least 25 and at most 500, and are empty past the end", async () => {
    for (let n = 0; n < 105; n += 1) await control.addForeign({ name: `server-${n}`, tags: [n % 2 ? "odd" : "even"] });

    const first = (await send("GET", INSTANCES)).body;
    const second = (await send("GET", `${INSTANCES}?page=2`)).body;
    const past = (await send("GET", `${INSTANCES}?page=100&page_size=25`)).body;

    expect([first.data.length, first.page, first.pages, first.results]).toEqual([100, 1, 2, 105]);
    expect(second.data.map((linode: Json) => linode.label)).toEqual(
      [100, 101, 102, 103, 104].map((n) => `server-${n}`),
    );
    expect([past.data.length, past.pages]).toEqual([0, 5]);
    expect((await send("GET", `${INSTANCES}?page_size=500`)).body.data).toHaveLength(105);
    for (const size of ["24", "501", "x"]) {
      const refused = await send("GET", `${INSTANCES}?page_size=${size}`);
      expect([refused.status, refused.body.errors[0].field]).toEqual([400, "page_size"]);
    }
  });

  it.each([
    { name: "a tag", filter: { tags: "red" }, labels: ["a-1", "c-1"] },
    { name: "a label", filter: { label: "b-1" }, labels: ["b-1"] },
    { name: "several at once", filter: { tags: "red", region: "eu-west" }, labels: ["c-1"] },
    { name: "alternatives", filter: { "+or": [{ label: "a-1" }, { label: "b-1" }] }, labels: ["a-1", "b-1"] },
    {
      name: "conditions in a list",
      filter: { "+and": [{ tags: "red" }, { label: { "+contains": "A-" } }] },
      labels: ["a-1"],
    },
    { name: "a comparison", filter: { id: { "+gt": 1001 } }, labels: ["b-1", "c-1"] },
    { name: "an order", filter: { "+order_by": "label", "+order": "desc" }, labels: ["c-1", "b-1", "a-1"] },
  ])("filter by $name", async ({ filter, labels }) => {
    await control.addForeign({ name: "a-1", tags: ["red"] });
    await control.addForeign({ name: "b-1", tags: ["blue"] });
    await control.addForeign({ name: "c-1", tags: ["red", "blue"], region: "eu-west" });

    const page = await send("GET", INSTANCES, undefined, { "X-Filter": JSON.stringify(filter) });

    expect(page.body.data.map((linode: Json) => linode.label)).toEqual(labels);
    expect(page.body.results).toBe(labels.length);
  });

  it.each([`{"specs.memory":1}`, `{"label":{"+like":"x"}}`, "[1]", "{", `{"+or":1}`])(
    "refuse the filter %s",
    async (filter) => {
      await control.addForeign({ name: "a-1" });

      expect((await send("GET", INSTANCES, undefined, { "X-Filter": filter })).status).toBe(400);
    },
  );

  it("show a new machine only after the lag, which a single read does not have", async () => {
    await start({ listLagMs: 400 });
    const { id } = await create("lagging");

    expect((await send("GET", `${INSTANCES}/${id}`)).status).toBe(200);
    expect((await send("GET", INSTANCES)).body.results).toBe(0);
    await expect.poll(async () => (await send("GET", INSTANCES)).body.results, WAIT).toBe(1);
  });

  it("hold a thousand machines cheaply", async () => {
    for (let n = 0; n < 1000; n += 1) await control.addForeign({ name: `server-${n}` });
    const cpu = process.cpuUsage();

    const pages = await Promise.all([1, 2].map((page) => send("GET", `${INSTANCES}?page=${page}&page_size=500`)));

    expect(pages.flatMap((page) => page.body.data)).toHaveLength(1000);
    expect(process.cpuUsage(cpu).user / 1000).toBeLessThan(500);
  });
});

describe("limits of the simulated Linode", () => {
  it("allow 200 pages a minute, with the real headers", async () => {
    await start({ rateScale: 1 });
    const first = await send("GET", INSTANCES);
    for (let sent = 1; sent < 200; sent += 1) await send("GET", INSTANCES);

    const refused = await send("GET", INSTANCES);

    expect([first.headers.get("x-ratelimit-limit"), first.headers.get("x-ratelimit-remaining")]).toEqual([
      "200",
      "199",
    ]);
    expect(refused.status).toBe(429);
    expect(refused.body).toEqual({ errors: [{ reason: "Too many requests" }] });
    const retryAfter = Number(refused.headers.get("retry-after"));
    expect(retryAfter).toBeGreaterThan(50);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(Number(refused.headers.get("x-ratelimit-reset"))).toBeGreaterThan(Date.now() / 1000);
    // Other requests have their own allowance.
    expect((await send("GET", "/v4/linode/types/g6-nanode-1")).headers.get("x-ratelimit-limit")).toBe("1600");
  });

  it("allow 20 creates in 15 seconds, and more as the window slides on", async () => {
    await start({ rateScale: 7.5 });
    const statuses: number[] = [];
    for (let n = 0; n < 21; n += 1) statuses.push((await send("POST", INSTANCES, wanted(`many-${n}`))).status);

    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expect(statuses.at(-1)).toBe(429);
    await new Promise((resolve) => setTimeout(resolve, 2_050));
    expect((await send("POST", INSTANCES, wanted("later"))).status).toBe(200);
  });
});

describe("firewalls of the simulated Linode", () => {
  const FIREWALLS = "/v4/networking/firewalls";
  const rules = { inbound: [], inbound_policy: "DROP", outbound: [], outbound_policy: "ACCEPT" };
  const rule = (more: object = {}) => ({
    action: "ACCEPT",
    protocol: "TCP",
    ports: "22, 80, 8000-8080",
    addresses: { ipv4: ["10.0.0.0/8"], ipv6: ["::/0"] },
    ...more,
  });

  it("stand before a machine one at a time", async () => {
    const { id } = await create("walled");
    const one = (await send("POST", FIREWALLS, { label: "one", rules, devices: { linodes: [id] } })).body;
    const two = (await send("POST", FIREWALLS, { label: "two", rules })).body;

    const refused = await send("POST", `${FIREWALLS}/${two.id}/devices`, { id, type: "linode" });
    expect(refused.status).toBe(400);
    const [device] = (await send("GET", `${FIREWALLS}/${one.id}/devices`)).body.data;
    await send("DELETE", `${FIREWALLS}/${one.id}/devices/${device.id}`);

    const taken = await send("POST", `${FIREWALLS}/${two.id}/devices`, { id, type: "linode" });
    expect([taken.status, taken.body.entity.id]).toEqual([200, id]);
    await control.remove(String(id));
    expect((await send("GET", `${FIREWALLS}/${two.id}/devices`)).body.data).toEqual([]);
  });

  it("take whole rule sets", async () => {
    const { id } = (await send("POST", FIREWALLS, { label: "rules", rules })).body;

    const answer = await send("PUT", `${FIREWALLS}/${id}/rules`, { ...rules, inbound: [rule({ label: "ssh" })] });

    expect(answer.body).toMatchObject({
      inbound: [{ label: "ssh", ports: "22, 80, 8000-8080" }],
      inbound_policy: "DROP",
    });
    expect((await send("GET", `${FIREWALLS}/${id}`)).body.rules.inbound).toHaveLength(1);
  });

  it.each([
    { name: "a port that is none", inbound: [rule({ ports: "0-70000" })], field: "rules.inbound[0].ports" },
    { name: "ports of ICMP", inbound: [rule({ protocol: "ICMP" })], field: "rules.inbound[0].ports" },
    {
      name: "an address that is none",
      inbound: [rule({ addresses: { ipv4: ["10.0.0.0/40"] } })],
      field: "rules.inbound[0].addresses.ipv4",
    },
    { name: "an unknown protocol", inbound: [rule({ protocol: "tcp" })], field: "rules.inbound[0].protocol" },
    { name: "too many rules", inbound: Array.from({ length: 26 }, () => rule()), field: "rules.inbound" },
  ])("refuse $name", async ({ inbound, field }) => {
    const refused = await send("POST", FIREWALLS, { label: "bad", rules: { ...rules, inbound } });

    expect(refused.status).toBe(400);
    expect(refused.body.errors.map((error: Json) => error.field)).toEqual([field]);
  });

  it("have labels of their own, 3 to 32 characters", async () => {
    await send("POST", FIREWALLS, { label: "same", rules });

    for (const label of ["same", "ab", "x".repeat(33)]) {
      expect((await send("POST", FIREWALLS, { label, rules })).body.errors[0].field).toBe("label");
    }
  });
});

describe("control of the simulated Linode", () => {
  it("shows machines with their marks, changes them without events and removes them", async () => {
    const mark = "fw-abcdefghij234567abcd";
    const { id } = await running("marked", { tags: ["web", mark] });
    const events = (await send("GET", EVENTS)).body.results;

    expect(await control.servers()).toMatchObject([
      { id: String(id), name: "marked", mark, power: "running", status: "running" },
    ]);
    await control.change(String(id), { power: "stopped", size: "g6-standard-4", tags: ["other"] });

    expect((await send("GET", `${INSTANCES}/${id}`)).body).toMatchObject({
      status: "offline",
      type: "g6-standard-4",
      tags: ["other"],
    });
    await control.remove(String(id));
    expect((await send("GET", `${INSTANCES}/${id}`)).status).toBe(404);
    expect((await send("GET", EVENTS)).body.results).toBe(events);
    await expect(control.addForeign({ size: "g9" })).rejects.toThrow(/no type g9; there are g6-nanode-1/);
  });

  it("replaces ids in the routes of its counts", async () => {
    await send("GET", "/v4/linode/types/g6-nanode-1");
    await send("GET", "/v4/regions/us-east/availability");
    await send("GET", "/v4/images/linode%2Fdebian12");
    await send("GET", `${INSTANCES}/77`);

    expect((await control.calls()).map((call) => call.route)).toEqual([
      "/v4/linode/types/:id",
      "/v4/regions/:id/availability",
      "/v4/images/:id",
      "/v4/linode/instances/:id",
    ]);
  });
});
