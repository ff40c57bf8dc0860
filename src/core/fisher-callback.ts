// Fisher information of a loss that the core can only call: the loop is in the core, the loss is the caller's.

import { DriftkeelError } from "../errors.ts";
import { reserve } from "./block.ts";
import { core } from "./instance.ts";

/** `gradient`: mean of squared central differences. `curvature`: magnitude of the second difference of the mean loss. */
export type CallbackMethod = "gradient" | "curvature";

/**
 * f64[P] from `lossAt(theta, sample index)`; theta is a view of the core's memory that the core moves between calls.
 * Throws LOSS_FAILED when the loss throws or is not a finite number; nothing has changed then.
 */
export function callbackFisher(
  weights: Float32Array,
  samples: number,
  lossAt: (theta: Float64Array, index: number) => number,
  method: CallbackMethod,
): Float64Array {
  const running = core();
  const { exports } = running;
  const count = weights.length;
  const block = reserve(running, 16 * count);
  const before = running.sampleLoss;
  try {
    const theta = new Float64Array(running.memory.buffer, block, count);
    theta.set(weights);
    running.sampleLoss = (index) => lossAt(theta, index);
    const measure = method === "gradient" ? exports.fisherCallback : exports.curvatureCallback;
    const failedAt = measure(block + 8 * count, block, count, samples);
    if (failedAt >= 0) throw notFinite(failedAt);
    return new Float64Array(running.memory.buffer, block + 8 * count, count).slice();
  } finally {
    running.sampleLoss = before; // a loss may itself compute a Fisher
    exports.free(block);
  }
}

function notFinite(weight: number): DriftkeelError {
  return new DriftkeelError(
    "LOSS_FAILED",
    `Expected the loss function to return finite numbers, but near weight ${weight} it did not. ` +
      "Check the loss at the present weights and its data.",
  );
}
