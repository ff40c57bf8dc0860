// What the bench page measures: the same work for the core and for plain JavaScript, and how far
// apart their results may be.
//
// Letters: n samples, i inputs, o outputs, P parameters.

import { allocate, Ewc, IncrementalUpdater, Network, rollingSharpe } from "../browser.ts";
import { account, normalSamples, normals, uniforms } from "./bench-data.ts";
import {
  plainAddGradient,
  plainAddSquares,
  plainLayer,
  plainPenalty,
  plainRollingSharpe,
} from "./bench-plain.ts";
import { PlainLora } from "./bench-plain-lora.ts";

type Numbers = ArrayLike<number>;

/** One piece of work, ready to run. */
export interface BenchCase {
  ours: () => unknown;
  plain: () => unknown;
  /** Pieces of work in a call of either. */
  pieces: number;
  /** Results of both from the same start. */
  results: () => Promise<{ ours: Numbers; plain: Numbers }>;
  tolerance: number;
}

/** A case before it is set up. */
export interface BenchEntry {
  name: string;
  detail: string;
  prepare: () => BenchCase;
}

/**
 * Sums of `terms` products in f32 and in another order differ by some sqrt(terms) roundings; 8
 * times that never happens by chance. Relative to the largest result.
 */
const inSingle = (terms: number) => 8 * Math.sqrt(terms) * 2 ** -24;

const LAMBDA = 3;

function networkOf(i: number, hidden: number, o: number): Network {
  return new Network({
    inputSize: i,
    layers: [
      { name: "hidden", size: hidden, activation: "relu" },
      { name: "output", size: o },
    ],
    seed: 1,
  });
}

/** Copies of a network's tensors. */
function tensorsOf(network: Network) {
  const weights = network.weights();
  return {
    W1: weights.get("hidden.weight")!,
    b1: weights.get("hidden.bias")!,
    W2: weights.get("output.weight")!,
    b2: weights.get("output.bias")!,
  };
}

function predictions(): BenchCase {
  const [n, i, hidden, o] = [256, 64, 128, 10];
  const network = networkOf(i, hidden, o);
  const { W1, b1, W2, b2 } = tensorsOf(network);
  const x = normals(2, n * i);
  const [middle, out] = [new Float32Array(n * hidden), new Float32Array(n * o)];
  const ours = () => network.forward(x, n);
  const plain = () => {
    plainLayer(middle, x, W1, b1, true);
    plainLayer(out, middle, W2, b2, false);
    return out;
  };
  const results = async () => ({ ours: ours(), plain: plain() });
  return { ours, plain, pieces: 1, results, tolerance: inSingle(i + hidden) };
}

function fisher(): BenchCase {
  const [n, i, hidden, o] = [64, 64, 128, 10];
  const network = networkOf(i, hidden, o);
  const tensors = tensorsOf(network);
  const samples = normalSamples(3, n, i, o);
  const parameters = network.parameters();
  const ours = () => {
    using ewc = new Ewc(parameters);
    ewc.computeFisherFor(network, samples);
    return ewc.fisher()!;
  };
  const plain = () => {
    const sum = new Float32Array(parameters.length);
    for (const sample of samples) plainAddSquares(sum, tensors, sample, n);
    return sum;
  };
  const results = async () => ({ ours: ours(), plain: plain() });
  return { ours, plain, pieces: 1, results, tolerance: inSingle(i + hidden + n) };
}

/** Weights, baseline and Fisher of P parameters, for both sides. */
function consolidated(P: number) {
  const baseline = normals(4, P);
  const gradient = uniforms(5, P);
  const ewc = new Ewc(baseline, { lambda: LAMBDA });
  ewc.updateFisher(gradient, 1);
  const weights = allocate(P); // no copying on the way into the core
  weights.set(normals(6, P));
  return { ewc, baseline, fisher: ewc.fisher()!, weights, plainWeights: weights.slice() };
}

const PARAMETERS = 100_000;

function penalty(): BenchCase {
  const { ewc, baseline, fisher: F, weights, plainWeights } = consolidated(PARAMETERS);
  const ours = () => ewc.penalty(weights);
  const plain = () => plainPenalty(plainWeights, baseline, F, LAMBDA);
  const results = async () => ({ ours: [ours()], plain: [plain()] });
  return { ours, plain, pieces: 1, results, tolerance: inSingle(PARAMETERS) };
}

function gradient(): BenchCase {
  const { ewc, baseline, fisher: F, weights, plainWeights } = consolidated(PARAMETERS);
  const grad = allocate(PARAMETERS);
  const plainGrad = new Float32Array(PARAMETERS);
  const ours = () => ewc.addGradient(grad, weights);
  const plain = () => plainAddGradient(plainGrad, plainWeights, baseline, F, LAMBDA);
  const results = async () => {
    grad.fill(0);
    plainGrad.fill(0);
    ours();
    plain();
    return { ours: grad, plain: plainGrad };
  };
  return { ours, plain, pieces: 1, results, tolerance: inSingle(4) };
}

function lora(): BenchCase {
  const [n, i, o, rank, steps, lr] = [32, 256, 256, 8, 40, 1e-3];
  const network = new Network({ inputSize: i, layers: [{ name: "layer", size: o }], seed: 1 });
  const samples = normalSamples(7, n, i, o);
  const updater = new IncrementalUpdater({
    ...{ network, rank, alpha: 2 * rank, lr, maxSteps: steps },
    clipNorm: Number.POSITIVE_INFINITY,
  });
  const weights = network.weights();
  const work = {
    x: Float32Array.from(samples.flatMap(({ input }) => [...input])),
    labels: Float32Array.from(samples.flatMap(({ label }) => [...label])),
    W: weights.get("layer.weight")!,
    b: weights.get("layer.bias")!,
    scale: 2,
    lr,
  };
  const mirror = new PlainLora(work, updater.adapter()[0]!.A);
  const ours = () => updater.update(samples);
  const plain = () => {
    for (let step = 0; step < steps; step++) mirror.step();
  };
  const results = async () => {
    await ours();
    plain();
    const { A, B } = updater.adapter()[0]!;
    const plainB = B.map((_, at) => mirror.Bt[(at % rank) * o + Math.floor(at / rank)]!);
    return { ours: [...A, ...B], plain: [...mirror.A, ...plainB] };
  };
  return { ours, plain, pieces: steps, results, tolerance: inSingle(steps * (i + o + n)) };
}

function sharpe(): BenchCase {
  const [count, windowSize, annualization] = [100_000, 63, 252];
  const values = account(8, count);
  const ours = () => rollingSharpe(values, { windowSize, annualization });
  const plain = () => plainRollingSharpe(values, windowSize, annualization);
  const results = async () => ({ ours: ours(), plain: plain() });
  // Running sums in f64 gather a rounding with every value that comes and goes.
  return { ours, plain, pieces: 1, results, tolerance: 2 * count * 2 ** -52 };
}

/** Everything that is measured, in this order. */
export const benchEntries: readonly BenchEntry[] = [
  {
    name: "LoRA training step",
    detail: "rank 8 on a frozen 256 x 256 layer, 32 samples",
    prepare: lora,
  },
  { name: "Fisher of a network", detail: "64-128-10, 64 samples", prepare: fisher },
  { name: "Predictions", detail: "64-128-10, 256 samples", prepare: predictions },
  { name: "EWC penalty", detail: "100,000 parameters", prepare: penalty },
  { name: "EWC gradient", detail: "100,000 parameters", prepare: gradient },
  { name: "Rolling Sharpe ratio", detail: "100,000 values, window 63", prepare: sharpe },
];

/**
 * The largest difference relative to the largest number; NaN where only one of them is NaN, or the
 * lengths differ.
 */
export function differenceOf({ ours, plain }: { ours: Numbers; plain: Numbers }): number {
  if (ours.length !== plain.length) return Number.NaN;
  let [apart, largest] = [0, 0];
  for (let at = 0; at < plain.length; at++) {
    const [a, b] = [ours[at]!, plain[at]!];
    if (Number.isNaN(a) && Number.isNaN(b)) continue;
    const distance = Math.abs(a - b);
    if (Number.isNaN(distance)) return Number.NaN;
    apart = Math.max(apart, distance);
    largest = Math.max(largest, Math.abs(b));
  }
  return largest === 0 ? apart : apart / largest;
}
