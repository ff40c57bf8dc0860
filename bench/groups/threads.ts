// Two threads beside one: the same bytes, sooner.

import { availableParallelism } from "node:os";
import { init } from "../../src/core/init.ts";
import { analyticFisher } from "../../src/core/network-compute.ts";
import type { NetworkDescription } from "../../src/core/network-description.ts";
import { SampleBlock } from "../../src/core/sample-block.ts";
import { AdaptedModel } from "../../src/model/adapted-model.ts";
import { Network, partsOf } from "../../src/model/network.ts";
import { checkSameBytes } from "../check.ts";
import { notMeasured, timesAsFast } from "../claims.ts";
import type { Settings } from "../group.ts";
import { classSamples, normals, regressionSamples } from "../inputs.ts";
import { alternate, timeOf } from "../measure.ts";
import type { Row } from "../report.ts";
import { StepLoop } from "../training-plan.ts";

export const title = "Two threads";

/** Times as fast as one thread. */
const LEAST = 1.7;

/** One piece of work that both settings do. */
interface Work {
  work: string;
  /** Computes from the start; what comes out must not depend on the number of threads. */
  result(): Float32Array;
  run(): unknown;
}

function fisherWork(i: number, u: number, count: number): Work {
  const o = 10;
  const layers = [
    { name: "hidden", size: u, activation: "tanh" as const },
    { name: "classes", size: o },
  ];
  const network = new Network({ inputSize: i, layers, loss: "softmax-cross-entropy", seed: 7 });
  const block = new SampleBlock(classSamples(5, count, i, o), i, o);
  const model = partsOf(network);
  const run = () => analyticFisher(model, block, { base: true, adapter: false }, "empirical", 0);
  return { work: `Fisher, analytic, MLP ${i}-${u}-${o}, S ${count}`, result: run, run };
}

/** A training step; what is compared is what three steps leave. */
function stepWork(work: string, description: NetworkDescription, first: Float32Array): Work {
  const { inputSize, outputSize } = description;
  const block = new SampleBlock(
    regressionSamples(9, 256, inputSize, outputSize),
    inputSize,
    outputSize,
  );
  const loop = new StepLoop(description, first, block, 1e-5);
  const result = () => {
    const fresh = new StepLoop(description, first, block, 1e-5);
    fresh.run(3);
    const parameters = fresh.parameters();
    fresh.dispose();
    return parameters;
  };
  return { work, result, run: () => loop.run(1) };
}

function denseStep(size: number): Work {
  const network = new Network({ inputSize: size, layers: [{ name: "dense", size }], seed: 3 });
  const { description } = partsOf(network);
  const work = `training step, dense ${size} x ${size}, n 256`;
  return stepWork(work, description, network.parameters());
}

function loraStep(size: number, rank: number): Work {
  const model = AdaptedModel.alone(size, size, { rank, alpha: rank }, { name: "mse", cost: 0 });
  const first = normals(4, model.description.adapterCount, Math.sqrt(2 / size));
  return stepWork(
    `training step, LoRA ${size} x ${size} r ${rank}, n 256`,
    model.description,
    first,
  );
}

async function rowOf({ work, result, run }: Work, { budget }: Settings): Promise<Row> {
  const cores = availableParallelism();
  await init({ threads: 1 });
  const expected = result();
  await init({ threads: 2 });
  checkSameBytes(work, result(), expected);
  const withThreads = (threads: number) => ({ before: () => init({ threads }), run });
  const { one, two } = await alternate({ one: withThreads(1), two: withThreads(2) }, budget);
  const [slow, fast] = [timeOf(one), timeOf(two)];
  const claim =
    cores < 2
      ? notMeasured("1 thread", `two threads need 2 cores, this machine has ${cores}`, "x", LEAST)
      : timesAsFast("1 thread", slow, fast, LEAST);
  return {
    work: `${work}, 2 threads`,
    ours: fast,
    claims: [claim],
    checked: "the same bytes",
  };
}

export async function run(settings: Settings): Promise<Row[]> {
  const works = [
    () => fisherWork(256, 256, 256),
    () => loraStep(512, 8),
    () => fisherWork(512, 512, 1024),
    () => denseStep(512),
    () => loraStep(1024, 16),
  ];
  const rows: Row[] = [];
  for (const work of settings.budget.isQuick ? works.slice(0, 2) : works) {
    rows.push(await rowOf(work(), settings));
  }
  return rows;
}
