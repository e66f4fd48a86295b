import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findOffers, inOneCurrency, type Needs, type Shop } from "../../../controller/catalog/offers.ts";
import { toGiB, toMiB } from "../../../controller/catalog/units.ts";
import { accountSpec } from "../reconcile/specs.ts";
import { anyNeeds, anyShops, shop, size } from "./sale.ts";

const TODAY = "2026-07-01";
const ENDED = { on: "2026-06-30", note: "closed" };
const names = (shops: Shop[], needs: Needs = {}, day = TODAY) =>
  findOffers(shops, needs, day).offers.map(({ account, size }) => `${account} ${size.name}`);

describe("what is on sale", () => {
  it("comes with the cheapest first, across accounts", () => {
    const shops = [
      shop("a", [
        size("big", { vcpus: 4, pricePerMonthMicro: 40_000_000 }),
        size("mid", { vcpus: 2, pricePerMonthMicro: 24_000_000 }),
      ]),
      shop("b", [size("two", { vcpus: 2, pricePerMonthMicro: 18_000_000 })]),
    ];

    expect(names(shops, { vcpus: 2 })).toEqual(["b two", "a mid", "a big"]);
  });

  it.each([
    { what: "too few processors", over: { vcpus: 1 } },
    { what: "too little memory", over: { memoryMiB: 2047 } },
    { what: "too small a disk", over: { diskGiB: 49 } },
    { what: "another kind", over: { kind: "dedicated" as const } },
    { what: "no stock anywhere", over: { regions: [] } },
    { what: "stock in other regions only", over: { regions: ["west"] } },
    { what: "an end that has come", over: { ended: ENDED } },
  ])("leaves out a size with $what", ({ over }) => {
    const good = { vcpus: 2, memoryMiB: 2048, diskGiB: 50 };
    const needs: Needs = { ...good, kind: "shared", regions: ["east"] };

    expect(names([shop("a", [size("s", { ...good, ...over })])], needs)).toEqual([]);
    expect(names([shop("a", [size("s", good)])], needs)).toEqual(["a s"]);
  });

  it("finds a GPU by part of its name, however it is written", () => {
    const shops = [
      shop("a", [
        size("plain"),
        size("h100", { kind: "gpu", gpus: 1, gpuType: "NVIDIA H100" }),
        size("rtx", { kind: "gpu", gpus: 1, gpuType: "RTX 6000" }),
      ]),
    ];

    expect(names(shops, { gpus: 1 })).toEqual(["a h100", "a rtx"]);
    expect(names(shops, { gpuType: "rtx6000" })).toEqual(["a rtx"]);
    expect(names(shops, { gpuType: "A100" })).toEqual([]);
  });

  it("tells sizes without a price and never lets them win", () => {
    const { pricePerMonthMicro: _, ...unpriced } = size("free?");
    const found = findOffers([shop("a", [unpriced, size("s")])], {}, TODAY);

    expect(found.offers.map(({ size }) => size.name)).toEqual(["s"]);
    expect(found.unpriced).toEqual([{ account: "a", size: "free?" }]);
  });

  it("counts a dearer region at its own price", () => {
    const dear = size("s", { regionPrices: { east: { perHourMicro: 9_000, perMonthMicro: 6_000_000 } } });
    const { offers } = findOffers([shop("a", [dear])], {}, TODAY);

    expect(offers.map(({ regions, cost }) => [regions, cost.monthlyMicro])).toEqual([
      [["west"], 5_000_000],
      [["east"], 6_000_000],
    ]);
  });

  it("ends on the day, in UTC, and not before", () => {
    const closing = { on: "2026-07-01", note: "" };
    const account = accountSpec("a", { provider: "cumulus", endedRegions: { east: closing } });
    const one = (more: Partial<Shop>, day: string) =>
      findOffers([shop("a", [size("s")], {}, more)], {}, day).offers.flatMap(({ regions }) => regions);

    expect(one({ account }, "2026-06-30")).toEqual(["east", "west"]);
    expect(one({ account }, "2026-07-01")).toEqual(["west"]);
    expect(one({ cloud: { name: "cumulus", title: "Cumulus", ended: closing } }, "2026-07-01")).toEqual([]);
    expect(one({ account: accountSpec("a", { ended: closing }) }, "2026-07-02")).toEqual([]);
  });

  it("needs the image there, and a disk that holds it", () => {
    const images = [{ name: "big-image", title: "Big", minDiskGiB: 50, regions: ["west"] }];
    const sizes = [size("s", { diskGiB: 25 }), size("l", { diskGiB: 80, pricePerMonthMicro: 9_000_000 })];
    const { offers } = findOffers(
      [shop("a", sizes, { images }, { image: "big-image" }), shop("b", sizes, {}, { image: "big-image" })],
      {},
      TODAY,
    );

    expect(offers.map(({ account, size, regions }) => [account, size.name, regions])).toEqual([["a", "l", ["west"]]]);
  });

  it("puts the regions that are liked first, in their order", () => {
    expect(findOffers([shop("a", [size("s")])], { regions: ["west", "east"] }, TODAY).offers[0]?.regions).toEqual([
      "west",
      "east",
    ]);
  });

  it("never compares two currencies", () => {
    const { offers } = findOffers(
      [shop("a", [size("s"), size("e", { currency: "EUR", pricePerMonthMicro: 1 })])],
      {},
      TODAY,
    );

    expect(inOneCurrency(offers)).toMatchObject({
      currency: "USD",
      others: ["EUR"],
      offers: [{ size: { name: "s" } }],
    });
    expect(inOneCurrency(offers, "EUR")).toMatchObject({
      currency: "EUR",
      others: ["USD"],
      offers: [{ size: { name: "e" } }],
    });
  });

  it("is the least of all that would do, is in stock, and is the same when asked in another order", () => {
    fc.assert(
      fc.property(anyShops, anyNeeds, (shops, needs) => {
        const [best, ...rest] = findOffers(shops, needs, TODAY).offers;
        // Everything that could be bought, found without the code under test.
        const all = shops.flatMap(({ account, catalog }) =>
          catalog.sizes.flatMap((one) =>
            catalog.regions
              .filter(({ name, available }) => available && (one.regions?.includes(name) ?? true))
              .filter(({ name }) => account.regions.length === 0 || account.regions.includes(name))
              .filter(({ name }) => needs.regions?.includes(name) ?? true)
              .filter(() => account.ended === undefined && one.ended === undefined)
              .filter(
                () =>
                  one.vcpus >= (needs.vcpus ?? 0) &&
                  one.memoryMiB >= (needs.memoryMiB ?? 0) &&
                  one.diskGiB >= (needs.diskGiB ?? 0),
              )
              .flatMap(({ name }) => one.regionPrices?.[name]?.perMonthMicro ?? one.pricePerMonthMicro ?? []),
          ),
        );

        expect(best?.cost.monthlyMicro).toBe(all.length === 0 ? undefined : Math.min(...all));
        expect(
          [best, ...rest].flatMap((offer) => offer?.regions.map(() => offer.cost.monthlyMicro) ?? []).sort(),
        ).toEqual(all.sort());
        expect(findOffers(shops.toReversed(), needs, TODAY).offers[0]).toEqual(best);
      }),
      { numRuns: 300 },
    );
  });
});

describe("sizes as people write them", () => {
  it.each([
    ["4GiB", 4096],
    ["4 GB", 4096],
    ["512MiB", 512],
    ["1.5GiB", 1536],
    ["2048", 2048],
    ["1TiB", 1_048_576],
    ["0", undefined],
    ["-1GiB", undefined],
    ["4 apples", undefined],
    ["1.3", undefined],
  ])("%s is %s MiB", (text, mib) => {
    expect(toMiB(text)).toBe(mib);
  });

  it("a bare disk size is in GiB", () => {
    expect([toGiB("50"), toGiB("50GiB"), toGiB("1TB")]).toEqual([50, 50, 1024]);
  });
});
