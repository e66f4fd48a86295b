import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EQUINIX_PROJECT, EQUINIX_TOKEN, startEquinix } from "../../simulators/equinix/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { clientOf, type Json, WAIT } from "./http.ts";
import { loadSpec, SPECS_ABSENT } from "./spec.ts";

const spec = loadSpec("equinix-metal");
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";
const PROJECT = `/metal/v1/projects/${EQUINIX_PROJECT}`;
const TITLE = "the simulated Equinix Metal answers as the official description says";

describe.skipIf(!spec)(`${TITLE}${spec ? "" : ` (${SPECS_ABSENT})`}`, () => {
  let simulator: Simulator;
  let send: ReturnType<typeof clientOf>;

  beforeAll(async () => {
    simulator = await startEquinix({ provisionMs: 60, actionMs: 20, rateScale: 0 });
    send = clientOf(simulator.url, { "x-auth-token": EQUINIX_TOKEN });
  });
  afterAll(() => simulator.close());

  /** Sends a request whose body and answer must both be as described. */
  async function checked<T = Json>(status: number, method: string, path: string, body?: unknown): Promise<T> {
    const answer = await send(method, path, body);
    const bare = path.split("?")[0] as string;
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    if (body !== undefined) expect(spec?.checkRequest(method, bare, body)).toEqual([]);
    expect(spec?.checkResponse(method, bare, answer.status, answer.body)).toEqual([]);
    return answer.body as T;
  }
  const untilState = (id: string, state: string) =>
    expect.poll(async () => (await checked(200, "GET", `/metal/v1/devices/${id}`)).state, WAIT).toBe(state);

  it.each([
    "/metal/v1/projects",
    PROJECT,
    `${PROJECT}/devices`,
    `${PROJECT}/ssh-keys`,
    `${PROJECT}/plans`,
    `${PROJECT}/facilities`,
    `${PROJECT}/hardware-reservations?provisionable=only`,
    "/metal/v1/plans",
    "/metal/v1/plans?slug=c3.small.x86",
    "/metal/v1/locations/metros",
    "/metal/v1/locations/metros/da",
    "/metal/v1/facilities",
    "/metal/v1/operating-systems",
    "/metal/v1/capacity",
    "/metal/v1/capacity/metros",
  ])("GET %s", async (path) => {
    await checked(200, "GET", path);
  });

  it("over the whole life of a device", async () => {
    const key = await checked(201, "POST", `${PROJECT}/ssh-keys`, { label: "someone", key: KEY });
    await checked(200, "GET", `/metal/v1/ssh-keys/${key.id}`);
    await checked(200, "PUT", `/metal/v1/ssh-keys/${key.id}`, { label: "someone-else" });
    const device = await checked(201, "POST", `${PROJECT}/devices`, {
      hostname: "contract-1",
      plan: "c3.small.x86",
      metro: "da",
      operating_system: "ubuntu_22_04",
      billing_cycle: "hourly",
      userdata: "#cloud-config",
      project_ssh_keys: [key.id],
      tags: ["web", "fleet"],
    });
    const at = `/metal/v1/devices/${device.id}`;
    await checked(200, "GET", `${at}?include=project,ssh_keys,provisioning_events`);
    await untilState(device.id, "active");

    await checked(200, "GET", `${PROJECT}/devices?tag=web&per_page=1&exclude=plan,project`);
    for (const part of ["events", "ips", "userdata"]) await checked(200, "GET", `${at}/${part}`);
    await checked(200, "PUT", at, { hostname: "contract-2", tags: ["web"], description: "one of ours" });
    for (const [type, state] of [
      ["power_off", "inactive"],
      ["power_on", "active"],
      ["reboot", "active"],
      ["reinstall", "active"],
    ] as const) {
      await checked(202, "POST", `${at}/actions`, { type });
      await untilState(device.id, state);
    }
    await checked(204, "DELETE", at);
    await checked(204, "DELETE", `/metal/v1/ssh-keys/${key.id}`);
    await expect.poll(async () => (await send("GET", at)).status, WAIT).toBe(404);
    await checked(404, "GET", at);
  });

  it("for a device on a reserved machine, by facility", async () => {
    const device = await checked(201, "POST", `${PROJECT}/devices`, {
      plan: "c3.small.x86",
      facility: ["da11"],
      operating_system: "debian_12",
      hardware_reservation_id: "next-available",
    });

    const reservation = device.hardware_reservation.href.split("/").at(-1);
    await checked(200, "GET", `/metal/v1/hardware-reservations/${reservation}?include=device`);
    await untilState(device.id, "active");
  });

  it("for a question about capacity", async () => {
    const servers = [{ metro: "da", plan: "c3.small.x86", quantity: "2" }];

    await checked(200, "POST", "/metal/v1/capacity/metros", { servers });
  });

  it("for what it refuses", async () => {
    const device = { plan: "no-such-plan", metro: "da", operating_system: "debian_12" };

    await checked(422, "POST", `${PROJECT}/devices`, device);
    await checked(404, "GET", "/metal/v1/devices/00000000-0000-4000-8000-000000000000");
    const answer = await send("GET", PROJECT, undefined, { "x-auth-token": "wrong" });
    expect(answer.status).toBe(401);
    expect(spec?.checkResponse("GET", PROJECT, 401, answer.body)).toEqual([]);
  });
});
