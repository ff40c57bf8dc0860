// The gradients of the contrastive loss are true, for both factors and for good and bad answers.

import { describe, expect, it } from "vitest";
import { direction } from "../../../bench/background/planted-tasks.ts";
import { CosineIndex } from "../../../src/core/cluster.ts";
import { Random } from "../../../src/core/random.ts";
import { type Lesson, study } from "../../../src/learners/background/adapter-training.ts";
import { joinRows } from "../../../src/learners/background/pattern-clusters.ts";
import { ResidualAdapter } from "../../../src/learners/background/residual-adapter.ts";

const SHAPE = { size: 12, rank: 3, alpha: 6 };

/** The same loss in plain f64, from the formulas. */
function slowLoss(weights: Float64Array, { query, used, advantage }: Lesson, rows: Float32Array[]) {
  const { size, rank, alpha } = SHAPE;
  const y = Array.from(query, (value, k) => {
    let sum = 0;
    for (let q = 0; q < rank; q++) {
      let h = 0;
      for (let j = 0; j < size; j++) h += weights[q * size + j]! * query[j]!;
      sum += weights[rank * size + k * rank + q]! * h;
    }
    return value + (alpha / rank) * sum;
  });
  const length = Math.sqrt(y.reduce((sum, value) => sum + value * value, 0));
  const powers = rows.map((row) =>
    Math.exp(row.reduce((sum, value, k) => sum + value * y[k]!, 0) / length / 0.1),
  );
  const share = powers[used]! / powers.reduce((sum, value) => sum + value, 0);
  return advantage >= 0 ? -advantage * Math.log(share) : advantage * Math.log(1 - share);
}

describe("study", () => {
  it.each([0.4, -0.6, 0])("agrees with central differences for an advantage of %f", (advantage) => {
    const random = new Random(3);
    const rows = Array.from({ length: 6 }, () => direction(random, SHAPE.size));
    using index = new CosineIndex(SHAPE.size);
    index.replace(joinRows(rows));
    const adapter = ResidualAdapter.initial(SHAPE, random);
    for (let at = 36; at < 72; at++) adapter.weights[at] = 0.3 * random.normal();
    for (let trial = 0; trial < 5; trial++) {
      const lesson = { query: direction(random, SHAPE.size), used: trial, advantage };
      const gradient = new Float32Array(adapter.weights.length);
      const patterns = { rows, ids: [], index, negatives: 32, temperature: 0.1 };
      const { loss } = study(adapter, lesson, patterns, gradient);
      const theta = Float64Array.from(adapter.weights);
      const exact = slowLoss(theta, lesson, rows);
      // The softmax is in f32, and 1/temperature magnifies the rounding of the output.
      expect(Math.abs(loss - exact)).toBeLessThan(2e-6 * (1 + Math.abs(exact)));
      const slopes = theta.map((value, p) => {
        const at = (shift: number) => slowLoss(theta.with(p, value + shift), lesson, rows);
        return (at(1e-6) - at(-1e-6)) / 2e-6;
      });
      const largest = Math.max(...slopes.map(Math.abs));
      for (const [p, slope] of slopes.entries()) {
        expect(Math.abs(gradient[p]! - slope)).toBeLessThanOrEqual(2e-5 * largest + 1e-8);
      }
    }
  });

  it("tells the used pattern apart from the nearest ones where there are many", () => {
    const random = new Random(4);
    const rows = Array.from({ length: 100 }, () => direction(random, SHAPE.size));
    using index = new CosineIndex(SHAPE.size);
    index.replace(joinRows(rows));
    const adapter = ResidualAdapter.initial(SHAPE, random);
    const lesson = { query: direction(random, SHAPE.size), used: 50, advantage: 1 };
    const few = study(adapter, lesson, { rows, ids: [], index, negatives: 5, temperature: 0.1 });
    const all = study(adapter, lesson, { rows, ids: [], index, negatives: 99, temperature: 0.1 });
    const dot = (x: Float32Array) => x.reduce((sum, value, k) => sum + value * lesson.query[k]!, 0);
    const products = rows.map(dot);
    const near = products.filter((_, row) => row !== 50).sort((a, b) => b - a);
    const expected = [products[50]!, ...near.slice(0, 5)].map((value) => Math.exp(value / 0.1));
    const share = expected[0]! / expected.reduce((sum, value) => sum + value, 0);
    expect(few.loss).toBeCloseTo(-Math.log(share), 4);
    expect(all.loss).toBeGreaterThan(few.loss);
  });
});
