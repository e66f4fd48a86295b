import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fenceOf, LEASE_MS, whenFree, withLeases } from "../../../controller/reconcile/leases.ts";
import { fenced } from "../../../controller/reconcile/plugins.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { memoryController } from "./controller.ts";

const dataDir = makeDataDir();
const { signal } = new AbortController();
let store: Store;

beforeAll(async () => {
  store = await openStore({ dataDir });
});
afterAll(async () => {
  await store.close();
  await removeDataDir(dataDir);
});

/** A controller whose clocks a test sets. */
function controlled() {
  const clocks = { wall: 0, steady: 0 };
  const made = { ...memoryController(createMemoryCloud(), store), now: () => clocks.wall, steady: () => clocks.steady };
  return { controller: made, clocks };
}

describe("the fence of a stack", () => {
  it("closes when half the lease is over, and leaves the engine no time when it should have ended", async () => {
    const { controller, clocks } = controlled();

    await withLeases(controller, ["a.0"], signal, async (lost) => {
      const fence = fenceOf(controller, "a.0");
      fence.check();
      clocks.steady = LEASE_MS / 2;
      fence.check();
      // A process that was stopped comes to this before any of its timers.
      clocks.steady = LEASE_MS * 2;

      expect(() => fence.check()).toThrow(/could not be renewed/);
      expect(lost.reason).toMatchObject({ code: "LEASE_LOST", at: { lastWordsMs: 0 } });
    });
  });

  it("leaves the engine some moments to save its state when it closes in time", async () => {
    const { controller, clocks } = controlled();

    await withLeases(controller, ["b.0"], signal, async (lost) => {
      clocks.steady = LEASE_MS / 2 + 1;
      expect(() => fenceOf(controller, "b.0").check()).toThrow();

      expect(lost.reason.at.lastWordsMs).toBeGreaterThan(2_000);
      expect(lost.reason.at.lastWordsMs).toBeLessThan(LEASE_MS / 2);
    });
  });

  it("does not mind a clock on the wall that is set", async () => {
    const { controller, clocks } = controlled();

    await withLeases(controller, ["c.0"], signal, async (lost) => {
      for (clocks.wall of [10 * LEASE_MS, -10 * LEASE_MS]) fenceOf(controller, "c.0").check();

      expect(lost.aborted).toBe(false);
    });
  });

  it("stands before every request of a run, and behind the wait for its budget", async () => {
    const { controller, clocks } = controlled();
    const account = controller.account({} as never);

    await withLeases(controller, ["d.0"], signal, async () => {
      const { budget } = fenced(account, fenceOf(controller, "d.0"));
      (await budget.hold(["any"], "person", signal))();
      clocks.steady = LEASE_MS;

      await expect(budget.hold(["any"], "person", signal)).rejects.toMatchObject({ code: "LEASE_LOST" });
      await expect(budget.take(["any"], "person", signal)).rejects.toMatchObject({ code: "LEASE_LOST" });
    });
  });

  it("is open where this controller holds no lease, as for a preview", () => {
    expect(() => fenceOf(controlled().controller, "nobody.0").check()).not.toThrow();
  });
});

describe("a holder on another machine", () => {
  it("is not looked for among the processes of this one", async () => {
    const { controller } = controlled();
    await store.acquireLease("e.0", "elsewhere process 4194304 started 1 work 1", 600_000);
    await store.acquireLease("f.0", `${controller.machine} process 4194304 started 1 work 1`, 600_000);

    expect(await whenFree(controller, "e.0", signal, async () => "in")).toBeUndefined();
    expect(await whenFree(controller, "f.0", signal, async () => "in")).toBe("in");
  });

  it("is followed when its lease and grace are over", async () => {
    const { controller } = controlled();
    await store.acquireLease("g.0", "elsewhere process 1 started 1 work 1", 300);
    await new Promise((resolve) => setTimeout(resolve, 400));

    expect(await whenFree(controller, "g.0", signal, async () => "in")).toBe("in");
  });
});
