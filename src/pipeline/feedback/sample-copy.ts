// Checks a sample that may enter training and copies it, so that nobody can change it afterwards.

import { checkNotReleased } from "../../core/arrays.ts";
import { describeValue } from "../../describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../../errors.ts";
import type { Sample, SampleOrigin } from "../../model/sample.ts";

/** The lengths that all samples of one buffer share. */
export interface SampleShape {
  input: number;
  label: number;
}

const TRAINING_ORIGINS: readonly SampleOrigin[] = ["live", "replay", "peer"];
const MAX_ID_LENGTH = 256;

/**
 * A copy of `sample` with arrays of its own. `shape`: the lengths to keep to; without it any length
 * from 1.
 *
 * Throws ARGUMENT_TYPE, ARGUMENT_RANGE, LENGTH_MISMATCH, DATA_EMPTY, VALUE_NOT_FINITE, DISPOSED (an
 * array that has been released), and SAMPLE_QUARANTINED for samples of origin `benchmark`, which
 * judge models and so must never train one.
 */
export function copySample(sample: Sample, shape?: SampleShape): Sample {
  if (typeof sample !== "object" || sample === null) {
    throw wrongType("sample", "an object with input and label", sample);
  }
  const { input, label, weight, timestamp, id, origin } = sample;
  checkOrigin(origin);
  checkWeight(weight);
  checkTimestamp(timestamp);
  checkId(id);
  return {
    input: copyArray("sample.input", input, shape?.input),
    label: copyArray("sample.label", label, shape?.label),
    ...(weight !== undefined && { weight }),
    ...(timestamp !== undefined && { timestamp: new Date(timestamp) }),
    ...(id !== undefined && { id }),
    ...(origin !== undefined && { origin }),
  };
}

/** A copy, arrays and date included, of a sample that was checked before. */
export function duplicateSample(sample: Sample): Sample {
  const { input, label, timestamp } = sample;
  return {
    ...sample,
    input: input.slice(),
    label: label.slice(),
    ...(timestamp !== undefined && { timestamp: new Date(timestamp) }),
  };
}

function wrongType(name: string, expected: string, got: unknown): DriftkeelTypeError {
  const message = `Expected ${name} to be ${expected}, got ${describeValue(got)}.`;
  return new DriftkeelTypeError("ARGUMENT_TYPE", message);
}

function outOfRange(name: string, expected: string, got: unknown): DriftkeelRangeError {
  const message = `Expected ${name} to be ${expected}, got ${describeValue(got)}.`;
  return new DriftkeelRangeError("ARGUMENT_RANGE", message);
}

function copyArray(name: string, values: unknown, length: number | undefined): Float32Array {
  if (!(values instanceof Float32Array)) throw wrongType(name, "a Float32Array", values);
  if (length !== undefined && values.length !== length) {
    throw new DriftkeelRangeError(
      "LENGTH_MISMATCH",
      `Expected ${name} of length ${length} (that of the first sample), got ${values.length}.`,
    );
  }
  if (values.length === 0) {
    throw new DriftkeelRangeError("DATA_EMPTY", `Expected ${name} of length 1 or more, got 0.`);
  }
  checkNotReleased(values);
  // The copy is checked, not the original: another thread may write to that.
  const copy = new Float32Array(values);
  for (let i = 0; i < copy.length; i++) {
    if (Number.isFinite(copy[i])) continue;
    throw new DriftkeelRangeError(
      "VALUE_NOT_FINITE",
      `Expected ${name} to hold finite numbers, got ${copy[i]} at index ${i}.`,
    );
  }
  return copy;
}

function checkOrigin(origin: unknown): void {
  if (origin === undefined || TRAINING_ORIGINS.includes(origin as SampleOrigin)) return;
  if (origin === "benchmark") {
    throw new DriftkeelRangeError(
      "SAMPLE_QUARANTINED",
      'Expected a sample to train on, got one of origin "benchmark"; benchmark samples only judge.',
    );
  }
  const expected = `one of ${TRAINING_ORIGINS.map(describeValue).join(", ")}`;
  throw (typeof origin === "string" ? outOfRange : wrongType)("sample.origin", expected, origin);
}

function checkWeight(weight: unknown): void {
  if (weight === undefined) return;
  if (typeof weight !== "number") throw wrongType("sample.weight", "a number >= 0", weight);
  if (!Number.isFinite(weight)) {
    throw new DriftkeelRangeError(
      "VALUE_NOT_FINITE",
      `Expected sample.weight to be a finite number, got ${weight}.`,
    );
  }
  if (weight < 0) throw outOfRange("sample.weight", "a number >= 0", weight);
}

function checkTimestamp(timestamp: unknown): void {
  if (timestamp === undefined) return;
  if (!(timestamp instanceof Date)) throw wrongType("sample.timestamp", "a Date", timestamp);
  if (Number.isNaN(timestamp.getTime())) {
    throw outOfRange("sample.timestamp", "a valid Date", timestamp.getTime());
  }
}

function checkId(id: unknown): void {
  if (id === undefined) return;
  if (typeof id !== "string") throw wrongType("sample.id", "a string", id);
  if (id.length > MAX_ID_LENGTH) {
    throw outOfRange("the length of sample.id", `at most ${MAX_ID_LENGTH}`, id.length);
  }
}
