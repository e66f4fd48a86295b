import { globSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { rank } from "./longest-first.ts";

const tests = resolve(import.meta.dirname, "..");
const ranked = globSync("**/*.test.ts", { cwd: tests }).sort((one, other) => rankOf(one) - rankOf(other));

function rankOf(name: string): number {
  return rank(resolve(tests, name));
}

it("begins with what takes longest and ends with what starts nothing", () => {
  expect(ranked.slice(0, 2)).toEqual(["e2e/kills.integration.test.ts", "demo/nine-clouds.integration.test.ts"]);
  expect(rankOf("e2e/money.integration.test.ts")).toBeLessThan(rankOf("controller/jobs/watch.integration.test.ts"));
  expect(rankOf("controller/jobs/watch.integration.test.ts")).toBeLessThan(rankOf("controller/jobs/clock.test.ts"));
});
