// Inference while training: Network.forward on this thread while Network.train runs on another.

import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Network } from "../../src/model/network.ts";
import { checkSameBytes } from "../check.ts";
import type { Settings } from "../group.ts";
import { classSamples } from "../inputs.ts";
import { timeOf, timingOf } from "../measure.ts";
import type { Row } from "../report.ts";

export const title = "Inference while training";

/** Calls between two turns of the event loop. */
const BURST = 100;

/** Times single forward passes for some milliseconds. */
async function timeForward(network: Network, input: Float32Array, ms: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + ms;
  while (performance.now() < end) {
    for (let call = 0; call < BURST; call++) {
      const start = performance.now();
      network.forward(input);
      times.push(1e6 * (performance.now() - start));
    }
    await setImmediate();
  }
  return times;
}

/** Runs `work` while the network trains a copy of itself; the run is cancelled at the end. */
async function whileTraining<T>(network: Network, work: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const samples = classSamples(2, 256, network.inputSize, network.outputSize);
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const training = network.train(samples, {
    lr: 1e-4,
    maxSteps: 1e9,
    signal: stop.signal,
    onProgress: () => begin(),
  });
  const cancelled = training.then(
    () => Promise.reject(new Error("The training ended before it was cancelled.")),
    (reason: { code?: string }) => {
      if (reason.code !== "UPDATE_CANCELLED") throw reason;
    },
  );
  await Promise.race([begun, cancelled]);
  const result = await work();
  stop.abort();
  await cancelled;
  return result;
}

export async function run({ budget }: Settings): Promise<Row[]> {
  const layers = [
    { name: "hidden", size: 256, activation: "tanh" as const },
    { name: "classes", size: 10 },
  ];
  const network = new Network({ inputSize: 256, layers, loss: "softmax-cross-entropy", seed: 1 });
  const input = classSamples(1, 1, 256, 10)[0]!.input;
  const before = network.forward(input);
  const during = await whileTraining(network, async () => network.forward(input));
  checkSameBytes("outputs while training", during, before);

  const ms = budget.isQuick ? 50 : 500;
  await timeForward(network, input, budget.warmUpMs);
  const idle: number[] = [];
  const busy: number[] = [];
  for (let round = 0; round < (budget.isQuick ? 1 : 12); round++) {
    idle.push(...(await timeForward(network, input, ms)));
    busy.push(...(await whileTraining(network, () => timeForward(network, input, ms))));
  }
  const [alone, beside] = [timeOf(timingOf(idle)), timeOf(timingOf(busy))];
  const cores = availableParallelism();
  const value = beside.p99! / alone.p99!;
  const measured =
    cores < 2 ? { absent: `skipped: training needs a second core, this machine has 1` } : { value };
  return [
    {
      work: "Network.forward while it trains, MLP 256-256-10, p99",
      ours: { value: beside.p99!, unit: "ns" },
      claims: [
        {
          against: "p99 while idle",
          figure: { value: alone.p99!, unit: "ns" },
          unit: "x the idle p99",
          target: { most: 1.2 },
          ...measured,
        },
      ],
      checked: "outputs while training are the same bytes as before",
    },
  ];
}
