import { availableParallelism, totalmem } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/setup/longest-first.ts";

/** Of one worker with the engine, the plugins and the database that its tests start, at their most. */
const WORKER_BYTES = 2 * 2 ** 30;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["resources/lean-sdk.ts"],
    // Tests start engines, databases and simulators: each file in a process of its own, which takes what it left behind with it.
    pool: "forks",
    // Most of their time they wait: one file alone takes a third of a core.
    maxWorkers: Math.max(2, Math.min(2 * availableParallelism(), Math.floor(totalmem() / WORKER_BYTES))),
    sequence: { sequencer: LongestFirst },
    // A machine that others load makes a time-out now and then; what is broken fails twice.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
  },
});
