// The references agree with PyTorch.

import { describe, expect, it } from "vitest";
import { analyticFisher } from "./analytic-fisher.ts";
import { addEwcGradient, ewcPenalty } from "./ewc.ts";
import { expectClose } from "./expect-close.ts";
import type { Layer } from "./network.ts";
import { networkLoss } from "./network-loss.ts";
import { adamwStep, clipByGlobalNorm, momentumStep, sgdStep } from "./optimizer.ts";
import { flatten, gradientTensors, parameterTensors, unflatten } from "./parameters.ts";
import { type LoraCase, type LoraRun, layerOf, readPytorchVectors } from "./pytorch-vectors.ts";

const vectors = readPytorchVectors();

/** The file has 12 significant digits: half a unit of the last is at most 5e-12 of the number. */
const PRINTED = 5e-12;
/** Five steps carry rounding forward; gradients here are sums of fewer than 300 products. */
const GOLDEN = PRINTED + 300 * 2 ** -52;

function batchOf(stored: { rows: number; input: number[]; label: number[] }) {
  return { count: stored.rows, input: stored.input, label: stored.label };
}

function trainedAdapter(lora: LoraCase, run: LoraRun): Layer {
  const layers = [layerOf(lora.layer, "identity")];
  const tensors = parameterTensors(layers, "adapter");
  const p = flatten(tensors);
  const first = new Float64Array(p.length);
  const second = new Float64Array(p.length);
  const batch = { ...batchOf(lora), rowWeight: lora.rowWeight };
  for (let step = 1; step <= run.steps; step++) {
    const g = flatten(gradientTensors(networkLoss(layers, batch, "mse").gradients, "adapter"));
    if (run.clipNorm !== undefined) clipByGlobalNorm(g, run.clipNorm);
    const { lr, momentum = 0, weightDecay } = run;
    const decay = weightDecay === undefined ? {} : { weightDecay };
    if (run.optimizer === "sgd") sgdStep(p, g, lr, weightDecay);
    if (run.optimizer === "momentum") momentumStep(p, first, g, lr, momentum, weightDecay);
    if (run.optimizer === "adamw") adamwStep(p, first, second, g, step, lr, decay);
    unflatten(tensors, p);
  }
  return layers[0]!;
}

function runName(run: LoraRun): string {
  const decay = run.weightDecay ? `, decay ${run.weightDecay}` : "";
  const clip = run.clipNorm ? `, clip ${run.clipNorm}` : "";
  return `${run.steps} ${run.optimizer}${decay}${clip}`;
}

describe.each(vectors.lora)("LoRA $name", (lora) => {
  it("has the output, loss and gradients of PyTorch", () => {
    const layers = [layerOf(lora.layer, "identity")];
    const batch = { ...batchOf(lora), rowWeight: lora.rowWeight };
    const { value, traces, gradients } = networkLoss(layers, batch, "mse");
    expectClose(traces[0]!.output, lora.output, GOLDEN);
    expectClose([value], [lora.loss], GOLDEN);
    expectClose(gradients[0]!.dA, lora.dA, GOLDEN);
    expectClose(gradients[0]!.dB, lora.dB, GOLDEN);
  });

  it.each(lora.runs.map((run) => ({ run, name: runName(run) })))("trains: $name", ({ run }) => {
    const { adapter } = trainedAdapter(lora, run);
    expectClose(adapter?.A, run.a, GOLDEN);
    expectClose(adapter?.B, run.b, GOLDEN);
  });
});

describe("networks", () => {
  const { mlp } = vectors;

  it.each(mlp.cases)("$model $activations $loss", ({ model, activations, loss, ...expected }) => {
    const layers = mlp.models[model].map((layer, index) => layerOf(layer, activations[index]!));
    const batch = { ...batchOf({ ...mlp, label: mlp.labels[loss] }), rowWeight: mlp.rowWeight };
    const { value, traces, gradients } = networkLoss(layers, batch, loss, mlp);
    expectClose(traces[2]!.output, expected.output, GOLDEN);
    expectClose([value], [expected.value], GOLDEN);
    expected.gradients.forEach((gradient, index) => {
      const { dWeight, dBias, dA, dB } = gradients[index]!;
      const actual = { dWeight, dBias, dA, dB };
      for (const [name, tensor] of Object.entries(gradient)) {
        expectClose(actual[name as keyof typeof actual], tensor, GOLDEN);
      }
      expect(Object.values(actual).filter(Boolean)).toHaveLength(Object.keys(gradient).length);
    });
  });

  it("are compared on both sides of every kink", () => {
    const plain = mlp.cases.find((item) => item.loss === "huber");
    const errors = plain?.output.map((z, k) => Math.abs(z - mlp.labels.huber[k]!)) ?? [];
    expect(errors.some((error) => error < 1) && errors.some((error) => error > 1)).toBe(true);
  });
});

describe("Fisher", () => {
  const { fisher } = vectors;
  const layers = fisher.layers.map((layer, index) => layerOf(layer, fisher.activations[index]!));

  it.each(["empirical", "exact"] as const)("%s labels", (labels) => {
    const actual = analyticFisher(layers, batchOf(fisher), fisher.loss, labels, "all");
    // The file keeps the flat order inside a layer: weight, bias, a, b.
    const expected = fisher[labels].flatMap((layer) => Object.values(layer).flat());
    expectClose(actual, expected, GOLDEN);
  });

  it("of the adapter alone is the part of A and B", () => {
    const first = fisher.empirical[0]!;
    const actual = analyticFisher(layers, batchOf(fisher), fisher.loss, "empirical", "adapter");
    expectClose(actual, [...first.a!, ...first.b!], GOLDEN);
  });
});

it("EWC penalty and gradient", () => {
  const { theta, baseline, fisher, lambda, penalty, gradient } = vectors.ewc;
  const grad = new Float64Array(theta.length);
  addEwcGradient(grad, theta, baseline, fisher, lambda);
  expectClose([ewcPenalty(theta, baseline, fisher, lambda)], [penalty], GOLDEN);
  expectClose(grad, gradient, GOLDEN);
});
