import { afterEach, describe, expect, it } from "vitest";
import { HIVELOCITY_KEY, startHivelocity } from "../../simulators/hivelocity/index.ts";
import type { SimulatorOptions } from "../../simulators/simulator.ts";
import { clientOf, WAIT } from "./http.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function open(options: SimulatorOptions = {}) {
  const simulator = await startHivelocity({ provisionMs: 300, actionMs: 20, rateScale: 0, ...options });
  closers.push(() => simulator.close());
  const client = clientOf(simulator.url, { "x-api-key": HIVELOCITY_KEY });
  return {
    url: simulator.url,
    send: (method: string, path: string, body?: unknown) => client(method, `/api/v2${path}`, body),
  };
}

const ORDER = { productId: 504, locationName: "TPA2", osName: "Debian 12", hostname: "web-1.example.net" };

describe("the simulated Hivelocity", () => {
  it("lets nobody in without the key", async () => {
    const { url } = await open();

    const answer = await clientOf(url, { "x-api-key": "another" })("GET", "/api/v2/compute/");

    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ code: 401 });
  });

  it("takes 100 requests a minute, and tells the seconds that are left", async () => {
    const { send } = await open({ rateScale: 1 });
    const answers = [];
    for (let count = 0; count < 101; count++) answers.push(await send("GET", "/ssh_key/"));

    const { status, headers, body } = answers.at(-1)!;
    expect(answers.slice(0, 100).every((answer) => answer.status === 200)).toBe(true);
    expect(status).toBe(429);
    expect(body).toEqual({ code: 429, description: "Your IP is rate limited." });
    expect(headers.get("x-ratelimit-limit")).toBe("100");
    expect(Number(headers.get("x-ratelimit-reset"))).toBeLessThanOrEqual(60);
    expect(Number(headers.get("x-ratelimit-reset"))).toBeGreaterThan(50);
  });

  it("shows a device only once its order is verified, and in use only once it is installed", async () => {
    const { send } = await open();
    const { body } = await send("POST", "/compute/", ORDER);
    const at = `/device/${body.deviceId}`;

    expect(body.orderId).toBeGreaterThan(0);
    expect((await send("GET", at)).status).toBe(404);
    expect((await send("GET", "/compute/")).body).toEqual([]);
    expect((await send("GET", `/order/${body.orderId}`)).body.status).toBe("verification");
    expect((await send("GET", "/order/in-progress")).body).toHaveLength(1);

    await expect.poll(async () => (await send("GET", at)).status, WAIT).toBe(200);
    expect((await send("POST", `${at}/power?action=shutdown`)).status).toBe(400);
    await expect.poll(async () => (await send("GET", at)).body.spsStatus, WAIT).toBe("IN_USE");
    expect((await send("GET", `/order/${body.orderId}`)).body.status).toBe("complete");
    expect((await send("GET", "/order/in-progress")).body).toEqual([]);
    expect((await send("GET", at)).body.metadata.sps_status).toBe("InUse");
  });

  it("tells no id of a device that is chosen later", async () => {
    const { send } = await open();

    const { status, body } = await send("POST", "/compute/", { ...ORDER, productId: 702, tags: ["mine"] });

    expect({ status, body }).toEqual({ status: 201, body: undefined });
    await expect.poll(async () => (await send("GET", "/compute/")).body[0]?.tags, WAIT).toEqual(["mine"]);
  });

  it.each([
    { name: "a host name that is no full one", body: { hostname: "web-1" }, words: "fully qualified" },
    { name: "a number for a domain", body: { hostname: "web.1" }, words: "fully qualified" },
    { name: "an unknown system", body: { osName: "BeOS" }, words: "osName" },
    { name: "an unknown facility", body: { locationName: "MARS" }, words: "locationName" },
    { name: "a product that is not sold there", body: { productId: 702, locationName: "NYC1" }, words: "not sold" },
    { name: "a product that has run out", body: { productId: 525, locationName: "LAX2" }, words: "out of stock" },
    {
      name: "a period that is not sold",
      body: { productId: 610, locationName: "NYC1", period: "hourly" },
      words: "hourly",
    },
    { name: "a key that is not there", body: { publicSshKeyId: 5 }, words: "publicSshKeyId" },
  ])("refuses $name", async ({ body, words }) => {
    const { send } = await open();

    const answer = await send("POST", "/compute/", { ...ORDER, ...body });

    expect(answer.status).toBe(400);
    expect(answer.body.description).toContain(words);
  });

  it("sells what it has, and has it again when it is given back", async () => {
    const { send } = await open({ provisionMs: 0 });
    const there = { ...ORDER, locationName: "LAX2" };
    const stock = async () =>
      (await send("GET", "/inventory/product?group_by=facility")).body.LAX2.find(
        (one: { product_id: number }) => one.product_id === 504,
      ).stock;

    const first = await send("POST", "/compute/", there);
    await send("POST", "/compute/", there);
    expect(await stock()).toBe("unavailable");
    expect((await send("POST", "/compute/", there)).status).toBe(400);

    await send("DELETE", `/compute/${first.body.deviceId}`);
    await expect.poll(stock, WAIT).toBe("limited");
  });

  it("reloads only what is off, and nothing else by a change of tags", async () => {
    const { send } = await open({ provisionMs: 0 });
    const { body } = await send("POST", "/compute/", ORDER);
    const at = `/compute/${body.deviceId}`;
    const same = { hostname: ORDER.hostname, osName: ORDER.osName };

    expect((await send("PUT", at, { ...same, tags: ["a"] })).status).toBe(200);
    const refused = await send("PUT", at, { ...same, osName: "Ubuntu 24.04" });

    expect(refused.status).toBe(400);
    expect(refused.body.description).toContain("power off");
    expect((await send("PUT", `${at}?skipPowerCheck=true`, { ...same, osName: "Ubuntu 24.04" })).status).toBe(200);
  });

  it("keeps a device that is paid by the month until its end, and cancels it once", async () => {
    const { send } = await open({ provisionMs: 0 });
    const { body } = await send("POST", "/compute/", { ...ORDER, period: "monthly" });
    const at = `/compute/${body.deviceId}`;

    expect((await send("DELETE", at)).status).toBe(201);
    expect((await send("DELETE", at)).status).toBe(409);
    const device = (await send("GET", `/device/${body.deviceId}`)).body;
    expect(device.hasCancellation).toBe(true);
    expect(device.billingCancelDate * 1000).toBeGreaterThan(Date.now() + 20 * 24 * 3_600_000);
  });
});
