// Fisher information of a loss that the core can only call: the loop is in the core, the loss is
// the caller's.

import { DriftkeelError } from "../errors.ts";
import { reserve } from "./block.ts";
import { core } from "./instance.ts";

/**
 * `gradient`: mean of squared central differences. `curvature`: magnitude of the second difference
 * of the mean loss.
 */
export type CallbackMethod = "gradient" | "curvature";

/**
 * f64[P] from `lossFn(theta, sample)`; theta is a view of the core's memory that the core
 * moves between calls.
 * Throws LOSS_FAILED when the loss throws or is not a finite number; nothing has changed then.
 */
export function callbackFisher<S>(
  weights: Float32Array,
  samples: readonly S[],
  lossFn: (theta: Float64Array, sample: S) => number,
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
    running.sampleLoss = (index) => callLoss(lossFn, theta, samples[index]!);
    const measure = method === "gradient" ? exports.fisherCallback : exports.curvatureCallback;
    const failedAt = measure(block + 8 * count, block, count, samples.length);
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

function callLoss<S>(
  lossFn: (theta: Float64Array, sample: S) => number,
  theta: Float64Array,
  sample: S,
): number {
  try {
    const loss: unknown = lossFn(theta, sample);
    return typeof loss === "number" ? loss : Number.NaN;
  } catch (cause) {
    throw new DriftkeelError(
      "LOSS_FAILED",
      `Expected the loss function to return a number, but it threw: ${cause}. ` +
        "The Fisher is as before.",
      { cause },
    );
  }
}
