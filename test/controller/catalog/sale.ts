import fc from "fast-check";
import type { Needs, Shop } from "../../../controller/catalog/offers.ts";
import type { Catalog, CatalogSize } from "../../../resources/catalog.ts";
import { accountSpec } from "../reconcile/specs.ts";

export function size(name: string, over: Partial<CatalogSize> = {}): CatalogSize {
  return {
    name,
    title: name,
    kind: "shared",
    vcpus: 1,
    memoryMiB: 1024,
    diskGiB: 25,
    pricePerHourMicro: 7_500,
    pricePerMonthMicro: 5_000_000,
    currency: "USD",
    ...over,
  };
}

export function catalog(sizes: CatalogSize[], over: Partial<Catalog> = {}): Catalog {
  return {
    sizes,
    regions: ["east", "west"].map((name) => ({ name, title: name, available: true })),
    images: [{ name: "debian-12", title: "Debian 12" }],
    readAt: "2026-01-01T00:00:00Z",
    ...over,
  };
}

export function shop(
  account: string,
  sizes: CatalogSize[],
  over: Partial<Catalog> = {},
  more: Partial<Shop> = {},
): Shop {
  return {
    account: accountSpec(account, { provider: "cumulus" }),
    cloud: { name: "cumulus", title: "Cumulus" },
    catalog: catalog(sizes, over),
    ...more,
  };
}

const REGIONS = ["east", "west", "north"];

const anySize = (name: string): fc.Arbitrary<CatalogSize> =>
  fc
    .record({
      vcpus: fc.integer({ min: 1, max: 8 }),
      memoryMiB: fc.integer({ min: 1, max: 16 }).map((gib) => gib * 1024),
      diskGiB: fc.integer({ min: 10, max: 100 }),
      monthly: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
      regions: fc.option(fc.subarray(REGIONS), { nil: undefined }),
      dearer: fc.subarray(REGIONS),
      ended: fc.boolean(),
    })
    .map(({ vcpus, memoryMiB, diskGiB, monthly, regions, dearer, ended }) => {
      const price = (factor: number) => ({
        perMonthMicro: monthly! * factor * 1e6,
        perHourMicro: monthly! * factor * 1400,
      });
      const {
        pricePerHourMicro: _hour,
        pricePerMonthMicro: _month,
        ...base
      } = size(name, { vcpus, memoryMiB, diskGiB });
      return {
        ...base,
        ...(monthly === undefined ? {} : { pricePerMonthMicro: monthly * 1e6, pricePerHourMicro: monthly * 1400 }),
        ...(monthly === undefined ? {} : { regionPrices: Object.fromEntries(dearer.map((name) => [name, price(2)])) }),
        ...(regions === undefined ? {} : { regions }),
        ...(ended ? { ended: { on: "2026-06-30", note: "" } } : {}),
      };
    });

/** Some accounts whose clouds sell all sorts of things. */
export const anyShops: fc.Arbitrary<Shop[]> = fc
  .array(fc.tuple(fc.array(fc.nat(), { maxLength: 6 }), fc.subarray(REGIONS), fc.subarray(REGIONS), fc.boolean()), {
    maxLength: 4,
  })
  .chain((drafts) =>
    fc.tuple(
      ...drafts.map(([marks, open, own, ended], index) =>
        fc.tuple(...marks.map((_, at) => anySize(`s${at}`))).map((sizes): Shop => {
          const name = `account-${index}`;
          const regions = REGIONS.map((region) => ({ name: region, title: region, available: open.includes(region) }));
          const end = ended ? { ended: { on: "2026-06-30", note: "" } } : {};
          return shop(
            name,
            sizes,
            { regions },
            { account: accountSpec(name, { provider: "cumulus", regions: own, ...end }) },
          );
        }),
      ),
    ),
  );

export const anyNeeds: fc.Arbitrary<Needs> = fc.record(
  {
    vcpus: fc.integer({ min: 1, max: 8 }),
    memoryMiB: fc.integer({ min: 1, max: 16 }).map((gib) => gib * 1024),
    diskGiB: fc.integer({ min: 10, max: 100 }),
    regions: fc.subarray(REGIONS, { minLength: 1 }),
  },
  { requiredKeys: [] },
);
