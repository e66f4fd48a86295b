import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../simulators/client.ts";
import { EQUINIX_PROJECT, EQUINIX_TOKEN, startEquinix } from "../../simulators/equinix/index.ts";
import type { Simulator, SimulatorOptions } from "../../simulators/simulator.ts";
import { clientOf, type Json, WAIT } from "./http.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";
const PROJECT = `/metal/v1/projects/${EQUINIX_PROJECT}`;

let simulator: Simulator;
let control: SimulatorClient;
let send: ReturnType<typeof clientOf>;

async function start(options: SimulatorOptions = {}): Promise<void> {
  await simulator?.close();
  simulator = await startEquinix({ provisionMs: 30, actionMs: 20, rateScale: 0, ...options });
  control = new SimulatorClient(simulator.url);
  send = clientOf(simulator.url, { "x-auth-token": EQUINIX_TOKEN });
}
beforeEach(() => start());
afterEach(() => simulator.close());

const wanted = (more: object = {}) => ({
  hostname: "node-1",
  plan: "c3.small.x86",
  metro: "da",
  operating_system: "debian_12",
  ...more,
});
const post = (more: object = {}) => send("POST", `${PROJECT}/devices`, wanted(more));
async function create(more: object = {}): Promise<Json> {
  const { status, body } = await post(more);
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}
const at = (id: string) => `/metal/v1/devices/${id}`;
const read = async (id: string): Promise<Json> => (await send("GET", at(id))).body;
async function reached(id: string, state: string): Promise<Json> {
  await expect.poll(async () => (await read(id)).state, WAIT).toBe(state);
  return read(id);
}
const active = async (more: object = {}): Promise<Json> => reached((await create(more)).id, "active");
const act = (id: string, type: string) => send("POST", `${at(id)}/actions`, { type });

describe("access to the simulated Equinix Metal", () => {
  it("needs the token for everything, and names each request", async () => {
    const refused = await send("GET", "/metal/v1/plans", undefined, { "x-auth-token": "wrong" });

    expect(refused).toMatchObject({ status: 401, body: { error: "Invalid authentication token" } });
    expect(refused.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect((await fetch(`${simulator.url}/metal/v1/plans`)).status).toBe(401);
  });

  it("answers unknown devices, projects and paths with a list of errors and the request's id", async () => {
    const nobody = "00000000-0000-4000-8000-000000000000";
    for (const path of [
      at(nobody),
      `/metal/v1/projects/${nobody}/devices`,
      `/metal/v1/projects/${nobody}`,
      "/metal/v1/x",
    ]) {
      const answer = await send("GET", path);
      expect(answer, path).toMatchObject({ status: 404, body: { errors: ["Not found"] } });
      expect(answer.headers.get("x-request-id")).not.toBeNull();
    }
  });

  it("allows 100 requests a minute and tells how long to wait", async () => {
    await start({ rateScale: 1 });
    const answers = await Promise.all(Array.from({ length: 101 }, () => send("GET", "/metal/v1/locations/metros")));

    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(1);
    expect(Number(refused[0]!.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

describe("making a device", () => {
  it("goes from queued over provisioning, with percentage and steps, to active", async () => {
    await start({ provisionMs: 900 });

    const device = await create({ tags: ["b", "a"] });

    expect(device).toMatchObject({ state: "queued", provisioning_percentage: 0, tags: ["b", "a"] });
    expect(device.provisioning_events[0]).not.toHaveProperty("created_at");
    const halfway = await reached(device.id, "provisioning");
    expect(halfway.provisioning_percentage).toBeGreaterThan(5);
    await expect.poll(async () => (await read(device.id)).provisioning_events?.[0].created_at, WAIT).toBeDefined();
    const ready = await reached(device.id, "active");
    expect(ready).not.toHaveProperty("provisioning_percentage");
    expect(ready.ip_addresses.map((each: Json) => [each.address_family, each.public])).toEqual([
      [4, true],
      [4, false],
      [6, true],
    ]);
    expect((await send("GET", `${at(device.id)}/events`)).body.events[0]).toMatchObject({ body: "Device provisioned" });
  });

  it.each([
    ["a plan that is not sold", { plan: "z9" }, /Plan z9/],
    ["a metro that is not there", { metro: "xx" }, /Metro xx/],
    ["no place at all", { metro: undefined }, /metro or facility/],
    [
      "an operating system the plan cannot have",
      { plan: "c3.large.arm64", operating_system: "windows_2022" },
      /not provisionable on/,
    ],
    ["a hostname with an underscore", { hostname: "a_b" }, /hostname/],
    ["a billing cycle that is none", { billing_cycle: "weekly" }, /billing_cycle/],
    ["a key of another project", { project_ssh_keys: ["nobody"] }, /not a key/],
    ["no private address", { ip_addresses: [{ address_family: 4, public: true }] }, /private IPv4/],
    ["a plan that is sold out there", { plan: "s3.xlarge.x86", metro: "am" }, /no provisionable s3.xlarge.x86/],
    ["a reserved machine that is not there", { hardware_reservation_id: "nothing" }, /not provisionable/],
  ])("refuses %s", async (_name, more, reason) => {
    const answer = await post(more);

    expect(answer.status).toBe(422);
    expect(answer.body.errors[0]).toMatch(reason);
    expect(await control.servers()).toEqual([]);
  });

  it("takes from the stock, and gives back", async () => {
    const left = async () => (await send("GET", "/metal/v1/capacity/metros")).body.capacity.sv["m3.large.x86"];
    expect(await left()).toEqual({ level: "critical", available_servers: 1 });

    const device = await active({ plan: "m3.large.x86", metro: "sv" });

    expect(await left()).toEqual({ level: "unavailable", available_servers: 0 });
    expect((await post({ plan: "m3.large.x86", metro: "sv" })).status).toBe(422);
    await send("DELETE", at(device.id));
    await expect.poll(left, WAIT).toEqual({ level: "critical", available_servers: 1 });
  });

  it("puts one device on a reserved machine", async () => {
    const device = await active({ hardware_reservation_id: "next-available" });

    expect(device.hardware_reservation.href).toMatch(/^\/metal\/v1\/hardware-reservations\//);
    expect((await post({ hardware_reservation_id: "next-available" })).status).toBe(422);
    const { hardware_reservations: free } = (await send("GET", `${PROJECT}/hardware-reservations?provisionable=only`))
      .body;
    expect(free.map((each: Json) => each.plan.slug)).toEqual(["m3.large.x86"]);
  });
});

describe("a device", () => {
  it("is listed by tag, metro and page, with what was asked to be left out as links", async () => {
    await active({ tags: ["one"] });
    await active({ tags: ["two"], metro: "fr" });
    const listed = async (query: string) => (await send("GET", `${PROJECT}/devices?${query}`)).body;

    expect((await listed("tag=two")).devices.map((each: Json) => each.metro.code)).toEqual(["fr"]);
    expect((await listed("metro=da")).devices).toHaveLength(1);
    const page = await listed("per_page=1&page=2&exclude=plan,project");
    expect(page.meta).toMatchObject({
      total: 2,
      current_page: 2,
      last_page: 2,
      previous: { href: expect.any(String) },
    });
    expect(page.meta).not.toHaveProperty("next");
    expect(Object.keys(page.devices[0].plan)).toEqual(["href"]);
    expect((await send("GET", `${PROJECT}/devices?per_page=1001`)).status).toBe(422);
  });

  it("changes hostname, tags and description in place, and nothing else", async () => {
    const { id } = await active({ tags: ["one"] });

    const changed = await send("PUT", at(id), { hostname: "node-2", tags: ["z", "a"], description: "new" });

    expect(changed.body).toMatchObject({ hostname: "node-2", tags: ["z", "a"], description: "new", state: "active" });
    expect((await send("PUT", at(id), { hostname: "no_good" })).status).toBe(422);
    expect(await read(id)).toMatchObject({ hostname: "node-2" });
  });

  it("is switched by actions that need their state", async () => {
    const { id } = await active();

    expect((await act(id, "power_on")).status).toBe(422);
    expect((await act(id, "power_off")).status).toBe(202);
    expect((await read(id)).state).toBe("powering_off");
    expect((await act(id, "reboot")).status).toBe(422);
    await reached(id, "inactive");
    expect((await act(id, "shutdown")).body.errors[0]).toMatch(/not a valid action/);
    await act(id, "power_on");
    await reached(id, "active");
  });

  it("cannot be deleted while it is made ready unless by force, and is gone a moment later", async () => {
    await start({ provisionMs: 60_000 });
    const { id } = await create();

    const refused = await send("DELETE", at(id), { force_delete: false });
    const forced = await send("DELETE", `${at(id)}?force_delete=true`);

    expect(refused).toMatchObject({
      status: 422,
      body: { errors: ["Cannot delete a device while it is provisioning"] },
    });
    expect(forced.status).toBe(204);
    expect((await read(id)).state).toBe("deprovisioning");
    await expect.poll(async () => (await send("GET", at(id))).status, WAIT).toBe(404);
  });

  it("is kept from deletion by its lock", async () => {
    const { id } = await active();
    await send("PUT", at(id), { locked: true });

    expect((await send("DELETE", at(id))).status).toBe(422);
  });
});

describe("keys of the project", () => {
  it("are there once, renamed by PUT and by the plugin's PATCH, and named by their devices", async () => {
    const made = await send("POST", `${PROJECT}/ssh-keys`, { label: "ops", key: `${KEY}\n` });
    const { id } = made.body;

    expect(made).toMatchObject({ status: 201, body: { key: KEY, owner: { href: PROJECT } } });
    expect((await send("POST", `${PROJECT}/ssh-keys`, { label: "again", key: KEY })).status).toBe(422);
    expect((await send("POST", `${PROJECT}/ssh-keys`, { label: "bad", key: "no key" })).status).toBe(422);
    for (const method of ["PUT", "PATCH"])
      expect((await send(method, `/metal/v1/ssh-keys/${id}`, { label: method })).body.label).toBe(method);
    const device = await create({ project_ssh_keys: [id] });
    expect(device.ssh_keys).toEqual([{ href: `/metal/v1/ssh-keys/${id}` }]);
    expect((await send("DELETE", `/metal/v1/ssh-keys/${id}`)).status).toBe(204);
    expect((await send("GET", `/metal/v1/ssh-keys/${id}`)).status).toBe(404);
  });
});

it("tells whether a metro has room for so many", async () => {
  const ask = (quantity: string) =>
    send("POST", "/metal/v1/capacity/metros", { servers: [{ metro: "sv", plan: "m3.large.x86", quantity }] });

  expect((await ask("1")).body.servers[0].available).toBe(true);
  expect((await ask("2")).body.servers[0].available).toBe(false);
});
