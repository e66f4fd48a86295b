import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ActualServer } from "../../../resources/actual.ts";
import { createBudget } from "../../../resources/budget.ts";
import type { Call } from "../../../resources/cloud.ts";
import { equinix } from "../../../resources/equinix/index.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { EQUINIX_PROJECT, EQUINIX_TOKEN, startEquinix } from "../../../simulators/equinix/index.ts";
import type { Simulator, SimulatorOptions } from "../../../simulators/simulator.ts";
import { loadSpec, SPECS_ABSENT } from "../../simulators/spec.ts";
import { MARK } from "../declared.ts";
import { accountSpec, serverSpec, testCall } from "../fixtures.ts";

const spec = loadSpec("equinix-metal");
const NOBODY = "00000000-0000-4000-8000-000000000000";

let simulator: Simulator;
let client: SimulatorClient;

async function start(options: SimulatorOptions = {}): Promise<void> {
  await simulator?.close();
  simulator = await startEquinix({ provisionMs: 20, actionMs: 10, rateScale: 0, ...options });
  client = new SimulatorClient(simulator.url);
}
beforeEach(() => start());
afterEach(async () => {
  vi.restoreAllMocks();
  await simulator.close();
});

function call(limits?: Parameters<typeof createBudget>[1], project = EQUINIX_PROJECT): Call {
  const account = {
    spec: accountSpec({ provider: "equinix", options: { project } }),
    budget: limits ? createBudget(equinix.limits, limits) : createBudget({}),
  };
  return testCall(simulator.url, { credentials: { token: EQUINIX_TOKEN }, account });
}

async function listed(by = call()): Promise<ActualServer[]> {
  return Array.fromAsync(equinix.list(by));
}

const order = (more: object = {}) =>
  fetch(`${simulator.url}/metal/v1/projects/${EQUINIX_PROJECT}/devices`, {
    method: "POST",
    headers: { "x-auth-token": EQUINIX_TOKEN, "content-type": "application/json" },
    body: JSON.stringify({ plan: "c3.small.x86", metro: "da", operating_system: "debian_12", ...more }),
  }).then((response) => response.json() as Promise<{ id: string }>);

describe("requests to Equinix Metal", () => {
  it.skipIf(!spec)(`are as the official description says${spec ? "" : ` (${SPECS_ABSENT})`}`, async () => {
    const { id } = await client.addForeign();
    const complaints: string[] = [];
    let requests = 0;
    const real = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const response = await real(input, init);
      const { pathname } = new URL(String(input));
      requests++;
      const method = init?.method ?? "GET";
      if (init?.body) complaints.push(...spec!.checkRequest(method, pathname, JSON.parse(String(init.body))));
      const text = await response.clone().text();
      if (text) complaints.push(...spec!.checkResponse(method, pathname, response.status, JSON.parse(text)));
      return response;
    });

    await listed();
    await equinix.observe(id, call());
    await equinix.observe(NOBODY, call());
    await equinix.claim(id, MARK, call());
    await equinix.findByMark(MARK, serverSpec(), call());
    await equinix.catalog(call());
    for (const action of ["stop", "start", "reboot"] as const) await equinix.power(id, action, call());

    expect(complaints).toEqual([]);
    expect(requests).toBeGreaterThan(15);
  });

  it("read a large project in as few calls as its pages allow", async () => {
    await Promise.all(Array.from({ length: 201 }, () => client.addForeign()));
    await client.resetCalls();

    expect(await listed()).toHaveLength(201);

    expect((await client.calls()).reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });

  it("meet no 429 at a cloud that enforces its limit", async () => {
    await start({ rateScale: 60 });
    const quick = call({ overrides: { minute: { perSecond: 100, burst: 100 } } });

    await Promise.all(Array.from({ length: 130 }, () => listed(quick)));

    const calls = await client.calls();
    expect(calls.map(({ status }) => status)).toEqual([200]);
    expect(calls[0]!.count).toBe(130);
  }, 20_000);
});

describe("a device as it is read", () => {
  it("is changing while it is made ready, tells how far it is, and is found by its mark already then", async () => {
    await start({ provisionMs: 1_500 });
    const { id } = await order({ tags: [MARK] });

    const [found] = await equinix.findByMark(MARK, serverSpec(), call());

    expect(found).toMatchObject({ id, mark: MARK, power: "changing", provisioning: { percent: 0, step: "queued" } });
    await expect
      .poll(async () => (await equinix.observe(id, call()))?.provisioning?.step, { timeout: 5_000 })
      .toBe("Network configured with addresses");
    const later = await equinix.observe(id, call());
    expect(later).toMatchObject({ power: "changing", status: "provisioning" });
    expect(later?.provisioning?.percent).toBeGreaterThan(10);
    await expect.poll(async () => (await equinix.observe(id, call()))?.power, { timeout: 5_000 }).toBe("running");
    expect(await equinix.observe(id, call())).not.toHaveProperty("provisioning");
  }, 20_000);

  it("tells what its machine has, where it is and what a file would say of it", async () => {
    const { id } = await order({
      hostname: "web-1",
      billing_cycle: "monthly",
      description: "ours",
      hardware_reservation_id: "next-available",
      tags: ["role:web"],
    });

    const device = await equinix.observe(id, call());

    expect(device).toMatchObject({
      name: "web-1",
      size: "c3.small.x86",
      region: "da",
      image: "debian_12",
      vcpus: 8,
      memoryMiB: 32 * 1024,
      diskGiB: 894,
      options: {
        billingCycle: "monthly",
        description: "ours",
        hardwareReservation: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
    expect([device?.ipv4.length, device?.ipv6.length]).toEqual([2, 1]);
    expect(Date.parse(device!.createdAt!)).toBeGreaterThan(Date.now() - 60_000);
  });

  it("is an error, never gone, when it is in another project", async () => {
    const { id } = await client.addForeign();

    const error = await equinix.observe(id, call(undefined, NOBODY)).catch((caught) => caught);

    expect(error).toMatchObject({ code: "FLEET_INVALID", message: expect.stringContaining(EQUINIX_PROJECT) });
  });

  it("is not gone by a 404 without the id of the request, which somebody in between may have answered", async () => {
    const { id } = await client.addForeign();
    vi.spyOn(globalThis, "fetch").mockResolvedValue(Response.json({ errors: ["Not found"] }, { status: 404 }));

    await expect(equinix.observe(id, call())).rejects.toMatchObject({ code: "CLOUD_ANSWER_INVALID" });
  });

  it("keeps its other tags, sorted, when it is claimed", async () => {
    const { id } = await client.addForeign({ tags: ["zone:b", "by-hand"] });

    await equinix.claim(id, MARK, call());

    expect((await client.servers())[0]?.tags).toEqual(["by-hand", MARK, "zone:b"]);
  });

  it("cannot be shut down gently, and says what it can", async () => {
    const { id } = await client.addForeign();

    await expect(equinix.power(id, "shutdown", call())).rejects.toMatchObject({
      code: "CLOUD_UNSUPPORTED",
      message: expect.stringContaining("start, stop, reboot, reset"),
    });
  });
});

describe("the catalog", () => {
  it("tells what has room, where it costs more, and a month of 730 hours", async () => {
    const { sizes, regions, images } = await equinix.catalog(call());

    const large = sizes.find(({ name }) => name === "m3.large.x86");
    expect(large).toMatchObject({
      kind: "metal",
      vcpus: 32,
      memoryMiB: 256 * 1024,
      pricePerHourMicro: 3_100_000,
      pricePerMonthMicro: 2_263_000_000,
      currency: "USD",
      regions: ["da", "sv", "fr", "am"],
    });
    expect(sizes.find(({ name }) => name === "c3.small.x86")?.regionPrices).toEqual({
      sp: { perHourMicro: 1_050_000, perMonthMicro: 766_500_000 },
    });
    expect(regions.find(({ name }) => name === "fr")).toEqual({
      name: "fr",
      title: "Frankfurt",
      available: true,
      country: "de",
    });
    expect(images.map(({ name }) => name)).toContain("debian_12");
  });

  it("leaves out a metro that has sold its last", async () => {
    await order({ plan: "m3.large.x86", metro: "sv" });

    const { sizes } = await equinix.catalog(call());

    expect(sizes.find(({ name }) => name === "m3.large.x86")?.regions).toEqual(["da", "fr", "am"]);
  });
});
