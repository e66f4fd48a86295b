import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["resources/lean-sdk.ts"],
    // Tests start engines, databases and simulators: each file in a process of its own, which takes what it left behind with it.
    pool: "forks",
    // They wait more than they compute.
    maxWorkers: Math.max(2, availableParallelism()),
    // A machine that others load makes a time-out now and then; what is broken fails twice.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
  },
});
