import { afterEach, describe, expect, it } from "vitest";
import type { Call } from "../../resources/cloud.ts";
import { digitalocean } from "../../resources/digitalocean/index.ts";
import { linode } from "../../resources/linode/index.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../simulators/digitalocean/index.ts";
import { LINODE_TOKEN, startLinode } from "../../simulators/linode/index.ts";
import { testCall } from "./fixtures.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function open(start: typeof startLinode, token: string): Promise<{ call: Call; client: SimulatorClient }> {
  const simulator = await start({ rateScale: 0 });
  closers.push(() => simulator.close());
  return { call: testCall(simulator.url, { credentials: { token } }), client: new SimulatorClient(simulator.url) };
}

describe("what Linode sells", () => {
  it("has the prices of regions that cost more, and where a plan is in stock", async () => {
    const { call, client } = await open(startLinode, LINODE_TOKEN);
    await client.sell("g6-nanode-1", { regions: ["us-east", "us-ord"] });
    const { sizes, regions } = await linode.catalog(call);
    const size = (name: string) => sizes.find((one) => one.name === name);

    expect(size("g6-standard-1")).toMatchObject({
      kind: "shared",
      memoryMiB: 2048,
      diskGiB: 50,
      pricePerHourMicro: 18_000,
      pricePerMonthMicro: 12_000_000,
      regionPrices: { "id-cgk": { perHourMicro: 21_600, perMonthMicro: 14_400_000 } },
    });
    expect(size("g6-standard-1")).not.toHaveProperty("regions");
    expect(size("g6-nanode-1")?.regions).toEqual(["us-east", "us-ord"]);
    expect(size("g1-gpu-rtx6000-1")).toMatchObject({ kind: "gpu", gpus: 1, gpuType: "RTX6000" });
    expect(size("g2-gpu-rtx4000a1-s")).toMatchObject({ gpus: 1, gpuType: "RTX4000 Ada" });
    expect(size("g1-gpu-rtx6000-1")?.regions).not.toContain("us-west");
    expect(regions.find(({ name }) => name === "eu-central")).toMatchObject({ available: true, country: "de" });
  });

  it("has the account's own scripts and nobody else's", async () => {
    const { call } = await open(startLinode, LINODE_TOKEN);

    expect(await linode.marketplace!(call)).toEqual([
      { name: "10079", title: "join-cluster", kind: "script", description: "Joins our cluster" },
      { name: "12345", title: "set-hostname", kind: "script", description: "Names the machine" },
    ]);
  });
});

describe("what DigitalOcean sells", () => {
  it("follows prices and stock, and keeps what has run out as sold out", async () => {
    const { call, client } = await open(startDigitalOcean, DIGITALOCEAN_TOKEN);
    await client.sell("s-1vcpu-1gb", { monthly: 7, hourly: 0.01042, regions: [] });
    const { sizes } = await digitalocean.catalog(call);

    expect(sizes.find(({ name }) => name === "s-1vcpu-1gb")).toMatchObject({
      pricePerMonthMicro: 7_000_000,
      pricePerHourMicro: 10_420,
      regions: [],
    });
    expect(sizes.find(({ name }) => name === "gpu-h100x1-80gb")).toMatchObject({ gpus: 1, gpuType: "H100" });
  });

  it("has one-click applications for droplets, and not those for clusters", async () => {
    const { call } = await open(startDigitalOcean, DIGITALOCEAN_TOKEN);
    const items = await digitalocean.marketplace!(call);

    expect(items).toContainEqual({ name: "docker-20-04", title: "docker-20-04", kind: "application" });
    expect(items.map(({ name }) => name)).not.toContain("monitoring");
  });
});
