// The analytic Fisher agrees with the references, for every loss and every kind of label.

import { describe, expect, it } from "vitest";
import {
  EVALUATION_ROWS,
  LABELS_EMPIRICAL,
  LABELS_EXACT,
  LABELS_SAMPLED,
} from "../../assembly/layout.ts";
import { sigmoid } from "../reference/activation.ts";
import { analyticFisher } from "../reference/analytic-fisher.ts";
import { softmax } from "../reference/loss.ts";
import { forward, type Layer } from "../reference/network.ts";
import { type Batch, lossInput } from "../reference/network-loss.ts";
import { layerOf, readPytorchVectors } from "../reference/pytorch-vectors.ts";
import { Random } from "../reference/random.ts";
import { networkIn32 } from "../tolerance.ts";
import { expectSame } from "./expect-within.ts";
import { analytic, COST, fisherPlans, layersOf, rowsOf, tensorsOfFlat } from "./fisher-case.ts";
import { builds, openCore } from "./harness.ts";
import { expectTensors } from "./network-pass.ts";

/** Losses whose labels have a distribution, and a last layer for each. */
const distributions = [
  { loss: "mse", last: "tanh" },
  { loss: "softmax-cross-entropy", last: "identity" },
  { loss: "binary-cross-entropy", last: "identity" },
  { loss: "binary-cross-entropy", last: "sigmoid" },
] as const;
type Distribution = (typeof distributions)[number];

/** Squares carry the error of a pass twice. */
function squaredIn32(layers: readonly Layer[], rows: number): number {
  return 2 * networkIn32(layers, rows);
}

/** A label drawn from the model's distribution at z, as the core draws it. */
function drawn({ loss }: Distribution, z: number[], random: Random): number[] {
  if (loss === "mse") return z.map((value) => value - Math.SQRT1_2 * random.normal());
  if (loss === "binary-cross-entropy") {
    return z.map((logit) => (random.uniform() < sigmoid(logit) ? 1 : 0));
  }
  let left = random.uniform();
  const probabilities = softmax(z);
  const label = probabilities.findIndex((probability) => {
    left -= probability;
    return left < 0;
  });
  return z.map((_, k) => (k === label ? 1 : 0));
}

/** The batch with its labels drawn by the reference: seeded as the core's generator. */
function withDrawnLabels(layers: Layer[], each: Distribution, batch: Batch, seed: number): Batch {
  const z = lossInput(layers, forward(layers, batch.input, batch.count), each.loss);
  const random = new Random(seed);
  const label: number[] = [];
  for (let s = 0; s < batch.count; s++) {
    label.push(...drawn(each, Array.from(z.subarray(3 * s, 3 * s + 3)), random));
  }
  return { ...batch, label };
}

for (const build of builds) {
  describe(`${build} fisherAnalytic`, () => {
    const core = openCore(build);

    it.each(fisherPlans)("$activation, last $last, $loss, LoRA $hasLora", (plan) => {
      const { loss } = plan;
      const [layers, batch] = [layersOf(plan), rowsOf(9)];
      const exact = analyticFisher(layers, batch, loss, "empirical", "all", { cost: COST });
      const { tensors } = analytic(core, layers, batch, loss);
      expectTensors(tensors, tensorsOfFlat(layers, exact), squaredIn32(layers, 9));
    });

    it.each(distributions)("exact labels of $loss behind $last", (each) => {
      for (const hasLora of [true, false]) {
        const layers = layersOf({ ...each, activation: "tanh", hasLora });
        const batch = rowsOf(9);
        const exact = analyticFisher(layers, batch, each.loss, "exact", "all");
        const { tensors } = analytic(core, layers, batch, each.loss, { labels: LABELS_EXACT });
        expectTensors(tensors, tensorsOfFlat(layers, exact), squaredIn32(layers, 3 * 9));
      }
    });

    it.each(distributions)("sampled labels of $loss behind $last", (each) => {
      const layers = layersOf({ ...each, activation: "gelu", hasLora: true });
      for (const seed of [1, 2, 3]) {
        const batch = rowsOf(50);
        const labelled = withDrawnLabels(layers, each, batch, seed);
        const exact = analyticFisher(layers, labelled, each.loss, "empirical", "all");
        const { tensors } = analytic(core, layers, batch, each.loss, {
          labels: LABELS_SAMPLED,
          seed,
        });
        expectTensors(tensors, tensorsOfFlat(layers, exact), squaredIn32(layers, 50));
      }
    });

    const counts = [1, EVALUATION_ROWS - 1, EVALUATION_ROWS, EVALUATION_ROWS + 1, 600];
    it.each(counts)("%i rows, chunk after chunk", (rows) => {
      for (const loss of ["softmax-cross-entropy", "negative-sharpe"] as const) {
        const layers = layersOf({ activation: "relu", loss, last: "identity", hasLora: true });
        const batch = rowsOf(rows);
        const exact = analyticFisher(layers, batch, loss, "empirical", "all", { cost: COST });
        const { tensors } = analytic(core, layers, batch, loss);
        expectTensors(tensors, tensorsOfFlat(layers, exact), squaredIn32(layers, rows));
      }
    });

    it("one block alone is the same to the bit, the other is not written", () => {
      const layers = layersOf(fisherPlans[0]!);
      const run = (base: boolean, adapter: boolean) =>
        analytic(core, layers, rowsOf(9), "mse", { trained: { base, adapter } });
      const both = run(true, true);
      expectSame(run(true, false).fBase, both.fBase);
      expectSame(run(false, true).fAdapter, both.fAdapter);
      expect(largestOf(run(true, false).fAdapter)).toBe(0);
      expect(largestOf(run(false, true).fBase)).toBe(0);
    });

    it.each(["empirical", "exact"] as const)("PyTorch's with %s labels", (labels) => {
      const { fisher } = readPytorchVectors();
      const layers = fisher.layers.map((layer, k) => layerOf(layer, fisher.activations[k]!));
      const batch = { count: fisher.rows, input: fisher.input, label: fisher.label };
      const kind = labels === "exact" ? LABELS_EXACT : LABELS_EMPIRICAL;
      const { tensors } = analytic(core, layers, batch, fisher.loss, { labels: kind });
      const flat = fisher[labels].flatMap((layer) => Object.values(layer).flat());
      const golden = tensorsOfFlat(layers, Float64Array.from(flat));
      expectTensors(tensors, golden, squaredIn32(layers, 3 * fisher.rows));
    });
  });
}

function largestOf(values: Float32Array): number {
  return values.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
}
