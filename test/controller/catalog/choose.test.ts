import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choose } from "../../../controller/catalog/choose.ts";
import { findOffers } from "../../../controller/catalog/offers.ts";
import type { ServerFields } from "../../../schemas/types.ts";
import { accountSpec } from "../reconcile/specs.ts";
import { anyNeeds, anyShops, shop, size } from "./sale.ts";

const TODAY = "2026-07-01";
const FIRST = { again: false, move: false };

const server = (over: Partial<ServerFields>): ServerFields =>
  ({
    kind: "Server",
    name: "web-9",
    placement: "cheapest",
    image: "debian-12",
    needs: { vcpus: 1 },
    ...over,
  }) as ServerFields;

const on = (name: string, provider: string, sizes = [size("s")], images = ["debian-12"]) =>
  shop(
    name,
    sizes,
    { images: images.map((name) => ({ name, title: name })) },
    { account: accountSpec(name, { provider }) },
  );

describe("a placement", () => {
  it("is the cheapest of all accounts, with the next ones", () => {
    const shops = [
      on("a", "x", [size("s"), size("m", { pricePerMonthMicro: 8_000_000 })]),
      on("b", "y", [size("t", { pricePerMonthMicro: 4_000_000 })]),
    ];
    const choice = choose(server({}), shops, TODAY, FIRST);

    expect(choice).toMatchObject({ account: "b", size: "t", region: "east", image: "debian-12" });
    expect("runnersUp" in choice && choice.runnersUp.map(({ size }) => size.name)).toEqual(["s", "m"]);
  });

  it("installs the image that is named for the chosen cloud, and leaves out clouds without one", () => {
    const shops = [
      on("a", "x", [size("s", { pricePerMonthMicro: 1 })], ["x/debian"]),
      on("b", "y", [size("t")], ["debian-y"]),
    ];

    expect(
      choose(server({ image: undefined, needs: { images: { x: "x/debian", y: "debian-y" } } }), shops, TODAY, FIRST),
    ).toMatchObject({ account: "a", image: "x/debian" });
    expect(
      choose(server({ image: undefined, needs: { images: { y: "debian-y" } } }), shops, TODAY, FIRST),
    ).toMatchObject({ account: "b", image: "debian-y" });
    expect(choose(server({ image: "debian-y", needs: { vcpus: 1 } }), shops, TODAY, FIRST)).toMatchObject({
      account: "b",
    });
  });

  it("stays on an account that the file names, also with an image that is on no list", () => {
    const shops = [on("a", "x"), on("b", "y", [size("t", { pricePerMonthMicro: 1 })])];

    expect(choose(server({ account: "a", image: "private-7" }), shops, TODAY, FIRST)).toMatchObject({
      account: "a",
      image: "private-7",
    });
    expect(choose(server({ image: "private-7" }), shops, TODAY, FIRST)).toHaveProperty("reason");
  });

  it("stays in the account and region that it has when it is decided again, unless it may move", () => {
    const shops = [
      on("a", "x", [size("s"), size("now-cheaper", { pricePerMonthMicro: 2_000_000 })]),
      on("b", "y", [size("t", { pricePerMonthMicro: 1_000_000 })]),
    ];
    const placed = server({ account: "a", region: "west", size: "s" });

    expect(choose(placed, shops, TODAY, { again: true, move: false })).toMatchObject({
      account: "a",
      region: "west",
      size: "now-cheaper",
    });
    expect(choose(placed, shops, TODAY, { again: true, move: true })).toMatchObject({ account: "b", size: "t" });
    const bound = { ...placed, needs: { accounts: ["a"] } };
    expect(choose(bound, shops, TODAY, { again: true, move: true })).toMatchObject({ account: "a" });
  });

  it("reads memory with its unit", () => {
    const shops = [on("a", "x", [size("s"), size("m", { memoryMiB: 4096, pricePerMonthMicro: 20_000_000 })])];

    expect(choose(server({ needs: { memoryMiB: "4GiB" } }), shops, TODAY, FIRST)).toMatchObject({ size: "m" });
    expect(choose(server({ needs: { memoryMiB: "8GiB" } }), shops, TODAY, FIRST)).toMatchObject({
      reason: "nothing in stock on any account has 8 GiB memory",
    });
  });

  it("is always an offer that does, at the least price, and in stock where it is placed", () => {
    fc.assert(
      fc.property(anyShops, anyNeeds, (shops, needs) => {
        const choice = choose(server({ needs: { ...needs, images: { cumulus: "debian-12" } } }), shops, TODAY, FIRST);
        const { offers } = findOffers(shops, needs, TODAY);

        if ("reason" in choice) {
          expect(offers).toEqual([]);
          return;
        }
        expect(choice.offer.cost.monthlyMicro).toBe(Math.min(...offers.map(({ cost }) => cost.monthlyMicro)));
        const sold = shops.find(({ account }) => account.name === choice.account)!.catalog;
        const bought = sold.sizes.find(({ name }) => name === choice.size)!;
        expect(bought.regions ?? [choice.region]).toContain(choice.region);
        expect(sold.regions.find(({ name }) => name === choice.region)?.available).toBe(true);
      }),
    );
  });
});
