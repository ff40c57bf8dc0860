// What a loss call costs when the core makes it: Ewc.computeFisher with a loss that does next to
// nothing, minus the same calls from a JavaScript loop.

import { Ewc } from "../../src/pipeline/update/ewc.ts";
import { checkClose } from "../check.ts";
import { limit } from "../claims.ts";
import type { Settings } from "../group.ts";
import { normals } from "../inputs.ts";
import { alternate } from "../measure.ts";
import type { Row } from "../report.ts";

export const title = "Callback Fisher";

const WEIGHTS = 1000;
const SAMPLES = 100;
const CALLS = 2 * WEIGHTS * SAMPLES;

/** Cheap, but not constant: the derivative by the first weight is the sample. */
function trivialLoss(weights: Float64Array, sample: number): number {
  return weights[0]! * sample;
}

/** The same calls without the core; the sum keeps the compiler from dropping them. */
function callAll(weights: Float64Array, samples: readonly number[]): number {
  let sum = 0;
  for (let p = 0; p < WEIGHTS; p++) {
    for (let s = 0; s < SAMPLES; s++) {
      sum += trivialLoss(weights, samples[s]!);
      sum -= trivialLoss(weights, samples[s]!);
    }
  }
  return sum;
}

export async function run({ budget }: Settings): Promise<Row[]> {
  const weights = normals(1, WEIGHTS);
  const samples = [...normals(2, SAMPLES)];
  const ewc = new Ewc(weights, { consolidation: "ema" });
  const measure = () => ewc.computeFisher(samples, trivialLoss);
  measure();
  const expected = new Float32Array(WEIGHTS);
  expected[0] = samples.reduce((sum, sample) => sum + sample * sample, 0) / SAMPLES;
  checkClose("callback Fisher of a linear loss", ewc.fisher()!, expected, 1e-6);

  const theta = Float64Array.from(weights);
  const timings = await alternate({ core: measure, loop: () => callAll(theta, samples) }, budget);
  const whole = timings.core.medianNs / CALLS;
  const own = timings.loop.medianNs / CALLS;
  const ours = { value: whole - own, unit: "ns" };
  return [
    {
      work: "Ewc.computeFisher, overhead per loss call",
      ours,
      claims: [
        limit(ours.value, "ns", { most: 15 }),
        {
          against: "the loss itself, from a JS loop",
          figure: { value: own, unit: "ns" },
          unit: "x",
        },
      ],
      checked: "Fisher of a linear loss equal to its formula within 1e-6",
    },
  ];
}
