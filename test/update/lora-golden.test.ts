// LoRA training against PyTorch: the golden steps of one adapter, through the updater's own path.

import { describe, expect, it } from "vitest";
import { IncrementalUpdater, Network, type Sample } from "../../src/index.ts";
import { AdaptedModel, type Parameters } from "../../src/model/adapted-model.ts";
import { modelFisher } from "../../src/model/network-fisher.ts";
import { trainCopy } from "../../src/model/training-run.ts";
import { parseOptions } from "../../src/options.ts";
import { updaterOptions } from "../../src/pipeline/update/updater-options.ts";
import { transposed } from "../model/reference-layers.ts";
import { expectClose } from "../reference/expect-close.ts";
import { type LoraCase, type LoraRun, readPytorchVectors } from "../reference/pytorch-vectors.ts";

const { lora, fisher } = readPytorchVectors();
/** Five steps, each a few sums of at most 20 products in f32. */
const STEPS = 5 * 3 * 20 * 2 ** -24;

function samplesOf({ rows, input, label, rowWeight, layer }: LoraCase): Sample[] {
  const { inputSize: i, outputSize: o } = layer;
  return Array.from({ length: rows }, (_, row) => ({
    input: Float32Array.from(input.slice(row * i, (row + 1) * i)),
    label: Float32Array.from(label.slice(row * o, (row + 1) * o)),
    weight: rowWeight[row]!,
  }));
}

function networkOf({ layer }: LoraCase): Network | undefined {
  if (!layer.weight) return undefined;
  const { inputSize, outputSize, weight, bias } = layer;
  const network = new Network({ inputSize, layers: [{ name: "only", size: outputSize }] });
  const tensors = { "only.weight": weight, "only.bias": bias! };
  const entries = Object.entries(tensors).map(
    ([key, values]) => [key, Float32Array.from(values)] as const,
  );
  network.setWeights(new Map(entries));
  return network;
}

/** Writes PEFT's A [r x i] and B [o x r] into the first layer of an adapter block. */
function setFactors(model: AdaptedModel, { adapter }: Parameters, A: number[], B: number[]): void {
  const { rank, outputSize } = model.description.layers[0]!;
  const { A: atA, Bt } = model.description.offsets[0]!;
  adapter.f32(atA, A.length).set(A);
  adapter.f32(Bt, B.length).set(transposed(Float64Array.from(B), outputSize, rank));
}

/** The run through everything an update runs through, from the file's own factors. */
async function trained(golden: LoraCase, run: LoraRun) {
  const network = networkOf(golden);
  const { inputSize, outputSize, rank, alpha } = golden.layer;
  const spec = { rank: rank!, alpha: alpha! };
  const model = network
    ? AdaptedModel.onNetwork(network, spec)
    : AdaptedModel.alone(inputSize, outputSize, spec, { name: "mse", cost: 0 });
  const parameters = model.initialize(0, false);
  setFactors(model, parameters, golden.layer.a!, golden.layer.b!);
  const { optimizer, steps, lr, momentum, weightDecay, clipNorm } = run;
  const options = parseOptions("golden", updaterOptions, {
    ...{ ...spec, maxSteps: steps, lr, optimizer, clipNorm: clipNorm ?? Number.POSITIVE_INFINITY },
    ...(momentum !== undefined && { momentum }),
    ...(weightDecay !== undefined && { weightDecay }),
  });
  let after: Parameters | undefined;
  const report = await trainCopy({
    owner: "golden",
    model: model.with(parameters),
    trainsBase: false,
    trainsAdapter: true,
    samples: samplesOf(golden),
    options,
    seed: 0,
    adopt: ({ adapter }) => {
      after = { adapter: adapter!, base: undefined };
    },
  });
  const [factors] = model.adapters(after!);
  for (const each of [parameters.adapter, after!.adapter, model, network]) each?.dispose();
  return { report, factors: factors! };
}

/** Whether a run's rate is so large that PyTorch's f64 factors grow beyond what f32 can square. */
function explodes({ a, b }: LoraRun): boolean {
  return [...a, ...b].some((value) => Math.abs(value) > 1e15);
}

describe.each(lora)("$name", (golden) => {
  const runs = golden.runs.filter((run) => !explodes(run));
  const exploding = golden.runs.filter(explodes);

  it.each(exploding)("$optimizer, $steps steps at a rate that explodes: refused", async (run) => {
    await expect(trained(golden, run)).rejects.toMatchObject({ code: "UPDATE_DIVERGED" });
  });

  it.each(runs)("$optimizer, $steps steps, clip $clipNorm, decay $weightDecay", async (run) => {
    const { report, factors } = await trained(golden, run);
    expect(Math.abs(report.lossBefore / golden.loss - 1)).toBeLessThan(STEPS);
    expectClose(factors.A, run.a, STEPS);
    expectClose(factors.B, run.b, STEPS);
  });
});

describe("a fresh adapter on a base", () => {
  const golden = lora.find(({ name }) => name.startsWith("fresh"))!;

  it("has the loss of PyTorch before its first step, through IncrementalUpdater", async () => {
    const network = networkOf(golden)!;
    const { rank, alpha } = golden.layer;
    const options = { network, rank: rank!, alpha: alpha!, lr: 0.0625, maxSteps: 5 };
    using updater = new IncrementalUpdater(options);
    const samples = samplesOf(golden);
    const outputs = samples.flatMap(({ input }) => [...updater.predict(input)]);
    expectClose(outputs, golden.output, STEPS);
    const report = await updater.update(samples);
    expect(Math.abs(report.lossBefore / golden.loss - 1)).toBeLessThan(STEPS);
    network.dispose();
  });
});

describe("the Fisher of an adapted network", () => {
  it.each(["empirical", "exact"] as const)("%s labels: as PyTorch's autograd has it", (labels) => {
    const layers = fisher.layers.map(({ outputSize }, index) => ({
      name: `${index}`,
      size: outputSize,
      activation: fisher.activations[index]!,
    }));
    const { inputSize, rank, alpha, a, b } = fisher.layers[0]!;
    using network = new Network({ inputSize, layers, loss: fisher.loss });
    const tensors = fisher.layers.flatMap(({ weight, bias }, index): [string, Float32Array][] => [
      [`${index}.weight`, Float32Array.from(weight!)],
      [`${index}.bias`, Float32Array.from(bias!)],
    ]);
    network.setWeights(new Map(tensors));
    const spec = { rank: rank!, alpha: alpha!, targetModules: ["0"] };
    const model = AdaptedModel.onNetwork(network, spec);
    const parameters = model.initialize(0, true);
    setFactors(model, parameters, a!, b!);
    const o = network.outputSize;
    const samples = Array.from({ length: fisher.rows }, (_, row) => ({
      input: Float32Array.from(fisher.input.slice(row * inputSize, (row + 1) * inputSize)),
      label: Float32Array.from(fisher.label.slice(row * o, (row + 1) * o)),
    }));
    const scope = { adapter: true, base: true };
    const all = modelFisher(model.with(parameters), scope, samples, { labels });
    const [first, second] = fisher[labels] as [Record<string, number[]>, Record<string, number[]>];
    const outputs = fisher.layers[0]!.outputSize;
    const expected = [
      ...first.a!,
      ...transposed(Float64Array.from(first.b!), outputs, rank!),
      ...[first, second].flatMap(({ weight, bias }) => [...weight!, ...bias!]),
    ];
    expectClose(all, expected, STEPS);
    parameters.adapter.dispose();
    parameters.base?.dispose();
    model.dispose();
  });
});
