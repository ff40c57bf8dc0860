// The tensors of a snapshot.

import type { ModelSnapshot } from "./validator.ts";

/** Names and tensors of the candidate, or in words why there is nothing to look at. */
export function tensorsOf(after: ModelSnapshot): [string, Float32Array][] | string {
  const { weights } = after;
  if (!(weights instanceof Map)) return "after.weights is missing";
  if (weights.size === 0) return "after.weights holds no tensor";
  const tensors = [...weights] as [string, Float32Array][];
  const wrong = tensors.find(([, values]) => !(values instanceof Float32Array));
  return wrong ? `after.weights.get("${wrong[0]}") is no Float32Array` : tensors;
}
