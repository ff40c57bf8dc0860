// The network of a config with given operations on its edges.

import type { CellNetworkOptions, CellOperation } from "../../index.ts";
import type { NasSettings } from "./nas-config.ts";

/** Options of the network; `operations` by edge, several for a mixture. */
export function networkOptionsOf(
  settings: NasSettings,
  operations: readonly (readonly CellOperation[])[],
  seed: number,
): CellNetworkOptions {
  const { inputFeatures, patchLen, horizonLen, hiddenDim, numLayers, batchSize, space } = settings;
  return {
    inputFeatures,
    patchLen,
    horizonLen,
    hiddenDim,
    numLayers,
    batchSize,
    numNodes: space.numNodes,
    operations,
    seed,
  };
}
