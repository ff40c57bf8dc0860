// The diagonal Fisher of a small classifier: exact, by structured finite differences, and by finite
// differences through a JavaScript callback.

import { analyticFisher, structuredFisher } from "../../src/core/network-compute.ts";
import { Random } from "../../src/core/random.ts";
import { SampleBlock } from "../../src/core/sample-block.ts";
import { Network, partsOf } from "../../src/model/network.ts";
import type { Sample } from "../../src/model/sample.ts";
import { Ewc } from "../../src/pipeline/update/ewc.ts";
import { MlpLoss } from "../baseline/mlp-loss.ts";
import { checkClose } from "../check.ts";
import { timesAsFast } from "../claims.ts";
import type { Settings } from "../group.ts";
import { classSamples } from "../inputs.ts";
import { alternate, timeOf } from "../measure.ts";
import type { Row } from "../report.ts";

export const title = "Fisher information";

/** Weights that the callback measures; all cost the same, so its time is scaled to all of them. */
const CALLBACK_WEIGHTS = 16;
/** Both are central differences in f64 of the same step: rounding noise, then f32 results. */
const TOLERANCE = 1e-5;
/** Exact gradients in f32 beside differences in f64. */
const ANALYTIC_TOLERANCE = 1e-4;

interface Shape {
  /** Inputs, hidden units, classes. */
  i: number;
  u: number;
  o: number;
  leastTimesCallback: number;
}

const shapes: Shape[] = [
  { i: 64, u: 64, o: 10, leastTimesCallback: 300 },
  { i: 256, u: 256, o: 10, leastTimesCallback: 1000 },
];

/** Some weights of a network as parameters of an Ewc of their own; the others stay as they are. */
class SampledCallback {
  readonly indices: Uint32Array;
  readonly #theta: Float64Array;
  readonly #start: Float32Array;
  readonly #loss: MlpLoss;

  constructor(network: Network, { i, u, o }: Shape) {
    const all = network.parameters();
    this.#theta = Float64Array.from(all);
    this.indices = new Random(11).permutation(all.length).slice(0, CALLBACK_WEIGHTS);
    this.#start = Float32Array.from(this.indices, (at) => all[at]!);
    this.#loss = new MlpLoss(i, u, o);
  }

  /** The Fisher of the sampled weights, as a user of computeFisher gets it. */
  measure(samples: readonly Sample[]): Float32Array {
    const ewc = new Ewc(this.#start);
    const theta = this.#theta;
    const { indices } = this;
    const loss = this.#loss;
    ewc.computeFisher(samples, (weights, { input, label }) => {
      for (let k = 0; k < CALLBACK_WEIGHTS; k++) theta[indices[k]!] = weights[k]!;
      return loss.at(theta, input, label);
    });
    const fisher = ewc.fisher()!;
    ewc.dispose();
    return fisher;
  }
}

/** A classifier with one tanh layer, and its samples in the core. */
function fisherCase(shape: Shape, isQuick: boolean) {
  const { i, u, o } = shape;
  const layers = [
    { name: "hidden", size: u, activation: "tanh" as const },
    { name: "classes", size: o },
  ];
  const network = new Network({ inputSize: i, layers, loss: "softmax-cross-entropy", seed: 7 });
  const samples = classSamples(5, isQuick ? 8 : 256, i, o);
  const block = new SampleBlock(samples, i, o);
  const model = partsOf(network);
  const scope = { base: true, adapter: false };
  const callback = new SampledCallback(network, shape);
  return {
    weights: network.parameterCount,
    samples: samples.length,
    sampled: callback.indices,
    structured: () => structuredFisher(model, block, scope),
    analytic: () => analyticFisher(model, block, scope, "empirical", 0),
    callback: () => callback.measure(samples),
  };
}

async function rowsOf(shape: Shape, { budget }: Settings): Promise<Row[]> {
  const each = fisherCase(shape, budget.isQuick);
  const { weights, samples, sampled, structured, analytic, callback } = each;
  const byDifferences = structured();
  const some = Float32Array.from(sampled, (at) => byDifferences[at]!);
  checkClose("structured Fisher", some, callback(), TOLERANCE);
  checkClose("analytic Fisher", analytic(), byDifferences, ANALYTIC_TOLERANCE);

  const timings = await alternate({ structured, analytic, callback }, budget);
  const byCallback = timeOf(timings.callback, CALLBACK_WEIGHTS / weights);
  const [middle, fast] = [timeOf(timings.structured), timeOf(timings.analytic)];
  const against = `JS callback (${CALLBACK_WEIGHTS} of ${weights} weights, scaled)`;
  const work = `MLP ${shape.i}-${shape.u}-${shape.o}, S ${samples}`;
  return [
    {
      work: `Fisher, structured, ${work}`,
      ours: middle,
      claims: [timesAsFast(against, byCallback, middle, shape.leastTimesCallback)],
      checked: `the sampled weights' Fisher equal within ${TOLERANCE} of the largest`,
    },
    {
      work: `Fisher, analytic, ${work}`,
      ours: fast,
      claims: [timesAsFast("structured", middle, fast, 50)],
      checked: `equal to structured within ${ANALYTIC_TOLERANCE} of the largest`,
    },
  ];
}

export async function run(settings: Settings): Promise<Row[]> {
  const rows: Row[] = [];
  for (const shape of settings.budget.isQuick ? shapes.slice(0, 1) : shapes) {
    rows.push(...(await rowsOf(shape, settings)));
  }
  return rows;
}
