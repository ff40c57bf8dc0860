// Checks samples against the shapes of a model before they enter the core.

import { checkFilled, checkFinite, checkFloat32, checkNumber } from "../checks.ts";
import type { LossName } from "../core/network-description.ts";
import { describeValue } from "../describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../errors.ts";
import { checkLabel } from "./loss.ts";
import type { Sample } from "./sample.ts";

/** What samples must fit. */
export interface SampleShape {
  inputSize: number;
  outputSize: number;
  loss: LossName;
}

/** Throws a typed error naming the first sample that does not fit; an empty list is DATA_EMPTY. */
export function checkSamples(name: string, samples: readonly Sample[], shape: SampleShape): void {
  checkFilled(name, samples);
  for (const [index, sample] of samples.entries()) checkSample(`${name}[${index}]`, sample, shape);
}

function checkSample(
  name: string,
  sample: Sample,
  { inputSize, outputSize, loss }: SampleShape,
): void {
  if (typeof sample !== "object" || sample === null) {
    throw new DriftkeelTypeError(
      "ARGUMENT_TYPE",
      `Expected ${name} to be a sample { input, label }, got ${describeValue(sample)}.`,
    );
  }
  checkFloat32(`${name}.input`, sample.input, inputSize, "the model's input size");
  checkFloat32(`${name}.label`, sample.label, outputSize, "the model's output size");
  checkFinite(`${name}.input`, sample.input);
  checkFinite(`${name}.label`, sample.label);
  checkLabel(loss, `${name}.label`, sample.label);
  if (sample.weight !== undefined) checkNumber(`${name}.weight`, sample.weight, 0);
  checkOrigin(`${name}.origin`, sample.origin);
}

const origins: readonly unknown[] = ["live", "benchmark", "replay", "peer"];

/** A misspelt "benchmark" must not train. */
function checkOrigin(name: string, origin: unknown): void {
  if (origin === undefined || origins.includes(origin)) return;
  const expected = `one of ${origins.map(describeValue).join(", ")}`;
  const message = `Expected ${name} to be ${expected}, got ${describeValue(origin)}.`;
  throw typeof origin === "string"
    ? new DriftkeelRangeError("ARGUMENT_RANGE", message)
    : new DriftkeelTypeError("ARGUMENT_TYPE", message);
}

/** Throws SAMPLE_QUARANTINED when a sample is kept for benchmarks: those never train. */
export function checkTrainable(name: string, samples: readonly Sample[]): void {
  const index = samples.findIndex((sample) => sample.origin === "benchmark");
  if (index < 0) return;
  throw new DriftkeelRangeError(
    "SAMPLE_QUARANTINED",
    `Expected ${name} to hold no sample of origin "benchmark", got one at index ${index}. ` +
      "Benchmark samples judge a model; train on others.",
  );
}
