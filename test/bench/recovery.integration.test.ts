import { expect, it } from "vitest";
import { killOnce } from "../../bench/figures/kills.ts";

// A create of 12 reads each machine twice; more are verified by a list.
const USUAL = 24;

it("recovers a killed create by listing the account, and asks for no machine by its mark", async () => {
  const { calls, madeAtKill, ...wrong } = await killOnce(12, { madeBefore: 5, group: true }, USUAL);

  expect(madeAtKill).toBeGreaterThan(5);
  expect(wrong).toEqual({ duplicates: 0, orphans: 0, lost: 0 });
  // Two lists of one page for all open creates together; it was one look more for each machine that the killed run had made.
  expect(calls).toBeLessThanOrEqual(2);
}, 180_000);
