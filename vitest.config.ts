// The test runner: which files are tests, how long each may take, what CI reads from a run.

import { defineConfig } from "vitest/config";

const inCi = process.env.CI !== undefined;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Processes, not threads: a test may start threads, load native modules or end by a signal.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: inCi ? ["default", "json"] : ["default"],
    outputFile: { json: "build/test-results.json" },
    coverage: {
      enabled: inCi,
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text", "json-summary"],
      reportsDirectory: "build/coverage",
    },
  },
});
