// Networks with and without adapters agree with the f64 references, finite differences and PyTorch.

import { describe, expect, it } from "vitest";
import type { ActivationName } from "../reference/activation.ts";
import type { LossName } from "../reference/loss.ts";
import { networkLoss } from "../reference/network-loss.ts";
import { flatten, parameterTensors, unflatten } from "../reference/parameters.ts";
import { layerOf, readPytorchVectors } from "../reference/pytorch-vectors.ts";
import { Random } from "../reference/random.ts";
import { DIFFERENCE, networkIn32, U32 } from "../tolerance.ts";
import { expectNear, expectWithin } from "./expect-within.ts";
import { builds, openCore } from "./harness.ts";
import {
  activationNames,
  type LayerSpec,
  lossNames,
  networkOf,
  place,
  type Tensors,
  tensorsOf,
} from "./network-block.ts";
import { expectTensors, gradientTensors, passes, tensorsIn } from "./network-pass.ts";
import { largest, normals, uniforms } from "./values.ts";

interface Plan {
  activation: ActivationName;
  loss: LossName;
  last: ActivationName;
}

const plans: Plan[] = activationNames.flatMap((activation) =>
  lossNames.map((loss): Plan => ({ activation, loss, last: loss === "mse" ? "tanh" : "identity" })),
);
plans.push({ activation: "tanh", loss: "binary-cross-entropy", last: "sigmoid" });
plans.push({ activation: "gelu", loss: "negative-sharpe", last: "tanh" });

const options = { cost: 0.05, sequenceRows: 5 };

function batchOf(random: Random, count: number, inputs: number, outputs: number) {
  const [input, label] = [normals(random, count * inputs), uniforms(random, count * outputs)];
  return { count, input, label, rowWeight: uniforms(random, count) };
}

/** Three layers: the adapter alone, base with adapter, base alone; a batch and its gradients. */
function caseOf({ activation, loss, last }: Plan) {
  const random = new Random(17);
  const layers = networkOf(random, 4, [
    { outputs: 5, activation, hasBase: false, rank: 2 },
    { outputs: 6, activation, rank: 3 },
    { outputs: 3, activation: last },
  ]);
  const batch = batchOf(random, 6, 4, 3);
  return { layers, batch, exact: networkLoss(layers, batch, loss, options) };
}

/** The gradient of the reference's loss by moving one parameter at a time. */
function byDifferences({ layers, batch }: ReturnType<typeof caseOf>, loss: LossName): Tensors[] {
  const moved = structuredClone(layers);
  const tensors = parameterTensors(moved, "all");
  const theta = flatten(tensors);
  const lossAt = (p: number, step: number) => {
    const values = Float64Array.from(theta);
    values[p]! += step;
    unflatten(tensors, values);
    return networkLoss(moved, batch, loss, options).value;
  };
  const slopes = theta.map((value, p) => {
    const h = Math.cbrt(2 ** -52) * Math.max(1, Math.abs(value));
    return (lossAt(p, h) - lossAt(p, -h)) / (2 * h);
  });
  unflatten(tensors, slopes);
  return moved.map(tensorsOf);
}

/** Widths, ranks and rows around every tile, and layers of the adapter alone. */
const shapes: { rows: number; inputs: number; layers: LayerSpec[] }[] = [
  { rows: 1, inputs: 1, layers: [{ outputs: 1 }] },
  { rows: 1, inputs: 1, layers: [{ outputs: 1, hasBase: false, rank: 1 }] },
  { rows: 3, inputs: 5, layers: [{ outputs: 4, rank: 1, activation: "relu" }, { outputs: 2 }] },
  {
    rows: 4,
    inputs: 16,
    layers: [
      { outputs: 17, activation: "gelu" },
      { outputs: 3, rank: 4 },
    ],
  },
  { rows: 5, inputs: 15, layers: [{ outputs: 63, rank: 16, hasBase: false }, { outputs: 1 }] },
  { rows: 17, inputs: 64, layers: [{ outputs: 65, rank: 8, activation: "tanh" }, { outputs: 10 }] },
  { rows: 64, inputs: 3, layers: [{ outputs: 4 }, { outputs: 4, rank: 2 }, { outputs: 4 }] },
  { rows: 257, inputs: 9, layers: [{ outputs: 8, rank: 3, activation: "sigmoid" }] },
  { rows: 1000, inputs: 4, layers: [{ outputs: 5, rank: 2 }] },
  { rows: 5, inputs: 1000, layers: [{ outputs: 5, rank: 2 }, { outputs: 1000 }] },
];

const { mlp } = readPytorchVectors();

for (const build of builds) {
  describe(build, () => {
    const core = openCore(build);

    it.each(plans)("$activation, last $last, under $loss", (plan) => {
      const { loss } = plan;
      const each = caseOf(plan);
      const { layers, batch, exact } = each;
      const placed = place(core, layers, loss, options.cost);
      const { value, output, dBase, dAdapter } = passes(core, layers, placed, batch, loss, options);
      const relative = networkIn32(layers, batch.count);
      const last = exact.traces.at(-1)!;
      const read = loss === "binary-cross-entropy" && plan.last === "sigmoid" ? "z" : "output";
      expectWithin(output, last[read], relative * largest(last[read]), "output");
      expectNear(value, exact.value, relative * Math.max(1, Math.abs(exact.value)), "loss");
      const gradients = tensorsIn(layers, dBase, dAdapter);
      expectTensors(gradients, gradientTensors(exact.gradients), relative);
      expectTensors(gradients, byDifferences(each, loss), relative + DIFFERENCE);
    });

    it.each(shapes)("$rows rows of $inputs into $layers", ({ rows, inputs, layers: specs }) => {
      const random = new Random(rows);
      const layers = networkOf(random, inputs, specs);
      const batch = batchOf(random, rows, inputs, layers.at(-1)!.outputSize);
      const exact = networkLoss(layers, batch, "mse");
      const { value, dBase, dAdapter } = passes(
        core,
        layers,
        place(core, layers, "mse"),
        batch,
        "mse",
      );
      const relative = networkIn32(layers, rows);
      expectNear(value, exact.value, relative * exact.value, "loss");
      const gradients = tensorsIn(layers, dBase, dAdapter);
      expectTensors(gradients, gradientTensors(exact.gradients), relative);
    });

    it("a block that is not trained is not written, the other is the same to the bit", () => {
      const { layers, batch } = caseOf({ activation: "tanh", loss: "mse", last: "identity" });
      const placed = place(core, layers, "mse");
      const gradients = (base: boolean, adapter: boolean) =>
        passes(core, layers, placed, batch, "mse", {}, { base, adapter });
      const both = gradients(true, true);
      expect(gradients(true, false).dBase).toEqual(both.dBase);
      expect(gradients(false, true).dAdapter).toEqual(both.dAdapter);
      expect(gradients(true, false).dAdapter.every(Number.isNaN)).toBe(true);
      expect(gradients(false, true).dBase.every(Number.isNaN)).toBe(true);
    });

    it("layers below the first one that learns are left alone", () => {
      const layers = networkOf(new Random(4), 4, [
        { outputs: 5, activation: "relu" },
        { outputs: 6, activation: "gelu" },
        { outputs: 3, rank: 2 },
      ]);
      const batch = batchOf(new Random(5), 6, 4, 3);
      const placed = place(core, layers, "mse");
      const trained = { base: false, adapter: true };
      const { dAdapter } = passes(core, layers, placed, batch, "mse", {}, trained);
      const exact = gradientTensors(networkLoss(layers, batch, "mse").gradients);
      const gradients = tensorsIn(layers, placed.blocks.base, dAdapter);
      expectTensors([gradients[2]!].map(onlyAdapter), [exact[2]!].map(onlyAdapter), 1e-5);
    });

    it("a bias gradient over a hundred thousand rows adds up in blocks", () => {
      const count = 100_003;
      const layers = networkOf(new Random(1), 1, [{ outputs: 5 }]);
      layers[0]!.weight!.fill(0);
      layers[0]!.bias!.fill(0.1);
      const [input, label] = [new Float32Array(count), new Float32Array(5 * count)];
      const batch = { count, input, label };
      const placed = place(core, layers, "mse");
      const { dBase } = passes(core, layers, placed, batch, "mse");
      const exact = 2 * Math.fround(0.1);
      const roundings = 3 * U32 + networkIn32([], count);
      expectWithin(dBase.subarray(5), new Array(5).fill(exact), roundings * exact);
    });
  });

  describe(`${build} against PyTorch`, () => {
    const core = openCore(build);

    it.each(mlp.cases)("$model $activations $loss", ({ model, activations, loss, ...expected }) => {
      const layers = mlp.models[model].map((layer, index) => layerOf(layer, activations[index]!));
      const { rows: count, input, rowWeight, labels, cost, sequenceRows } = mlp;
      const batch = { count, input, rowWeight, label: labels[loss] };
      const placed = place(core, layers, loss, cost);
      const { value, dBase, dAdapter } = passes(core, layers, placed, batch, loss, {
        cost,
        sequenceRows,
      });
      const relative = networkIn32(layers, count);
      expectNear(value, expected.value, relative * Math.max(1, Math.abs(expected.value)), "loss");
      const golden = expected.gradients.map((each): Tensors => {
        const tensor = (name: string) => each[name] && Float64Array.from(each[name]);
        const [weight, bias] = [tensor("dWeight"), tensor("dBias")];
        return { weight, bias, A: tensor("dA"), B: tensor("dB") };
      });
      expectTensors(tensorsIn(layers, dBase, dAdapter), golden, relative);
    });
  });
}

function onlyAdapter({ A, B }: Tensors): Tensors {
  return { A, B };
}
