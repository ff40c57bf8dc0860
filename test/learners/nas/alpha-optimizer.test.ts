// Architecture parameters move by the gradient of the loss through their softmax.

import { expect, it } from "vitest";
import { AlphaOptimizer } from "../../../src/learners/nas/alpha-optimizer.ts";

it("starts with equal shares that add up to 1", () => {
  const [shares] = new AlphaOptimizer(1, 4, 0.1).shares();
  expect([...shares!]).toEqual([0.25, 0.25, 0.25, 0.25]);
});

it("the first step is lr against the sign of dL/dalpha, edge by edge", () => {
  const optimizer = new AlphaOptimizer(2, 3, 0.1);
  optimizer.move([Float64Array.of(3, 1, -4), Float64Array.of(-1, 5, 5)]);
  // dL/dalpha_k = p_k (dL/dp_k - mean): signs + + - and - + +
  const expected = [-0.1, -0.1, 0.1, 0.1, -0.1, -0.1];
  const alphas = optimizer.alphas().flatMap((each) => [...each]);
  for (const [k, alpha] of alphas.entries()) expect(alpha).toBeCloseTo(expected[k]!, 6);
});

it("a loss that likes all operations the same moves nothing", () => {
  const optimizer = new AlphaOptimizer(1, 3, 0.1);
  for (let step = 0; step < 5; step++) optimizer.move([Float64Array.of(7, 7, 7)]);
  for (const alpha of optimizer.alphas()[0]!) expect(Math.abs(alpha)).toBeLessThan(1e-3);
});

it("steps grow with the learning rate and the leader takes the edge", () => {
  const optimizer = new AlphaOptimizer(1, 2, 0.05);
  for (let step = 0; step < 200; step++) optimizer.move([Float64Array.of(1, -1)]);
  const [shares] = optimizer.shares();
  expect(shares![1]).toBeGreaterThan(0.95);
});
