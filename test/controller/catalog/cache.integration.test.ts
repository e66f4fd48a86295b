import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readMarketplace, readSale } from "../../../controller/catalog/cache.ts";
import { ageWords } from "../../../controller/catalog/words.ts";
import { holderName } from "../../../controller/reconcile/leases.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { FleetError } from "../../../resources/errors.ts";
import { createMemoryCloud, type MemoryCloud } from "../../memory/cloud.ts";
import { memoryController } from "../reconcile/controller.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";

const { signal } = new AbortController();
const DOWN = new FleetError("CLOUD_UNAVAILABLE", "the cloud is away");
const HOUR_MS = 60 * 60 * 1000;

let dataDir: string;
let store: Store;
let memory: MemoryCloud;
let ages: Record<string, number>;
let names = 0;

beforeAll(async () => {
  dataDir = makeDataDir();
  store = await openStore({ dataDir });
}, 60_000);
afterAll(async () => {
  await store.close();
  await removeDataDir(dataDir);
});
beforeEach(() => {
  memory = createMemoryCloud({ account: { name: `memory-${++names}` } });
  ages = {};
});

/** With a store whose entries are as old as a test says. */
function controller() {
  const aged: Store = {
    ...store,
    cachedCatalog: async (account, part) => {
      const found = await store.cachedCatalog(account, part);
      return found && { ...found, ageMs: found.ageMs + (ages[part] ?? 0) };
    },
  };
  return { ...memoryController(memory, aged), holder: holderName(process.pid), now: Date.now };
}

describe("the catalogue of an account", () => {
  it("is read once an hour", async () => {
    const { spec } = memory.account;
    await readSale(controller(), spec, { signal });
    await readSale(controller(), spec, { signal });
    expect(memory.calls.catalog).toBe(1);

    ages.sale = HOUR_MS;
    await readSale(controller(), spec, { signal });
    expect(memory.calls.catalog).toBe(2);
  });

  it("has a marketplace that is read every six hours, apart", async () => {
    let asked = 0;
    memory.cloud.marketplace = async () => {
      asked++;
      return [{ name: "wp", title: "WordPress", kind: "application" }];
    };
    const { spec } = memory.account;
    await readMarketplace(controller(), spec, { signal });
    ages.marketplace = 5 * HOUR_MS;

    expect((await readMarketplace(controller(), spec, { signal })).content).toHaveLength(1);
    expect(asked).toBe(1);
    ages.marketplace = 6 * HOUR_MS;
    await readMarketplace(controller(), spec, { signal });
    expect([asked, memory.calls.catalog]).toEqual([2, undefined]);
  });

  it("is read anew when asked for", async () => {
    const { spec } = memory.account;
    await readSale(controller(), spec, { signal });
    await readSale(controller(), spec, { signal, maxAgeMs: 0 });

    expect(memory.calls.catalog).toBe(2);
  });

  it.each([
    { what: "its address", change: { endpoint: "memory://other" } },
    { what: "its credential", change: { credentials: { token: { env: "FLEETWRIGHT_OTHER" } } } },
    { what: "its options", change: { options: { project: "two" } } },
  ])("is emptied when $what changes", async ({ change }) => {
    const { spec } = memory.account;
    await readSale(controller(), spec, { signal });
    await readSale(controller(), { ...spec, ...change }, { signal });
    expect(memory.calls.catalog).toBe(2);
  });

  it("does not pass for the changed account's when the cloud is away", async () => {
    const { spec } = memory.account;
    await readSale(controller(), spec, { signal });
    memory.fail("catalog", DOWN);

    await expect(readSale(controller(), { ...spec, options: { other: 1 } }, { signal })).rejects.toBe(DOWN);
  });

  it("is the last one, with its age and the reason, while the cloud is away", async () => {
    const { spec } = memory.account;
    await readSale(controller(), spec, { signal });
    ages.sale = 3 * HOUR_MS;
    memory.fail("catalog", DOWN);
    const reading = await readSale(controller(), spec, { signal });

    expect(reading).toMatchObject({ stale: "the cloud is away", content: { sizes: [{}, {}] } });
    expect(ageWords(reading.ageMs)).toBe("3 h");
  });

  it("is nothing when the last one is older than will do", async () => {
    const { spec } = memory.account;
    await readSale(controller(), spec, { signal });
    ages.sale = 3 * HOUR_MS;
    memory.fail("catalog", DOWN);

    await expect(readSale(controller(), spec, { signal, maxAgeMs: 0, staleMs: 60_000 })).rejects.toBe(DOWN);
  });

  it("is read by one caller at a time, in one process and in two", async () => {
    const run = promisify(execFile);
    const reader = (times: number) =>
      run(process.execPath, [join(import.meta.dirname, "reader.ts"), dataDir, String(times)]).then(
        ({ stdout }) => JSON.parse(stdout) as { asked: number; sizes: number[] },
      );
    const [one, two] = await Promise.all([reader(3), reader(2)]);

    expect(one!.asked + two!.asked).toBe(1);
    expect([...one!.sizes, ...two!.sizes]).toEqual([2, 2, 2, 2, 2]);
  }, 60_000);
});
