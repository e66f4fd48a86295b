import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstanceType } from "@pulumi/aws/types/enums/ec2/index.js";
import { DropletSlug } from "@pulumi/digitalocean/types/enums/index.js";
import { Plan } from "@pulumi/equinix-metal/types/enums/index.js";
import { describe, expect, it } from "vitest";
import { fitting, readTemplates, templateOf } from "../../../controller/capsule/templates.ts";
import { PROVIDERS } from "../../../controller/capsule/variables.ts";
import { resolveAccount } from "../../../resources/account.ts";
import type { Cloud } from "../../../resources/cloud.ts";
import { type CloudName, clouds } from "../../../resources/registry.ts";
import type { AccountSpec } from "../../../resources/spec.ts";
import { simulators } from "../../../simulators/index.ts";
import { motoMissing } from "../../aws/peer.ts";

const templates = readTemplates();
const of = (name: string) => templates.filter(({ provider }) => provider === name);
const noMoto = await motoMissing();

/** The catalogue of a simulated cloud. */
async function catalogOf(name: CloudName, regions: readonly string[] = [], more: object = {}) {
  const { start, credentials, accountOptions = {} } = simulators[name]!;
  const simulator = await start();
  try {
    const refs = Object.fromEntries(Object.keys(credentials).map((field) => [field, { env: field }]));
    const spec = {
      name,
      provider: name,
      endpoint: simulator.url,
      credentials: refs,
      options: { ...accountOptions, ...more },
    };
    const all = { kind: "Account", budgets: {}, regions, formerly: [], cells: 1, deadlines: {}, ...spec };
    const environment = { ...credentials, FLEETWRIGHT_ENDPOINTS: "*=http://127.0.0.1:*" };
    const cloud: Cloud = clouds[name];
    const account = resolveAccount(all as unknown as AccountSpec, cloud, environment);
    return await cloud.catalog({ account, signal: AbortSignal.timeout(30_000), priority: "person" });
  } finally {
    await simulator.close();
  }
}

describe("templates", () => {
  it("are there for every provider, with all that the schema wants", () => {
    expect([...new Set(templates.map(({ provider }) => provider))].sort()).toEqual(Object.keys(PROVIDERS).sort());
    expect(templateOf(templates, "digitalocean", "do-basic-2")).toMatchObject({ vcpus: 2, memory_gb: 4 });
  });

  it.each(["hivelocity", "digitalocean", "vultr", "equinix", "linode"] as const)(
    "of %s are what its catalogue sells, at its price",
    async (name) => {
      const { sizes, images, regions } = await catalogOf(name);

      for (const { provider, size, vcpus, memory_gb, price_hourly, image, regions: own } of templates) {
        if (provider !== name) continue;
        const sold = sizes.find((one) => one.name === size);
        expect(sold).toMatchObject({ vcpus, memoryMiB: memory_gb * 1024, currency: "USD" });
        expect(images.map((one) => one.name)).toContain(image);
        for (const region of own) {
          expect(sold!.regions ?? regions.map((one) => one.name)).toContain(region);
          const price = sold!.regionPrices?.[region]?.perHourMicro ?? sold!.pricePerHourMicro;
          expect({ size, region, price }).toEqual({ size, region, price: Math.round(price_hourly * 1e6) });
        }
      }
    },
  );

  it.skipIf(noMoto)(
    `of aws are types as EC2 describes them, at the prices of its list${noMoto ? ` (${noMoto})` : ""}`,
    async () => {
      const own = of("aws");
      const places = [...new Set(own.flatMap(({ regions }) => regions))];

      const { sizes, images } = await catalogOf("aws", places, { prices: true });

      for (const { size, vcpus, memory_gb, price_hourly, image, regions } of own) {
        const sold = sizes.find((one) => one.name === size);
        expect(sold).toMatchObject({ name: size, vcpus, memoryMiB: memory_gb * 1024 });
        expect(sold!.regions).toEqual(expect.arrayContaining(regions));
        expect({ size, price: sold!.pricePerHourMicro }).toEqual({ size, price: Math.round(price_hourly * 1e6) });
        expect(sold!.regionPrices).toBeUndefined();
        expect(images.find((one) => one.name === image)?.regions).toEqual(expect.arrayContaining(regions));
      }
    },
    120_000,
  );

  it.skipIf(noMoto)(
    "of aws have no price in a region whose prices are not read",
    async () => {
      const { sizes } = await catalogOf("aws", ["us-east-1", "eu-west-1"], {
        prices: true,
        priceRegions: ["us-east-1"],
      });

      const { regions, pricePerHourMicro, regionPrices } = sizes.find(({ name }) => name === "t3.micro")!;
      expect(regions).toEqual(["eu-west-1", "us-east-1"]);
      expect(pricePerHourMicro).toBeUndefined();
      expect(regionPrices).toEqual({ "us-east-1": { perHourMicro: 10_400, perMonthMicro: 7_592_000 } });
    },
    120_000,
  );

  it("of aws cost twice as much for twice as much, as its price list has it within a family", () => {
    const families = Map.groupBy(of("aws"), ({ size }) => size.split(".")[0]!);

    for (const [family, [first, ...others]] of families)
      for (const { size, price_hourly, memory_gb } of others) {
        const wanted = (first!.price_hourly * memory_gb) / first!.memory_gb;
        expect({ family, size, price: price_hourly }).toEqual({ family, size, price: Number(wanted.toFixed(6)) });
      }
  });

  it.each([
    { provider: "aws", words: InstanceType },
    { provider: "digitalocean", words: DropletSlug },
    { provider: "equinix", words: Plan },
  ])("of $provider are sizes that its official plugin knows", ({ provider, words }) => {
    const known: string[] = Object.values(words);

    expect(of(provider).flatMap(({ size }) => (known.includes(size) ? [] : [size]))).toEqual([]);
  });

  it("are compared by price, without those of a provider that takes nothing new", () => {
    const all = fitting(templates, { min_cpu: 8, min_memory: 32, max_price: 1 });

    expect(all.map(({ id }) => id)).toEqual(["hv-metal-8"]);
    expect(
      fitting(templates, { min_cpu: 0, min_memory: 0, max_price: 0.0075 }).map(({ price_hourly }) => price_hourly),
    ).toEqual([0.006849, 0.0075]);
  });

  it.each([
    { name: "a price that is none", change: "price_hourly: -1" },
    { name: "a field that is not known", change: "price_hourly: 1, cost: 2" },
  ])("are refused for $name", ({ change }) => {
    const folder = mkdtempSync(join(tmpdir(), "fw-templates-"));
    const template = `{ id: x, name: X, size: x, vcpus: 1, memory_gb: 1, ${change} }`;
    writeFileSync(
      join(folder, "x.yaml"),
      `provider: x\ncurrency: USD\nimage: x\nregions: [x]\ntemplates:\n  - ${template}\n`,
    );

    expect(() => readTemplates(folder)).toThrow(/^x\.yaml: data\/templates\/0/);
  });
});
