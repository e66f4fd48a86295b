import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../simulators/client.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../simulators/digitalocean/index.ts";
import type { Simulator, SimulatorOptions } from "../../simulators/simulator.ts";
import { clientOf, type Json, WAIT } from "./http.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";

let simulator: Simulator;
let control: SimulatorClient;
let send: ReturnType<typeof clientOf>;

async function start(options: SimulatorOptions = {}): Promise<void> {
  await simulator?.close();
  simulator = await startDigitalOcean({ provisionMs: 30, actionMs: 20, rateScale: 0, ...options });
  control = new SimulatorClient(simulator.url);
  send = clientOf(simulator.url, { authorization: `Bearer ${DIGITALOCEAN_TOKEN}` });
}
beforeEach(() => start());
afterEach(() => simulator.close());

const wanted = (name: string, more: object = {}) => ({
  name,
  region: "nyc3",
  size: "s-1vcpu-1gb",
  image: "debian-12-x64",
  ...more,
});
async function create(name: string, more: object = {}): Promise<Json> {
  const { status, body } = await send("POST", "/v2/droplets", wanted(name, more));
  expect(status, JSON.stringify(body)).toBe(202);
  return body.droplet;
}
const read = async (id: number): Promise<Json> => (await send("GET", `/v2/droplets/${id}`)).body.droplet;
async function idle(id: number, status: string): Promise<Json> {
  await expect
    .poll(async () => ((droplet) => [droplet.status, droplet.locked])(await read(id)), WAIT)
    .toEqual([status, false]);
  return read(id);
}
async function active(name: string, more: object = {}): Promise<Json> {
  return idle((await create(name, more)).id, "active");
}
const act = (id: number, body: object) => send("POST", `/v2/droplets/${id}/actions`, body);
async function off(name: string, more: object = {}): Promise<Json> {
  const { id } = await active(name, more);
  await act(id, { type: "power_off" });
  return idle(id, "off");
}

describe("access to the simulated DigitalOcean", () => {
  it("needs the token for everything", async () => {
    const refused = await send("GET", "/v2/sizes", undefined, { authorization: "Bearer wrong" });

    expect(refused.status).toBe(401);
    expect(refused.body).toEqual({ id: "unauthorized", message: expect.any(String), request_id: expect.any(String) });
    expect(refused.headers.get("x-request-id")).toBe(refused.body.request_id);
    expect((await fetch(`${simulator.url}/v2/account`)).status).toBe(401);
  });

  it("answers unknown paths and machines with not_found", async () => {
    for (const path of ["/v2/nothing", "/v2/droplets/7", "/v2/actions/7", "/v2/tags/no", "/v2/firewalls/x"]) {
      expect(await send("GET", path)).toMatchObject({ status: 404, body: { id: "not_found" } });
    }
  });
});

describe("creating a droplet", () => {
  it("goes from new to active, locked meanwhile and with its networks later", async () => {
    await start({ provisionMs: 800 });

    const created = await send(
      "POST",
      "/v2/droplets",
      wanted("node-1", { ipv6: true, monitoring: true, tags: ["web"] }),
    );
    const { droplet, links } = created.body;

    expect(created.status).toBe(202);
    expect(droplet).toMatchObject({ status: "new", locked: true, networks: { v4: [], v6: [] }, tags: ["web"] });
    expect(droplet.features).toEqual(["ipv6", "monitoring"]);
    expect(links.actions[0].href).toBe(`${simulator.url}/v2/actions/${links.actions[0].id}`);
    await expect.poll(async () => (await read(droplet.id)).networks.v4.length, WAIT).toBe(2);
    expect((await read(droplet.id)).status).toBe("new");
    await idle(droplet.id, "active");
    const { action } = (await send("GET", `/v2/actions/${links.actions[0].id}`)).body;
    expect(action).toMatchObject({ type: "create", status: "completed", resource_id: droplet.id });
  });

  it("makes up to ten by names, which need not differ", async () => {
    const { name, ...rest } = wanted("x");

    const made = await send("POST", "/v2/droplets", { ...rest, names: ["twin", "twin"] });
    const refused = await send("POST", "/v2/droplets", {
      ...rest,
      names: Array.from({ length: 11 }, (_, n) => `${name}-${n}`),
    });

    expect(made.body.droplets.map((droplet: Json) => droplet.name)).toEqual(["twin", "twin"]);
    expect(refused.status).toBe(422);
    expect(await control.servers()).toHaveLength(2);
  });

  it.each([
    { name: "a name with a space", body: wanted("a b"), message: /name/ },
    { name: "no name", body: wanted("x", { name: undefined }), message: /name is required/ },
    { name: "an unknown size", body: wanted("x", { size: "s-9" }), message: /invalid size/ },
    { name: "an unknown region", body: wanted("x", { region: "mars" }), message: /invalid region/ },
    {
      name: "a size that the region does not sell",
      body: wanted("x", { size: "c-2", region: "nyc2" }),
      message: /not available in this region/,
    },
    { name: "an unknown image", body: wanted("x", { image: "dos" }), message: /invalid image/ },
    { name: "an unknown key", body: wanted("x", { ssh_keys: [5] }), message: /5 is not a key/ },
    { name: "a tag with a space", body: wanted("x", { tags: ["a b"] }), message: /tags/ },
    { name: "a boolean that is text", body: wanted("x", { ipv6: "yes" }), message: /ipv6 must be a boolean/ },
    {
      name: "an image larger than the disk",
      body: wanted("x", { image: "docker-20-04", size: "s-1vcpu-512mb-10gb" }),
      message: /larger than the disk/,
    },
  ])("refuses $name and makes nothing", async ({ body, message }) => {
    const refused = await send("POST", "/v2/droplets", body);

    expect(refused).toMatchObject({ status: 422, body: { id: "unprocessable_entity" } });
    expect(refused.body.message).toMatch(message);
    expect(await control.servers()).toEqual([]);
  });

  it("takes keys by id and by fingerprint", async () => {
    const { ssh_key: key } = (await send("POST", "/v2/account/keys", { name: "me", public_key: KEY })).body;

    await create("keyed", { ssh_keys: [key.id, key.fingerprint] });
  });
});

describe("actions on a droplet", () => {
  it("lock it, one at a time", async () => {
    const { id } = await active("locked");
    await start({ actionMs: 300 });
    const again = await active("locked");

    const first = await act(again.id, { type: "reboot" });
    const second = await act(again.id, { type: "power_off" });

    expect(id).toBe(again.id);
    expect(first).toMatchObject({ status: 201, body: { action: { status: "in-progress", completed_at: null } } });
    expect(second).toMatchObject({ status: 422, body: { message: "Droplet already has a pending event." } });
    await idle(again.id, "active");
  });

  it("resize only what is off, with the disk or without it, and leave it off", async () => {
    const { id } = await active("grow");
    expect((await act(id, { type: "resize", size: "s-1vcpu-2gb", disk: true })).status).toBe(422);
    await act(id, { type: "power_off" });
    await idle(id, "off");

    const { action } = (await act(id, { type: "resize", size: "s-1vcpu-2gb", disk: false })).body;
    expect(await idle(id, "off")).toMatchObject({ size_slug: "s-1vcpu-2gb", disk: 25, memory: 2048 });
    expect((await send("GET", `/v2/actions/${action.id}`)).body.action.completed_at).toMatch(/Z$/);

    await act(id, { type: "resize", size: "s-2vcpu-2gb", disk: true });
    expect(await idle(id, "off")).toMatchObject({ size_slug: "s-2vcpu-2gb", disk: 60, size: { disk: 60 } });
  });

  it.each([
    { name: "to a smaller disk", size: "s-1vcpu-1gb", message: /smaller disk/ },
    { name: "to the same size", size: "s-1vcpu-2gb", message: /already has this size/ },
    { name: "to an unknown size", size: "s-9", message: /invalid size/ },
    { name: "to a size of other regions", size: "gpu-h100x1-80gb", message: /not available in this region/ },
  ])("refuse a resize $name", async ({ size, message }) => {
    const { id } = await off("shrink", { size: "s-1vcpu-2gb" });

    const refused = await act(id, { type: "resize", size, disk: true });

    expect(refused.status).toBe(422);
    expect(refused.body.message).toMatch(message);
    expect(await read(id)).toMatchObject({ size_slug: "s-1vcpu-2gb", locked: false });
  });

  it.each([
    { type: "power_on", state: "active" },
    { type: "power_off", state: "off" },
    { type: "shutdown", state: "off" },
    { type: "reboot", state: "off" },
    { type: "power_cycle", state: "off" },
    { type: "levitate", state: "active" },
    { type: "disable_backups", state: "active" },
  ])("refuse $type when the droplet is $state", async ({ type, state }) => {
    const { id } = state === "off" ? await off("state") : await active("state");

    expect((await act(id, { type })).status).toBe(422);
    expect((await read(id)).status).toBe(state);
  });

  it("rename, switch backups and IPv6 on, and power on again", async () => {
    const { id } = await off("old");

    for (const body of [{ type: "rename", name: "new" }, { type: "enable_backups" }, { type: "enable_ipv6" }]) {
      expect((await act(id, body)).status).toBe(201);
      await idle(id, "off");
    }
    await act(id, { type: "power_on" });

    expect(await idle(id, "active")).toMatchObject({ name: "new", features: ["backups", "ipv6"] });
    const { actions } = (await send("GET", `/v2/droplets/${id}/actions`)).body;
    expect(actions.map((action: Json) => action.type)).toEqual([
      "create",
      "power_off",
      "rename",
      "enable_backups",
      "enable_ipv6",
      "power_on",
    ]);
  });

  it("delete after a while, repeatably, and never while another is going on", async () => {
    await start({ provisionMs: 400, actionMs: 250 });
    const { id } = await create("gone");
    expect((await send("DELETE", `/v2/droplets/${id}`)).status).toBe(422);
    await idle(id, "active");

    expect((await send("DELETE", `/v2/droplets/${id}`)).status).toBe(204);
    expect((await send("DELETE", `/v2/droplets/${id}`)).status).toBe(204);

    await expect.poll(async () => (await send("GET", `/v2/droplets/${id}`)).status, WAIT).toBe(404);
    expect((await send("DELETE", `/v2/droplets/${id}`)).status).toBe(404);
  });

  it("delete by tag", async () => {
    await active("a", { tags: ["old"] });
    await active("b", { tags: ["new"] });

    expect((await send("DELETE", "/v2/droplets?tag_name=OLD")).status).toBe(204);

    await expect.poll(async () => (await control.servers()).map((server) => server.name), WAIT).toEqual(["b"]);
    expect((await send("DELETE", "/v2/droplets")).status).toBe(422);
  });
});

describe("lists of the simulated DigitalOcean", () => {
  it("page by 20, at most 200, with whole links and the total", async () => {
    for (let n = 0; n < 45; n += 1) await control.addForeign({ name: `server-${n}`, tags: ["all"] });

    const page = (await send("GET", "/v2/droplets?tag_name=all&page=2")).body;
    const last = (await send("GET", page.links.pages.last.slice(simulator.url.length))).body;

    expect(page.droplets).toHaveLength(20);
    expect(page.meta.total).toBe(45);
    expect(page.links.pages).toEqual({
      first: `${simulator.url}/v2/droplets?tag_name=all&page=1`,
      prev: `${simulator.url}/v2/droplets?tag_name=all&page=1`,
      next: `${simulator.url}/v2/droplets?tag_name=all&page=3`,
      last: `${simulator.url}/v2/droplets?tag_name=all&page=3`,
    });
    expect(last.droplets).toHaveLength(5);
    expect(last.links.pages.next).toBeUndefined();
    expect((await send("GET", "/v2/droplets?per_page=200")).body).toMatchObject({ links: {}, meta: { total: 45 } });
    for (const query of ["per_page=201", "per_page=0", "page=x"]) {
      expect((await send("GET", `/v2/droplets?${query}`)).status).toBe(422);
    }
  });

  it("show GPU droplets only when asked, and filter by name or tag without case", async () => {
    await control.addForeign({ name: "plain", tags: ["Web"] });
    await control.addForeign({ name: "gpu", size: "gpu-h100x1-80gb", region: "tor1", tags: ["web"] });
    const names = async (query: string) =>
      (await send("GET", `/v2/droplets${query}`)).body.droplets.map((droplet: Json) => droplet.name);

    expect(await names("")).toEqual(["plain"]);
    expect(await names("?type=gpus")).toEqual(["gpu"]);
    expect(await names("?name=PLAIN")).toEqual(["plain"]);
    expect(await names("?tag_name=WEB")).toEqual(["plain", "gpu"]);
    expect((await send("GET", "/v2/droplets?tag_name=web&name=plain")).status).toBe(422);
  });

  it("lag behind single reads when told to", async () => {
    await start({ listLagMs: 400 });
    const { id } = await create("lagging", { tags: ["late"] });

    expect((await read(id)).tags).toEqual(["late"]);
    expect((await send("GET", "/v2/droplets?tag_name=late")).body.meta.total).toBe(0);
    await expect.poll(async () => (await send("GET", "/v2/droplets")).body.meta.total, WAIT).toBe(1);
  });

  it("hold a thousand droplets cheaply", async () => {
    for (let n = 0; n < 1000; n += 1) await control.addForeign({ name: `server-${n}` });
    const cpu = process.cpuUsage();

    let seen = 0;
    for (let page = 1; page <= 5; page += 1) {
      seen += (await send("GET", `/v2/droplets?per_page=200&page=${page}`)).body.droplets.length;
    }

    expect(seen).toBe(1000);
    expect(process.cpuUsage(cpu).user / 1000).toBeLessThan(800);
  });
});

describe("limits of the simulated DigitalOcean", () => {
  it("allow 250 requests a minute, telling of the hour and when to try again", async () => {
    await start({ rateScale: 1 });
    const first = await send("GET", "/v2/account");
    for (let sent = 1; sent < 250; sent += 1) await send("GET", "/v2/account");

    const refused = await send("GET", "/v2/account");

    expect([first.headers.get("ratelimit-limit"), first.headers.get("ratelimit-remaining")]).toEqual(["5000", "4999"]);
    expect(first.headers.get("retry-after")).toBeNull();
    expect(refused).toMatchObject({ status: 429, body: { id: "too_many_requests" } });
    expect(refused.headers.get("ratelimit-remaining")).toBe("4750");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(50);
    expect(Number(refused.headers.get("ratelimit-reset"))).toBeGreaterThan(Date.now() / 1000 + 3500);
  });

  it("allow ten lists of keys a minute", async () => {
    await start({ rateScale: 1 });
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) statuses.push((await send("GET", "/v2/account/keys")).status);

    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.at(-1)).toBe(429);
    expect((await send("GET", "/v2/account")).status).toBe(200);
  });
});

describe("keys and tags of the simulated DigitalOcean", () => {
  it("hold a public key once, found by id and by its MD5 fingerprint", async () => {
    const made = await send("POST", "/v2/account/keys", { name: "me", public_key: KEY });
    const { id, fingerprint } = made.body.ssh_key;

    expect([made.status, fingerprint]).toEqual([201, "a5:63:fc:51:63:08:00:ac:d0:74:22:2f:55:b5:cb:fa"]);
    for (const key of [id, fingerprint, encodeURIComponent(fingerprint)]) {
      expect((await send("GET", `/v2/account/keys/${key}`)).body.ssh_key.id).toBe(id);
    }
    const again = await send("POST", "/v2/account/keys", { name: "other", public_key: KEY.replace("someone", "else") });
    expect(again).toMatchObject({ status: 422, body: { message: expect.stringMatching(/already in use/) } });
    expect((await send("POST", "/v2/account/keys", { name: "x", public_key: "hello" })).status).toBe(422);
    expect((await send("DELETE", `/v2/account/keys/${fingerprint}`)).status).toBe(204);
    expect((await send("GET", `/v2/account/keys/${id}`)).status).toBe(404);
  });

  it("put tags on droplets and take them off, without case, keeping the first writing", async () => {
    const { id } = await create("tagged");
    const resources = { resources: [{ resource_id: String(id), resource_type: "droplet" }] };
    expect((await send("POST", "/v2/tags/Blue/resources", resources)).status).toBe(404);

    expect((await send("POST", "/v2/tags", { name: "Blue" })).status).toBe(201);
    expect((await send("POST", "/v2/tags", { name: "blue" })).body.tag.name).toBe("Blue");
    expect((await send("POST", "/v2/tags/blue/resources", resources)).status).toBe(204);
    expect((await send("POST", "/v2/tags/blue/resources", resources)).status).toBe(204);

    expect((await read(id)).tags).toEqual(["Blue"]);
    expect((await send("GET", "/v2/tags/blue")).body.tag.resources.droplets).toEqual({
      count: 1,
      last_tagged_uri: `${simulator.url}/v2/droplets/${id}`,
    });
    expect((await send("DELETE", "/v2/tags/BLUE/resources", resources)).status).toBe(204);
    expect((await read(id)).tags).toEqual([]);
  });
});

describe("firewalls of the simulated DigitalOcean", () => {
  const inbound = (more: object = {}) => ({
    protocol: "tcp",
    ports: "22",
    sources: { addresses: ["0.0.0.0/0"] },
    ...more,
  });
  const make = (more: object = {}) =>
    send("POST", "/v2/firewalls", { name: "edge", inbound_rules: [inbound()], ...more });

  it("wait for their droplets, also those that carry a tag", async () => {
    const { id } = await create("behind", { tags: ["web"] });

    const made = await make({ tags: ["web"], droplet_ids: null });

    expect(made.status).toBe(202);
    expect(made.body.firewall).toMatchObject({
      status: "waiting",
      droplet_ids: [],
      tags: ["web"],
      pending_changes: [{ droplet_id: id, removing: false, status: "waiting" }],
    });
    const at = `/v2/firewalls/${made.body.firewall.id}`;
    await expect.poll(async () => (await send("GET", at)).body.firewall.status, WAIT).toBe("succeeded");
    expect((await send("GET", `/v2/droplets/${id}/firewalls`)).body.meta.total).toBe(1);
    expect((await send("DELETE", at)).status).toBe(204);
    expect((await send("GET", at)).status).toBe(404);
  });

  it("answer all ports and those of ICMP as 0", async () => {
    const made = await make({
      inbound_rules: [
        inbound({ ports: "all" }),
        inbound({ protocol: "icmp", ports: "" }),
        inbound({ ports: "1-65535" }),
      ],
    });

    expect(made.body.firewall.inbound_rules.map((rule: Json) => rule.ports)).toEqual(["0", "0", "1-65535"]);
  });

  it.each([
    { name: "no rule", more: { inbound_rules: [] }, message: /at least one/ },
    {
      name: "more than 50 rules",
      more: { inbound_rules: Array.from({ length: 51 }, () => inbound()) },
      message: /at most 50/,
    },
    { name: "more than 5 tags", more: { tags: ["a", "b", "c", "d", "e", "f"] }, message: /at most 5 tags/ },
    {
      name: "more than 10 droplets",
      more: { droplet_ids: Array.from({ length: 11 }, (_, n) => 1001 + n) },
      message: /at most 10 Droplets/,
    },
    { name: "a tag that nobody made", more: { tags: ["unknown"] }, message: /tag unknown does not exist/ },
    {
      name: "a rule with a tag that nobody made",
      more: { inbound_rules: [inbound({ sources: { tags: ["unknown"] } })] },
      message: /tag unknown/,
    },
    {
      name: "a rule without sources",
      more: { inbound_rules: [inbound({ sources: {} })] },
      message: /sources must name/,
    },
    {
      name: "an address that is none",
      more: { inbound_rules: [inbound({ sources: { addresses: ["10.0.0.0/33"] } })] },
      message: /invalid address/,
    },
    { name: "a port that is none", more: { inbound_rules: [inbound({ ports: "99999" })] }, message: /invalid ports/ },
  ])("refuse $name", async ({ more, message }) => {
    for (let n = 0; n < 11; n += 1) await control.addForeign({ tags: [..."abcdef"] });

    const refused = await make(more);

    expect(refused.status).toBe(422);
    expect(refused.body.message).toMatch(message);
    expect((await send("GET", "/v2/firewalls")).body.meta.total).toBe(0);
  });

  it("have names of their own", async () => {
    await make();

    expect(await make()).toMatchObject({ status: 409, body: { id: "conflict", message: "duplicate name" } });
  });
});

describe("faults and control of the simulated DigitalOcean", () => {
  it("inject errors in its own words", async () => {
    await control.fault({ match: { path: "/v2/account" }, action: { kind: "status", status: 503 } });

    const refused = await send("GET", "/v2/account");

    expect([refused.status, refused.body]).toEqual([
      503,
      { id: "server_error", message: "injected fault", request_id: expect.any(String) },
    ]);
  });

  it("make a droplet although the answer is lost", async () => {
    await control.fault({ match: { method: "POST", path: "/v2/droplets$" }, action: { kind: "dropAfter" } });

    await expect(send("POST", "/v2/droplets", wanted("lost"))).rejects.toThrow();

    expect(await control.servers()).toMatchObject([{ name: "lost" }]);
  });

  it("leave a droplet out of a page and keep its total", async () => {
    const { id } = await control.addForeign({ name: "hidden" });
    await control.addForeign({ name: "seen" });
    await control.fault({ match: { path: "/v2/droplets" }, action: { kind: "omit", id } });

    const page = (await send("GET", "/v2/droplets")).body;

    expect(page.droplets.map((droplet: Json) => droplet.name)).toEqual(["seen"]);
    expect(page.meta.total).toBe(2);
  });

  it("change droplets out of band, with their marks shown", async () => {
    const mark = "fw-abcdefghij234567abcd";
    const { id } = await active("marked", { tags: [mark] });

    await control.change(String(id), { power: "stopped", size: "s-2vcpu-4gb", name: "renamed" });

    expect(await read(id)).toMatchObject({ status: "off", size_slug: "s-2vcpu-4gb", name: "renamed" });
    expect(await control.servers()).toMatchObject([{ mark, power: "stopped", size: "s-2vcpu-4gb" }]);
    await expect(control.change(String(id), { region: "mars" })).rejects.toThrow(/no region mars/);
  });
});
