// A seeded program through most of the library; the bytes of its results are the same everywhere.

import {
  Ewc,
  IncrementalUpdater,
  Network,
  ReplayBuffer,
  rollingSharpe,
  type Sample,
  SharpeDriftDetector,
} from "../../src/browser.ts";
import { Random } from "../../src/core/random.ts";

/** SHA-256 of the bytes of each part's results, in hexadecimal. */
export type Digests = Record<string, string>;

type Numbers = ArrayBufferView | readonly number[];

const ROWS = 300;
const INPUTS = 64;
const CLASSES = 10;
const layers = [
  { name: "hidden", size: 128, activation: "gelu" as const },
  { name: "middle", size: 33, activation: "tanh" as const },
  { name: "output", size: CLASSES },
];

/** Multiplications of the largest matrix product: rows x inputs x outputs of the first layer. */
export const largestProduct = ROWS * INPUTS * layers[0]!.size;

/** SHA-256 of the bytes of some results, in hexadecimal. */
export async function digest(results: readonly Numbers[]): Promise<string> {
  const parts = results.map((part) => {
    const view = ArrayBuffer.isView(part) ? part : Float64Array.from(part);
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  });
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function samplesOf(random: Random, count: number): Sample[] {
  return Array.from({ length: count }, () => {
    const label = new Float32Array(CLASSES);
    label[random.below(CLASSES)] = 1;
    return { input: Float32Array.from({ length: INPUTS }, () => random.normal()), label };
  });
}

function drawRandom(): Numbers[] {
  const random = new Random(20_261_120);
  const normals = Float64Array.from({ length: 1000 }, () => random.normal());
  return [normals, random.permutation(500), [random.uniform(), random.below(1e6)]];
}

async function train(random: Random): Promise<{ network: Network; results: Numbers[] }> {
  const [old, fresh] = [samplesOf(random, ROWS), samplesOf(random, ROWS)];
  const loss = "softmax-cross-entropy" as const;
  const network = new Network({ inputSize: INPUTS, layers, loss, seed: 5 });
  const options = { lr: 0.003, optimizer: "adamw" as const, weightDecay: 0.01 };
  const first = await network.train(old, { ...options, maxSteps: 8, schedule: "cosine" });

  using ewc = new Ewc(network.parameters(), { consolidation: "ema", gamma: 0.7, lambda: 20 });
  ewc.computeFisherFor(network, old, { labels: "exact" });
  ewc.computeFisherFor(network, fresh, { labels: "sampled", seed: 3 });
  const buffer = new ReplayBuffer({ capacity: 100, seed: 8 });
  for (const sample of old) buffer.add(sample);
  const second = await network.train(fresh, {
    ...options,
    ...{
      batchSize: 128,
      maxSteps: 10,
      warmupSteps: 3,
      ewc,
      replay: { buffer, share: 0.4 },
      seed: 6,
    },
  });
  const outputs = network.forward(fresh[0]!.input);
  const reports = [first, second].flatMap(({ lossBefore, lossAfter, gradientNorm, penalty }) => [
    ...[lossBefore, lossAfter, gradientNorm, penalty],
  ]);
  return { network, results: [network.parameters(), outputs, reports, ewc.toBytes()] };
}

async function update(network: Network, random: Random): Promise<Numbers[]> {
  using updater = new IncrementalUpdater({
    ...{ network, rank: 4, alpha: 8, lr: 0.05, maxSteps: 15, batchSize: 16, seed: 7 },
    ...{ targetModules: ["hidden", "output"], optimizer: "momentum", ewc: { lambda: 5 } },
  });
  const samples = samplesOf(random, 60);
  await updater.update(samples);
  updater.commitUpdate();
  const report = await updater.update(samplesOf(random, 60));
  const factors = updater.adapter().flatMap(({ A, B }) => [A, B]);
  return [...factors, updater.predict(samples[0]!.input), [report.penalty, report.lossAfter]];
}

function fishers(network: Network, random: Random): Numbers[] {
  const samples = samplesOf(random, 12);
  return (["analytic", "finite-difference"] as const).map((method) => {
    using ewc = new Ewc(network.parameters(), { normalize: true });
    ewc.computeFisherFor(network, samples, { method });
    return ewc.fisher()!;
  });
}

/** Only + - * / in the loss: what a host's own Math gives is the host's business. */
function callbackFisher(random: Random): Numbers[] {
  const weights = Float32Array.from({ length: 40 }, () => random.normal());
  const targets = Array.from({ length: 10 }, () => random.normal());
  using ewc = new Ewc(weights);
  ewc.computeFisher(targets, (w, target) => {
    let sum = 0;
    for (let p = 0; p < w.length; p++) sum += (w[p]! * w[p]!) / (1 + p);
    return (sum - target) * (sum - target);
  });
  return [ewc.fisher()!];
}

function sharpes(random: Random): Numbers[] {
  const values = Float64Array.from({ length: 5000 }, () => 0.02 + random.normal());
  using detector = new SharpeDriftDetector({ windowSize: 20 });
  const dates = Array.from(values, (_, index) => new Date(index));
  const alerts = detector.observeBatch(dates, values);
  const numbers = alerts.flatMap((alert) => [alert.currentSharpe, alert.threshold]);
  return [rollingSharpe(values, { windowSize: 63, input: "returns" }), numbers];
}

/** Runs everything and hashes each part; `pause` is called between the parts. */
export async function runProgram(pause: () => Promise<void> = async () => {}): Promise<Digests> {
  const random = new Random(1);
  const digests: Digests = { random: await digest(drawRandom()) };
  const { network, results } = await train(random);
  digests.training = await digest(results);
  await pause();
  digests.update = await digest(await update(network, random));
  await pause();
  digests.fisher = await digest(fishers(network, random));
  network.dispose();
  digests.callback = await digest(callbackFisher(random));
  digests.sharpe = await digest(sharpes(random));
  return digests;
}
