import { describe, expect, it } from "vitest";
import { ownStack } from "../../../controller/reconcile/cells.ts";
import { sideBySide, stacksInUse } from "../../../controller/reconcile/side-by-side.ts";

const LONG = ["metal-1", "metal-2", "metal-3"].map((name) => ({ stack: ownStack("metal", name) }));
const QUICK = ["main.0", "main.1", "main.2"].map((stack) => ({ stack }));

describe("stacks of a phase, side by side", () => {
  it("are not held up by machines that wait in stacks of their own, however few places there are", async () => {
    const ended: string[] = [];
    let arrive!: () => void;
    const ready = new Promise<void>((resolve) => {
      arrive = resolve;
    });

    await sideBySide([...LONG, ...QUICK], 1, async ({ stack }) => {
      // The machines are ready only once all others have ended.
      if (LONG.some((long) => long.stack === stack)) await ready;
      ended.push(stack);
      if (ended.length === QUICK.length) arrive();
    });

    expect(ended.slice(0, 3)).toEqual(QUICK.map(({ stack }) => stack));
    expect(ended.slice(3).sort()).toEqual(LONG.map(({ stack }) => stack));
  });

  it("keep to the places that there are", async () => {
    let running = 0;
    let most = 0;

    await sideBySide([...QUICK, { stack: "main.3" }], 2, async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    });

    expect(most).toBe(2);
  });

  it("all end before an error of one is thrown", async () => {
    const ended: string[] = [];

    const run = sideBySide([...QUICK, ...LONG], 1, async ({ stack }) => {
      if (stack === "main.0") throw new Error("broken");
      await new Promise((resolve) => setTimeout(resolve, 5));
      ended.push(stack);
    });

    await expect(run).rejects.toThrow("broken");
    expect(ended).toHaveLength(5);
  });
});

describe("a stack in use", () => {
  const phases = [{ tasks: [{ stack: "main.base" }] }, { tasks: QUICK }, { tasks: [{ stack: "main.base" }] }];

  it("is given back after its last task, and not before", () => {
    const use = stacksInUse(phases, []);

    expect(use.isDone("main.base")).toBe(false);
    expect(use.isDone("main.0")).toBe(true);
    expect(use.isDone("main.base")).toBe(true);
  });

  it("is idle from the start when only its records are written", () => {
    expect(stacksInUse(phases, []).isIdle("main.7")).toBe(true);
    expect(stacksInUse(phases, []).isIdle("main.0")).toBe(false);
  });

  it("is kept where something is left to do after all phases", () => {
    const use = stacksInUse(phases, ["main.0", "old.0"]);

    expect(use.isDone("main.0")).toBe(false);
    expect(use.isIdle("old.0")).toBe(false);
  });
});
