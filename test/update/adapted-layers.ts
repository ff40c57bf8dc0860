// The references' layers with the weights of a network and the adapters of an updater.

import type { IncrementalUpdater, Network } from "../../src/index.ts";
import type { ActivationName } from "../reference/activation.ts";
import type { Layer } from "../reference/network.ts";

/** Layers in f64; `alpha` is the updater's option, `activations` those of the network's layers. */
export function adaptedLayers(
  network: Network,
  activations: readonly ActivationName[],
  updater: IncrementalUpdater,
  alpha: number,
): Layer[] {
  const weights = network.weights();
  const adapters = updater.adapter();
  const names = [...weights.keys()].filter((key) => key.endsWith(".weight"));
  return names.map((key, index): Layer => {
    const name = key.slice(0, -".weight".length);
    const [weight, bias] = [weights.get(key)!, weights.get(`${name}.bias`)!];
    const [outputSize, inputSize] = [bias.length, weight.length / bias.length];
    const layer: Layer = { inputSize, outputSize, activation: activations[index]! };
    layer.weight = Float64Array.from(weight);
    layer.bias = Float64Array.from(bias);
    const found = adapters.find(({ module }) => module === name);
    if (found) {
      const { rank, A, B } = found;
      layer.adapter = { rank, alpha, A: Float64Array.from(A), B: Float64Array.from(B) };
    }
    return layer;
  });
}
