import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { approvedOnly, unapproved } from "../../../controller/reconcile/approvals.ts";
import { holderName } from "../../../controller/reconcile/leases.ts";
import type { Prepared } from "../../../controller/reconcile/preview.ts";
import { checkQuotes, quotesOf, rememberQuotes } from "../../../controller/reconcile/quotes.ts";
import type { Work } from "../../../controller/reconcile/types.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import type { Catalog, CatalogSize } from "../../../resources/catalog.ts";
import { FleetError } from "../../../resources/errors.ts";
import { createMemoryCloud, type MemoryCloud } from "../../memory/cloud.ts";
import { catalog, size } from "../catalog/sale.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { memoryController } from "./controller.ts";
import { accountsOf, serverSpec } from "./specs.ts";
import { workFor } from "./works.ts";

const { signal } = new AbortController();
const NONE = { allowReplace: [] };

let dataDir: string;
let store: Store;
let memory: MemoryCloud;
/** What the cloud sells now. */
let sale: Catalog;
let names = 0;

beforeAll(async () => {
  dataDir = makeDataDir();
  store = await openStore({ dataDir });
}, 60_000);
afterAll(async () => {
  await store.close();
  await removeDataDir(dataDir);
});
beforeEach(async () => {
  await store.closeApprovals([...(await store.openApprovals()).keys()]);
  memory = createMemoryCloud({ account: { name: `memory-${++names}` } });
  sells([size("small"), size("large", { pricePerMonthMicro: 40_000_000 })]);
  const { catalog } = memory.cloud;
  memory.cloud.catalog = async (call) => {
    await catalog(call);
    return sale;
  };
});

function sells(sizes: CatalogSize[], open = true): void {
  const regions = ["here", "there"].map((name) => ({ name, title: name, available: name === "there" || open }));
  sale = catalog(sizes, { regions });
}

const controller = () => ({ ...memoryController(memory, store), holder: holderName(process.pid), now: Date.now });
const server = (over = {}) =>
  serverSpec("web-1", {
    account: memory.account.spec.name,
    provider: "memory",
    size: "small",
    region: "here",
    ...over,
  });

/** As a preview with this catalogue has it. */
function prepared(works: Work[], read: Catalog = sale): Prepared {
  const { spec } = memory.account;
  const desired = {
    accounts: accountsOf(spec),
    catalogs: { [spec.name]: read },
    plans: [],
    fleet: { approval: "required" },
  };
  const preview = { commit: "c1", hash: "whole", effects: works.map(({ effect }) => effect) };
  return { works, desired, preview } as unknown as Prepared;
}

async function check(shown: Prepared) {
  const quotes = quotesOf(shown.works, shown.desired);
  return await checkQuotes(controller(), shown, (hash) => quotes.get(hash), signal);
}

describe("what is bought", () => {
  it("goes on at the price that was shown, and is read anew for it", async () => {
    const shown = prepared([workFor(undefined, server())]);
    const now = await check(shown);

    expect([...now.values()]).toEqual([
      {
        size: "small",
        region: "here",
        cost: { monthlyMicro: 5_000_000, hourlyMicro: 7_500, currency: "USD" },
        price: { monthlyMicro: 5_000_000, hourlyMicro: 7_500, currency: "USD" },
      },
    ]);
    expect(memory.calls.catalog).toBe(1);
  });

  it.each([
    { what: "a new machine", work: () => workFor(undefined, server()) },
    { what: "another size", work: () => workFor(server({ size: "large" }), server()) },
    { what: "a machine made anew", work: () => workFor(server(), server({ rebuild: 1 })) },
  ])("is refused at another price, with the new figure: $what", async ({ work }) => {
    const shown = prepared([work()]);
    sells([size("small", { pricePerMonthMicro: 6_000_000, pricePerHourMicro: 9_000 })]);

    await expect(check(shown)).rejects.toMatchObject({
      code: "PREVIEW_STALE",
      message: expect.stringContaining(
        "web-1: small costs 6.00 USD a month (0.009 an hour) now, and 5.00 USD a month (0.0075 an hour) was shown",
      ),
    });
  });

  it.each([
    {
      what: "out of stock in its region",
      change: () => sells([size("small", { regions: ["there"] })]),
      says: "web-1: small is out of stock in here, and in stock in there",
    },
    { what: "sold out", change: () => sells([size("small", { regions: [] })]), says: "in stock nowhere" },
    { what: "not sold any more", change: () => sells([size("large")]), says: "the size small is not sold any more" },
    {
      what: "in a region that takes nobody",
      change: () => sells([size("small")], false),
      says: "here takes no new machines now",
    },
  ])("is refused when it is $what", async ({ change, says }) => {
    const shown = prepared([workFor(undefined, server())]);
    change();

    await expect(check(shown)).rejects.toMatchObject({
      code: "CLOUD_OUT_OF_STOCK",
      message: expect.stringContaining(says),
    });
  });

  it("is nothing where no machine and no size is new: the cloud is not asked", async () => {
    const works = [
      workFor(server(), server({ labels: { a: "b" } })),
      workFor(server(), undefined),
      workFor(undefined, server({ adopt: "1" })),
    ];
    sells([]);

    expect((await check(prepared(works))).size).toBe(0);
    expect(memory.calls.catalog).toBeUndefined();
  });

  it("is not bought blindly when prices were shown and cannot be read any more", async () => {
    memory.fail("catalog", new FleetError("CLOUD_UNAVAILABLE", "away"));

    await expect(check(prepared([workFor(undefined, server())]))).rejects.toMatchObject({ code: "CLOUD_UNAVAILABLE" });
  });

  it("was approved at its price: at another it needs a new approval, which then holds", async () => {
    const made = controller();
    const shown = prepared([workFor(undefined, server())]);
    const approve = (at: Prepared) =>
      approvedOnly(made, at, { hashes: ["whole"], by: "ada" }, NONE, async () => quotesOf(at.works, at.desired));
    await approve(shown);
    expect(await unapproved(made, shown)).toEqual([]);

    sells([size("small", { pricePerMonthMicro: 6_000_000 })]);
    const dearer = prepared(shown.works);
    expect(await unapproved(made, dearer)).toHaveLength(1);

    await approve(dearer);
    expect(await unapproved(made, dearer)).toEqual([]);
    expect([...(await store.openApprovals()).values()][0]?.quote?.cost?.monthlyMicro).toBe(6_000_000);
  });

  it("is not approved when the check refuses", async () => {
    const refuse = async () => {
      throw new FleetError("CLOUD_OUT_OF_STOCK", "gone");
    };
    await expect(
      approvedOnly(
        controller(),
        prepared([workFor(undefined, server())]),
        { hashes: ["whole"], by: "ada" },
        NONE,
        refuse,
      ),
    ).rejects.toMatchObject({ code: "CLOUD_OUT_OF_STOCK" });

    expect((await store.openApprovals()).size).toBe(0);
  });

  it("is remembered as a preview has shown it", async () => {
    const shown = prepared([workFor(undefined, server())]);
    await rememberQuotes({ store }, shown);
    const { hash } = shown.works[0]!.effect;

    expect((await store.quotes([hash])).get(hash)).toEqual(quotesOf(shown.works, shown.desired).get(hash));
  });
});
