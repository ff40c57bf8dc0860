// Structured differences, differences by callback and exact gradients measure the same Fisher.

import { describe, expect, it } from "vitest";
import type { FisherScope, Model } from "../../src/core/network-compute.ts";
import { Random } from "../../src/core/random.ts";
import { type Activation, Ewc, type Loss, Network, type Sample } from "../../src/index.ts";
import { AdaptedModel, type Parameters } from "../../src/model/adapted-model.ts";
import { partsOf } from "../../src/model/network.ts";
import { modelFisher } from "../../src/model/network-fisher.ts";
import { analyticFisher } from "../reference/analytic-fisher.ts";
import { expectClose } from "../reference/expect-close.ts";
import { type LossName, lossAndGradient, perRowLoss } from "../reference/loss.ts";
import { forward, type Layer } from "../reference/network.ts";
import { lossInput, unitRowWeights } from "../reference/network-loss.ts";
import { layersOf, setVector } from "./reference-layers.ts";
import { batchOf, LOSSES, samplesFor } from "./samples.ts";

/** What the issue asks for; each weight on its own scale. */
const AGREEMENT = 1e-4;
/** Weights whose Fisher is this much below the largest are rounding, not information. */
const FLOOR = 1e-7;
const [INPUTS, OUTPUTS, ROWS] = [5, 3, 24];

function networkFor(loss: Loss, last: Activation = "identity"): Network {
  const layers = [
    { name: "first", size: 7, activation: "tanh" as const },
    { name: "second", size: 6, activation: "gelu" as const },
    { name: "last", size: OUTPUTS, activation: last },
  ];
  return new Network({ inputSize: INPUTS, layers, loss, seed: 3 });
}

/** Expects two Fishers to agree weight by weight. */
function expectAgreement(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...Array.from(expected));
  expect(largest).toBeGreaterThan(0);
  for (let p = 0; p < expected.length; p++) {
    const tolerance = AGREEMENT * Math.max(expected[p]!, FLOOR * largest);
    const error = Math.abs(actual[p]! - expected[p]!);
    expect(error, `weight ${p}: ${actual[p]}, ${expected[p]}`).toBeLessThanOrEqual(tolerance);
  }
}

/** The loss of one row in f64 by the references, for any vector of the parameters in scope. */
function rowLoss(model: Model, scope: FisherScope, samples: Sample[]) {
  const layers = layersOf(model);
  const { name, cost } = model.description.loss;
  const pull = name === "negative-sharpe" ? frozenGradient(layers, samples, cost) : undefined;
  return (vector: Float64Array, row: number): number => {
    setVector(layers, vector, scope);
    const { input, label } = samples[row]!;
    const z = lossInput(layers, forward(layers, input, 1), name);
    if (name !== "negative-sharpe") return perRowLoss(name, z, label, 1, OUTPUTS)[0]!;
    return z.reduce((sum, value, k) => sum + pull![row * OUTPUTS + k]! * value, 0);
  };
}

/** Negative Sharpe couples the rows: a row's loss is linear, its slope that of the whole batch. */
function frozenGradient(layers: Layer[], samples: Sample[], cost: number): Float64Array {
  const { count, input, label } = batchOf(samples);
  const z = lossInput(layers, forward(layers, input, count), "negative-sharpe");
  const ones = unitRowWeights(count);
  const { dZ } = lossAndGradient("negative-sharpe", z, label, ones, count, OUTPUTS, { cost });
  return dZ.map((value) => value * count);
}

/** The Fisher by callback, through the public way for black boxes. */
function byCallback(vector: Float32Array, model: Model, scope: FisherScope, samples: Sample[]) {
  using ewc = new Ewc(vector);
  ewc.computeFisher([...samples.keys()], rowLoss(model, scope, samples));
  return ewc.fisher()!;
}

describe("a network with two hidden layers", () => {
  it.each(LOSSES)("%s: three ways, one Fisher", (loss) => {
    using network = networkFor(loss);
    const samples = samplesFor(loss, ROWS, INPUTS, OUTPUTS, 8);
    const [analytic, structured] = (["analytic", "finite-difference"] as const).map((method) => {
      using ewc = new Ewc(network.parameters());
      ewc.computeFisherFor(network, samples, { method });
      return ewc.fisher()!;
    });
    const scope = { base: true, adapter: false };
    const callback = byCallback(network.parameters(), partsOf(network), scope, samples);
    expectAgreement(analytic!, callback);
    expectAgreement(structured!, callback);
    expectAgreement(analytic!, structured!);
  });

  it("binary cross-entropy behind a sigmoid is measured on its logits", () => {
    using network = networkFor("binary-cross-entropy", "sigmoid");
    const samples = samplesFor("binary-cross-entropy", ROWS, INPUTS, OUTPUTS, 9);
    const scope = { base: true, adapter: false };
    const callback = byCallback(network.parameters(), partsOf(network), scope, samples);
    for (const method of ["analytic", "finite-difference"] as const) {
      expectAgreement(modelFisher(partsOf(network), scope, samples, { method }), callback);
    }
  });

  it("the turnover cost of negative Sharpe counts", () => {
    const loss = { name: "negative-sharpe", cost: 0.002 } as const;
    using network = networkFor(loss);
    const samples = samplesFor("negative-sharpe", ROWS, INPUTS, OUTPUTS, 10);
    const scope = { base: true, adapter: false };
    const callback = byCallback(network.parameters(), partsOf(network), scope, samples);
    for (const method of ["analytic", "finite-difference"] as const) {
      expectAgreement(modelFisher(partsOf(network), scope, samples, { method }), callback);
    }
  });

  it("sample weights play no part", () => {
    using network = networkFor("mse");
    const samples = samplesFor("mse", ROWS, INPUTS, OUTPUTS, 11);
    const weighted = samples.map((sample, index) => ({ ...sample, weight: index }));
    const scope = { base: true, adapter: false };
    for (const method of ["analytic", "finite-difference"] as const) {
      const [plain, other] = [samples, weighted].map((each) =>
        modelFisher(partsOf(network), scope, each, { method }),
      );
      expect(other).toEqual(plain);
    }
  });
});

/** Adapters of rank 2 on the first and the last layer, with factors that are not 0. */
function adapted(network: Network): { model: AdaptedModel; parameters: Parameters } {
  const spec = { rank: 2, alpha: 3, targetModules: ["first", "last"] };
  const model = AdaptedModel.onNetwork(network, spec);
  const parameters = model.initialize(5, true);
  const random = new Random(6);
  const all = parameters.adapter.f32(0, model.description.adapterCount);
  for (let p = 0; p < all.length; p++) all[p] = 0.5 * random.normal();
  return { model, parameters };
}

function disposeAll({ model, parameters }: ReturnType<typeof adapted>): void {
  parameters.adapter.dispose();
  parameters.base?.dispose();
  model.dispose();
}

describe("the same network with LoRA", () => {
  const scopes: [string, FisherScope][] = [
    ["adapter", { adapter: true, base: false }],
    ["adapter and base", { adapter: true, base: true }],
  ];
  const plans = LOSSES.flatMap((loss) =>
    scopes.map(([trainable, scope]) => ({ loss, trainable, scope })),
  );

  it.each(plans)("$loss, $trainable: three ways, one Fisher", ({ loss, scope }) => {
    using network = networkFor(loss);
    const samples = samplesFor(loss, ROWS, INPUTS, OUTPUTS, 12);
    const made = adapted(network);
    const model = made.model.with(made.parameters);
    const { adapter, base } = made.parameters;
    const vector = made.model.vector({ adapter, base: scope.base ? base : undefined });
    const callback = byCallback(vector, model, scope, samples);
    for (const method of ["analytic", "finite-difference"] as const) {
      expectAgreement(modelFisher(model, scope, samples, { method }), callback);
    }
    disposeAll(made);
  });
});

describe('labels: "exact"', () => {
  /** The Fisher under the model's own labels, by listing all of them (test/reference). */
  function enumerated(network: Network, loss: LossName, samples: Sample[]): Float64Array {
    const layers = layersOf(partsOf(network));
    return analyticFisher(layers, batchOf(samples), loss, "exact", "all");
  }

  it.each(["softmax-cross-entropy", "binary-cross-entropy", "mse"] as const)(
    "%s: equals the enumeration over the labels",
    (loss) => {
      using network = networkFor(loss);
      const samples = samplesFor(loss, ROWS, INPUTS, OUTPUTS, 13);
      using ewc = new Ewc(network.parameters());
      ewc.computeFisherFor(network, samples, { labels: "exact" });
      expectAgreement(ewc.fisher()!, enumerated(network, loss, samples));
    },
  );

  it("softmax: the sum over classes, each weighted with its probability", () => {
    using network = networkFor("softmax-cross-entropy");
    const samples = samplesFor("softmax-cross-entropy", 1, INPUTS, OUTPUTS, 14);
    const { input } = samples[0]!;
    const logits = network.forward(input);
    const norm = logits.reduce((sum, z) => sum + Math.exp(z), 0);
    const expected = new Float64Array(network.parameterCount);
    for (let c = 0; c < OUTPUTS; c++) {
      const label = new Float32Array(OUTPUTS);
      label[c] = 1;
      using ewc = new Ewc(network.parameters());
      ewc.computeFisherFor(network, [{ input, label }]);
      const probability = Math.exp(logits[c]!) / norm;
      for (const [p, value] of ewc.fisher()!.entries()) expected[p]! += probability * value;
    }
    using ewc = new Ewc(network.parameters());
    ewc.computeFisherFor(network, samples, { labels: "exact" });
    expectClose(ewc.fisher(), expected, AGREEMENT);
  });

  it("does not look at the labels given", () => {
    using network = networkFor("softmax-cross-entropy");
    const samples = samplesFor("softmax-cross-entropy", ROWS, INPUTS, OUTPUTS, 15);
    const others = samples.map(({ input }) => ({ input, label: Float32Array.of(1, 0, 0) }));
    const [a, b] = [samples, others].map((each) => {
      using ewc = new Ewc(network.parameters());
      ewc.computeFisherFor(network, each, { labels: "exact" });
      return ewc.toBytes();
    });
    expect(a).toEqual(b);
  });
});

describe('labels: "sampled"', () => {
  const losses = ["softmax-cross-entropy", "binary-cross-entropy", "mse"] as const;

  it.each(losses)("%s: many draws come near the expectation, one seed is one draw", (loss) => {
    using network = networkFor(loss);
    const samples = samplesFor(loss, ROWS, INPUTS, OUTPUTS, 16);
    const draw = (seed: number) => {
      using ewc = new Ewc(network.parameters());
      ewc.computeFisherFor(network, samples, { labels: "sampled", seed });
      return ewc.fisher()!;
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    using exact = new Ewc(network.parameters());
    exact.computeFisherFor(network, samples, { labels: "exact" });
    const total = (fisher: Float32Array) => fisher.reduce((sum, value) => sum + value, 0);
    let mean = 0;
    for (let seed = 0; seed < 400; seed++) mean += total(draw(seed)) / 400;
    // 400 draws of 24 rows: a relative error of about 1 in sqrt(9600) for a heavy-tailed square.
    expect(Math.abs(mean / total(exact.fisher()!) - 1)).toBeLessThan(0.06);
  });
});
