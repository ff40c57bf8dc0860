// Same seed, same bytes: on one thread, on two, and again.

import { expect, it } from "vitest";
import { PARALLEL_MIN_PRODUCTS } from "../../assembly/layout.ts";
import { init, kernelInfo } from "../../src/index.ts";
import { type Digests, largestProduct, runProgram } from "../browser/program.ts";

it("the program has products that are large enough to be shared among threads", () => {
  expect(largestProduct).toBeGreaterThan(PARALLEL_MIN_PRODUCTS);
});

it("one and two threads, run after run, give the same bytes", async () => {
  const runs: Digests[] = [];
  for (const threads of [1, 2, 3, 2]) {
    await init({ threads });
    expect(kernelInfo().threads).toBe(threads);
    runs.push(await runProgram());
  }
  expect(Object.keys(runs[0]!)).toHaveLength(6);
  expect(new Set(Object.values(runs[0]!)).size).toBe(6);
  for (const run of runs) expect(run).toEqual(runs[0]);
});

it("so do two runs at once, which take turns on the training thread", async () => {
  await init({ threads: 2 });
  const [a, b] = await Promise.all([runProgram(), runProgram()]);
  expect(a).toEqual(b);
});
