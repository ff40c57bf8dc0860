// The structured finite-difference Fisher agrees with the references and with the analytic one.

import { describe, expect, it } from "vitest";
import type { ActivationName } from "../reference/activation.ts";
import { analyticFisher } from "../reference/analytic-fisher.ts";
import { fisherByDifferences } from "../reference/fisher.ts";
import type { RowLossName } from "../reference/loss.ts";
import type { Layer } from "../reference/network.ts";
import { type Batch, networkPerRowLoss } from "../reference/network-loss.ts";
import { flatten, parameterTensors, unflatten } from "../reference/parameters.ts";
import { Random } from "../reference/random.ts";
import { DIFFERENCE, networkIn32, U64 } from "../tolerance.ts";
import { expectSame } from "./expect-within.ts";
import {
  analytic,
  COST,
  type FisherPlan,
  fisherPlans,
  layersOf,
  rowsOf,
  structured,
  tensorsOfFlat,
} from "./fisher-case.ts";
import { builds, openCore } from "./harness.ts";
import { activationNames, networkOf, type Tensors } from "./network-block.ts";
import { expectTensors } from "./network-pass.ts";

const ROWS = 5;
/** Squares of differences carry their error twice, here and in a reference that differs too. */
const SQUARED_DIFFERENCE = 4 * DIFFERENCE;
/** The square of a slope that is nothing but the rounding of a loss of about 1 over 2h. */
const NOTHING = (8 * U64 * 1e5) ** 2;

/** The Fisher by moving each weight of the whole network, one after the other. */
function byDifferences(layers: readonly Layer[], batch: Batch, loss: RowLossName): Tensors[] {
  const moved = structuredClone(layers) as Layer[];
  const tensors = parameterTensors(moved, "all");
  const lossesAt = new WeakMap<Float64Array, Float64Array>();
  const flat = fisherByDifferences(flatten(tensors), batch.count, (theta, s) => {
    if (!lossesAt.has(theta)) {
      unflatten(tensors, theta);
      lossesAt.set(theta, networkPerRowLoss(moved, batch, loss));
    }
    return lossesAt.get(theta)![s]!;
  });
  return tensorsOfFlat(layers, flat);
}

function isRowLoss({ loss }: FisherPlan): boolean {
  return loss !== "negative-sharpe";
}

/** Every tensor's elements, those of the one next to those of the other. */
function expectElements(actual: readonly Tensors[], expected: readonly Tensors[]): void {
  expected.forEach((tensors, index) => {
    for (const name of ["weight", "bias", "A", "B"] as const) {
      const theirs = tensors[name];
      theirs?.forEach((value, k) => {
        const off = Math.abs(actual[index]![name]![k]! - value);
        // The bound; far below the tensor's own size f32 has no more digits.
        const floor = 1e-6 * theirs.reduce((top, each) => Math.max(top, each), 0);
        expect(off, `${name} ${k} of layer ${index}`).toBeLessThanOrEqual(1e-4 * value + floor);
      });
    }
  });
}

/**
 * Weights whose steps reach over the end of the series, 1/32: the step of a weight of 5160. They
 * stand in front of the hidden values and of the outputs, within and beyond that end.
 */
function steepLayers(): Layer[] {
  const layers = networkOf(new Random(50), 4, [
    { outputs: 5, rank: 2 },
    { outputs: 3, rank: 1 },
  ]);
  layers[0]!.bias!.set([6000, 1, -5100, 2, -7000]);
  // The first hidden value, about 6000, evens out what the biases differ by.
  layers[1]!.weight!.set(
    [
      [0, 0.5, 0.0001, -0.5, 0.0001],
      [-0.05, 0.5, -0.0002, 1, 0],
      [-0.025, -0.5, 0.0001, 0.5, 0.0002],
    ]
      .flat()
      .map(Math.fround),
  );
  layers[1]!.bias!.set([5150, 5450, 5300]);
  layers[1]!.adapter!.A.set([5, 3000, -1, -2000, 1].map((a) => a / 4096));
  return layers;
}

/**
 * One input in front of two hidden values: -6000 x + 6000.5 and -999 x + 1000.3 are about 1, while
 * their steps are long enough to bend an activation, and the second value's weights of 200 make a
 * move of it long for a softmax that it hardly changes.
 */
function leverLayers(activation: ActivationName): Layer[] {
  const layers = networkOf(new Random(51), 1, [{ outputs: 2, activation }, { outputs: 3 }]);
  layers[0]!.weight!.set([-6000, -999]);
  layers[0]!.bias!.set([6000.5, 1000.25]);
  layers[1]!.weight!.set([0.5, 200, -0.25, 200.5, 1, 199]);
  return layers;
}

for (const build of builds) {
  describe(build, () => {
    const core = openCore(build);

    it.each(fisherPlans)("$activation, last $last, $loss, LoRA $hasLora", (plan) => {
      const { loss } = plan;
      const [layers, batch] = [layersOf(plan), rowsOf(ROWS)];
      const { tensors } = structured(core, layers, batch, loss);
      const exact = analyticFisher(layers, batch, loss, "empirical", "all", { cost: COST });
      // Negative Sharpe couples the rows: dL/dz comes from a pass in f32.
      const coupled = loss === "negative-sharpe" ? 2 * networkIn32(layers, ROWS) : 0;
      expectTensors(tensors, tensorsOfFlat(layers, exact), SQUARED_DIFFERENCE + coupled);
      expectElements(analytic(core, layers, batch, loss).tensors, tensors);
    });

    it.each(fisherPlans.filter(isRowLoss).filter((_, k) => k % 3 === 0))(
      "one by one: $activation, last $last, $loss, LoRA $hasLora",
      (plan) => {
        const [layers, batch] = [layersOf(plan), rowsOf(ROWS)];
        const { tensors } = structured(core, layers, batch, plan.loss);
        const exact = byDifferences(layers, batch, plan.loss as RowLossName);
        expectTensors(tensors, exact, SQUARED_DIFFERENCE);
      },
    );

    it.each(["softmax-cross-entropy", "mse", "huber"] as const)("long steps under %s", (loss) => {
      const layers = steepLayers();
      const batch = rowsOf(ROWS);
      batch.label = Float32Array.from(batch.label, (_, k) => (k % 3 === 1 ? 1 : 0));
      const { tensors } = structured(core, layers, batch, loss);
      // The loss is about 5000 and its rounding grows with it; the steps grow as well.
      expectTensors(tensors, byDifferences(layers, batch, loss), 1e-6);
    });

    it.each(activationNames)("long levers in front of %s", (activation) => {
      const layers = leverLayers(activation);
      const input = Float32Array.of(1, 0.99998, 1.00003);
      const batch = { count: 3, input, label: [1, 0, 0, 0, 1, 0, 0.5, 0.25, 0.25] };
      for (const loss of ["softmax-cross-entropy", "mse", "huber"] as const) {
        const { tensors } = structured(core, layers, batch, loss);
        expectTensors(tensors, byDifferences(layers, batch, loss), 1e-6, NOTHING);
      }
    });

    it("steps of 2 under a softmax", () => {
      const layers = networkOf(new Random(52), 1, [{ outputs: 3 }]);
      layers[0]!.bias!.set([330_000, 330_001, 329_999.5]);
      const batch = { count: 2, input: [1, -0.5], label: [1, 0, 0, 0, 0.5, 0.5] };
      const { tensors } = structured(core, layers, batch, "softmax-cross-entropy");
      // The reference's loss rounds at 330000 and its short steps magnify that to 5e-6.
      const exact = byDifferences(layers, batch, "softmax-cross-entropy");
      expectTensors(tensors, exact, 2e-4);
    });

    it("inputs of 0 and of 1e5", () => {
      const layers = layersOf({ activation: "tanh", loss: "mse", last: "identity", hasLora: true });
      const batch = rowsOf(ROWS);
      batch.input = Float32Array.from(batch.input, (value, k) => [0, 1e5 * value, value][k % 3]!);
      for (const loss of ["mse", "softmax-cross-entropy"] as const) {
        const { tensors } = structured(core, layers, batch, loss);
        expectTensors(tensors, byDifferences(layers, batch, loss), SQUARED_DIFFERENCE);
      }
    });

    it.each([1, 2, 7, 16, 33])("one layer of %i outputs and a rank, one input", (outputs) => {
      for (const loss of ["softmax-cross-entropy", "binary-cross-entropy"] as const) {
        const layers = networkOf(new Random(outputs), 1, [{ outputs, rank: 2 }]);
        const batch = rowsOf(3, 1, outputs);
        const { tensors } = structured(core, layers, batch, loss);
        const exact = byDifferences(layers, batch, loss);
        expectTensors(tensors, exact, SQUARED_DIFFERENCE, NOTHING);
      }
    });

    it("one block alone is the same to the bit, the other is not written", () => {
      const layers = layersOf(fisherPlans[0]!);
      const run = (base: boolean, adapter: boolean) =>
        structured(core, layers, rowsOf(ROWS), "mse", { base, adapter });
      const both = run(true, true);
      expectSame(run(true, false).fBase, both.fBase);
      expectSame(run(false, true).fAdapter, both.fAdapter);
      expect(Math.max(...run(true, false).fAdapter, ...run(false, true).fBase)).toBe(0);
    });
  });
}
