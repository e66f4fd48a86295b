import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { makeDataDir, removeDataDir } from "./support.ts";

const dataDir = makeDataDir();
let store: Store;

beforeAll(async () => {
  store = await openStore({ dataDir });
});
afterAll(async () => {
  await store?.close();
  await removeDataDir(dataDir);
});

describe("a lease", () => {
  it("goes to one of many that ask at once", async () => {
    const holders = Array.from({ length: 10 }, (_, index) => `holder-${index}`);

    const leases = await Promise.all(holders.map((holder) => store.acquireLease("raced", holder, 60_000)));

    const won = leases.filter((lease) => lease !== undefined);
    expect(won).toHaveLength(1);
    expect(await store.lease("raced")).toEqual(won[0]);
  });

  it("is renewed by its holder alone", async () => {
    await store.acquireLease("a", "one", 60_000);
    await store.acquireLease("b", "two", 60_000);

    const longer = await store.acquireLease("a", "one", 120_000);

    expect(Date.parse(longer!.expiresAt) - Date.now()).toBeGreaterThan(100_000);
    expect(await store.acquireLease("a", "two", 60_000)).toBeUndefined();
    expect(await store.renewLeases(["a", "b", "none"], "one", 60_000)).toEqual(["a"]);
  });

  it("can be taken once it has run out, and then its holder cannot renew it", async () => {
    await store.acquireLease("short", "one", 150);
    expect(await store.acquireLease("short", "two", 150)).toBeUndefined();

    await sleep(250);

    expect(await store.renewLeases(["short"], "one", 60_000)).toEqual([]);
    expect(await store.acquireLease("short", "two", 60_000)).toMatchObject({ holder: "two" });
    expect(await store.acquireLease("short", "one", 60_000)).toBeUndefined();
  });

  it("is given back by its holder alone", async () => {
    await store.acquireLease("given", "one", 60_000);

    await store.releaseLease("given", "two");
    expect(await store.lease("given")).toMatchObject({ holder: "one" });

    await store.releaseLease("given", "one");
    expect(await store.lease("given")).toBeUndefined();
    expect(await store.acquireLease("given", "two", 60_000)).toMatchObject({ holder: "two" });
  });
});
