// Samples and buffers that the tests of the replay buffer share.

import fc from "fast-check";
import type { Sample } from "../../src/model/sample.ts";
import {
  ReplayBuffer,
  type ReplayBufferOptions,
} from "../../src/pipeline/feedback/replay-buffer.ts";

/** More than any buffer holds: a draw of all there is. */
export const ALL = 1e9;
export const strategies = ["reservoir", "ring", "class-balanced"] as const;
export const anyStrategy = fc.constantFrom(...strategies);

/** A sample that is told by its value; the label is one-hot in three classes. */
export function sampleOf(value: number, classIndex = 0): Sample {
  const label = new Float32Array(3);
  label[classIndex] = 1;
  return { input: Float32Array.of(value, -value), label };
}

/** What tells the samples apart, as `sampleOf` wrote it. */
export function valuesOf(samples: Sample[]): number[] {
  return samples.map((sample) => sample.input[0]!);
}

/** The values of the ordinary samples held, in increasing order. */
export function heldBy(buffer: ReplayBuffer): number[] {
  return valuesOf(buffer.sample(ALL, { lockedShare: 0 })).sort((a, b) => a - b);
}

/** A buffer that was offered the values 0..count-1, their classes in turn. */
export function filled(options: ReplayBufferOptions, count: number): ReplayBuffer {
  const buffer = new ReplayBuffer(options);
  for (let i = 0; i < count; i++) buffer.add(sampleOf(i, i % 3));
  return buffer;
}
