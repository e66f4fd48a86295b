import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { holderName, withLeases } from "../../../controller/reconcile/leases.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { memoryController } from "./controller.ts";

const dataDir = makeDataDir();
const { signal } = new AbortController();
const stores: Store[] = [];

beforeAll(async () => {
  // Two processes on one database, as two commands are.
  for (let count = 0; count < 2; count++) stores.push(await openStore({ dataDir }));
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await removeDataDir(dataDir);
});

/** Both live, so that neither is taken for one that is gone. */
const controllers = () =>
  stores.map((store) => ({
    ...memoryController(createMemoryCloud(), store),
    holder: holderName(process.pid),
    now: Date.now,
    sleep: async (ms: number) => void (await new Promise((resolve) => setTimeout(resolve, ms / 20))),
  }));

describe("the leases of an execution", () => {
  it("leave other stacks to others while a machine is waited for", async () => {
    const [one, other] = controllers();

    const done = await withLeases(one!, ["metal.x-metal-1"], signal, async (mine) => {
      const theirs = await withLeases(other!, ["main.0"], signal, async () => "applied");
      return { theirs, lost: mine.aborted };
    });

    expect(done).toEqual({ theirs: "applied", lost: false });
  });

  it("are given back one by one, and what is left is still held", async () => {
    const [one, other] = controllers();
    const order: string[] = [];

    await withLeases(one!, ["main.0", "metal.x-metal-1"], signal, async (mine, release) => {
      const waiting = withLeases(other!, ["main.0"], signal, async () => void order.push("other"));
      await new Promise((resolve) => setTimeout(resolve, 100));
      order.push("given back");
      await release("main.0");
      await waiting;

      expect(await stores[1]!.acquireLease("metal.x-metal-1", "somebody else", 1_000)).toBeUndefined();
      expect(mine.aborted).toBe(false);
    });

    expect(order).toEqual(["given back", "other"]);
    expect(await stores[0]!.lease("metal.x-metal-1")).toBeUndefined();
  });
});
