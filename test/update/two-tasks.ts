// Two tasks one after the other, with and without EWC: how much of the first is forgotten.
//
// Ten classes of noisy patterns on 64 inputs. Task B shows the same patterns with the inputs
// permuted, so that a network that only learns B overwrites what it knew of A.

import { Random } from "../../src/core/random.ts";
import { Ewc, Network, type Sample } from "../../src/index.ts";
import { normals, oneHot } from "../model/samples.ts";

const INPUTS = 64;
const CLASSES = 10;
const SAMPLES = 600;
/** Standard deviation of the noise on patterns of standard deviation 1. */
const NOISE = 1.5;

/** Share of test samples classified rightly, 0..1. */
export interface Accuracies {
  taskA: { afterA: number; afterNaiveB: number; afterEwcB: number };
  taskB: { afterA: number; afterNaiveB: number; afterEwcB: number };
}

interface Task {
  train: Sample[];
  test: Sample[];
}

function makeTasks(random: Random): { A: Task; B: Task } {
  const patterns = Array.from({ length: CLASSES }, () => normals(random, INPUTS));
  const draw = (order: Uint32Array): Sample[] =>
    Array.from({ length: SAMPLES }, () => {
      const index = random.below(CLASSES);
      const noise = normals(random, INPUTS, NOISE);
      const seen = patterns[index]!.map((value, p) => value + noise[p]!);
      return {
        input: Float32Array.from(order, (p) => seen[p]!),
        label: oneHot(index, CLASSES),
      };
    });
  const straight = Uint32Array.from({ length: INPUTS }, (_, p) => p);
  const permuted = random.permutation(INPUTS);
  return {
    A: { train: draw(straight), test: draw(straight) },
    B: { train: draw(permuted), test: draw(permuted) },
  };
}

function accuracy(network: Network, samples: readonly Sample[]): number {
  const right = samples.filter(({ input, label }) => {
    const outputs = network.forward(input);
    return label[outputs.indexOf(Math.max(...outputs))] === 1;
  });
  return right.length / samples.length;
}

/** Learns task A, then task B twice from there: naively, and with an Ewc that remembers A. */
export async function twoTasks(seed: number, lambda = 0.03): Promise<Accuracies> {
  const { A, B } = makeTasks(new Random(seed));
  const layers = [
    { name: "hidden", size: 128, activation: "relu" as const },
    { name: "output", size: CLASSES },
  ];
  const loss = "softmax-cross-entropy" as const;
  const shape = { inputSize: INPUTS, layers, loss, seed };
  const options = { lr: 0.002, optimizer: "adamw" as const, batchSize: 32, epochs: 20, seed };
  using naive = new Network(shape);
  await naive.train(A.train, options);
  using careful = new Network(shape);
  careful.setWeights(naive.weights());
  const judge = (network: Network) => [A, B].map(({ test }) => accuracy(network, test));
  const [a, b] = judge(naive);

  using ewc = new Ewc(naive.parameters(), { lambda, normalize: true });
  ewc.computeFisherFor(careful, A.train, { labels: "exact" });
  await naive.train(B.train, options);
  await careful.train(B.train, { ...options, ewc });
  const [naiveA, naiveB] = judge(naive);
  const [ewcA, ewcB] = judge(careful);
  return {
    taskA: { afterA: a!, afterNaiveB: naiveA!, afterEwcB: ewcA! },
    taskB: { afterA: b!, afterNaiveB: naiveB!, afterEwcB: ewcB! },
  };
}
