// Snapshots that the tests of the validators share.

import type { ModelSnapshot } from "../../src/pipeline/validate/validator.ts";

/** A model with one finite tensor and a loss of 1; `members` go over it. */
export function snapshotOf(members: Partial<ModelSnapshot> = {}): ModelSnapshot {
  return { weights: new Map([["layer.weight", Float32Array.of(0.5, -1, 2)]]), loss: 1, ...members };
}

/** f64 series from values. */
export function series(...values: number[]): Float64Array {
  return Float64Array.from(values);
}

/** A snapshot with these weights in one tensor. */
export function weighing(...values: number[]): ModelSnapshot {
  return snapshotOf({ weights: new Map([["layer.weight", Float32Array.from(values)]]) });
}
