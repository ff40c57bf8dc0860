// The order of what detectors say.

import type { DriftState } from "./drift-detector.ts";

const order: readonly DriftState[] = ["stable", "warning", "drift"];

/** The worse of two states. */
export function worseState(a: DriftState, b: DriftState): DriftState {
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}
