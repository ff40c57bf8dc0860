// A search that takes a moment: a short series with a signal in it, and a config that finds it.

import { Random } from "../../../src/index.ts";
import type { NasConfig, SignalData } from "../../../src/learners/nas/index.ts";

/** Two features; the next return follows the larger of the last three values of the first. */
export function smallSeries(periods = 1200, seed = 1, strength = 1): SignalData {
  const random = new Random(seed);
  const features = Float32Array.from({ length: 2 * periods }, () => random.normal());
  const returns = new Float32Array(periods);
  for (let t = 3; t < periods; t++) {
    const top = Math.max(features[2 * t - 2]!, features[2 * t - 4]!, features[2 * t - 6]!);
    returns[t] = 0.01 * (strength * (top - 0.85) + random.normal());
  }
  return { features, returns };
}

/** Three nodes, four operations, few steps. */
export const smallConfig: NasConfig = {
  inputFeatures: 2,
  patchLen: 6,
  hiddenDim: 4,
  searchSteps: 60,
  weightLr: 0.02,
  maxParams: 400,
  searchSpace: { numNodes: 3, operations: ["conv3", "max_pool3", "skip", "zero"] },
  seed: 5,
};
