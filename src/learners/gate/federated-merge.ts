// Merges the weights of several peers, so that no single one decides: Fisher-weighted, trimmed.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../../index.ts";

/** Parameters of one gate and how much each matters to it. */
export interface Contribution {
  /** f32[P]. */
  parameters: Float32Array;
  /** f32[P], finite and >= 0: the diagonal Fisher. */
  fisher: Float32Array;
}

const TRIM = "a number from 0 to below 0.5";
const mergeOptions = z.strictObject({
  trim: z._default(z.number(TRIM).check(z.minimum(0, TRIM), z.lt(0.5, TRIM)), 1 / 3),
});

/** Part of a mean Fisher that every parameter has: one that nobody needs gets the plain mean. */
const FLOOR = 1e-3;

/**
 * f32[P]: for each parameter the Fisher-weighted mean (Matena & Raffel 2022) of what is left when
 * the floor(trim n) smallest and largest of the n values have gone (coordinate-wise trimmed mean,
 * Yin et al. 2018):
 *
 *     w[p] = sum_k (F_k[p] + 0.001) w_k[p] / sum_k (F_k[p] + 0.001)       F_k scaled to mean 1
 *
 * With at most floor(trim n) liars the result lies, parameter by parameter, between values of
 * honest ones, whatever weights and Fishers the liars send. trim: 0 to below 0.5, default 1/3.
 * Throws DATA_EMPTY, LENGTH_MISMATCH, ARGUMENT_TYPE, VALUE_NOT_FINITE, OPTION_INVALID.
 */
export function mergeContributions(
  contributions: readonly Contribution[],
  options?: { trim?: number },
): Float32Array {
  const { trim } = parseOptions("mergeContributions", mergeOptions, options);
  checkContributions(contributions);
  const count = contributions[0]!.parameters.length;
  const cut = Math.floor(trim * contributions.length);
  const scales = contributions.map(({ fisher }) => {
    const sum = fisher.reduce((total, value) => total + value, 0);
    return sum > 0 ? fisher.length / sum : 0;
  });
  const mergedValues = new Float32Array(count);
  for (let p = 0; p < count; p++) {
    const votes = contributions
      .map(({ parameters, fisher }, k) => ({
        value: parameters[p]!,
        weight: scales[k]! * fisher[p]! + FLOOR,
      }))
      .sort((a, b) => a.value - b.value)
      .slice(cut, contributions.length - cut);
    mergedValues[p] = weightedMean(votes);
  }
  return mergedValues;
}

/** Of votes in ascending order; between the first and the last value, rounding included. */
function weightedMean(votes: readonly { value: number; weight: number }[]): number {
  const total = votes.reduce((sum, { weight }) => sum + weight, 0);
  const mean = votes.reduce((sum, { value, weight }) => sum + (weight / total) * value, 0);
  return Math.min(votes.at(-1)!.value, Math.max(votes[0]!.value, mean));
}

function checkContributions(contributions: readonly Contribution[]): void {
  if (!Array.isArray(contributions) || contributions.length === 0) {
    const message = "Expected contributions to be an array of at least one, got none.";
    throw new DriftkeelRangeError("DATA_EMPTY", message);
  }
  const length = contributions[0]?.parameters?.length;
  for (const [index, contribution] of contributions.entries()) {
    checkContribution(`contributions[${index}]`, contribution, length);
  }
}

/** Throws unless `contribution` has `length` finite parameters and as many Fishers >= 0. */
export function checkContribution(name: string, contribution: Contribution, length: number): void {
  const { parameters, fisher } = contribution;
  for (const [member, values] of Object.entries({ parameters, fisher })) {
    if (!(values instanceof Float32Array)) {
      const message = `Expected ${name}.${member} to be a Float32Array, got something else.`;
      throw new DriftkeelTypeError("ARGUMENT_TYPE", message);
    }
    if (values.length !== length) {
      throw new DriftkeelRangeError(
        "LENGTH_MISMATCH",
        `Expected ${name}.${member} of length ${length} (as the others), got ${values.length}.`,
      );
    }
  }
  const isSound = parameters.every(Number.isFinite) && fisher.every((f) => f >= 0 && f < Infinity);
  if (isSound) return;
  throw new DriftkeelRangeError(
    "VALUE_NOT_FINITE",
    `Expected ${name} to hold finite parameters and a finite Fisher >= 0, got others.`,
  );
}
