// What is asked of a model that learned tasks in sequence.
//
// R[i][j] is the accuracy on task j after task i was learned; NaN where it was not measured.

import { CLASSES } from "./mnist.ts";

export type AccuracyMatrix = readonly (readonly number[])[];

/** The share of rows whose largest output is their class. outputs: f32[n x 10], labels: u8[n]. */
export function accuracyOf(outputs: Float32Array, labels: Uint8Array): number {
  let hits = 0;
  for (const [row, label] of labels.entries()) {
    const at = row * CLASSES;
    let best = 0;
    for (let c = 1; c < CLASSES; c++) if (outputs[at + c]! > outputs[at + best]!) best = c;
    if (best === label) hits++;
  }
  return hits / labels.length;
}

/** Mean of the last row: accuracy over all tasks after the last. */
export function averageAccuracy(matrix: AccuracyMatrix): number {
  return mean(matrix.at(-1)!);
}

/**
 * Mean of R[T-1][i] - R[i][i] over the tasks before the last (Lopez-Paz & Ranzato 2017): below 0
 * when old tasks are forgotten.
 */
export function backwardTransfer(matrix: AccuracyMatrix): number {
  const last = matrix.at(-1)!;
  return mean(matrix.slice(0, -1).map((row, task) => last[task]! - row[task]!));
}

/** Arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
