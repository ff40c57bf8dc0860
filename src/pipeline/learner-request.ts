// What is asked of one update, checked before anything is done.

import * as z from "zod/mini";
import { checkTrainable } from "../model/check-samples.ts";
import type { Learnable } from "../model/learnable.ts";
import type { Sample } from "../model/sample.ts";
import { nonNegativeNumber, parseOptions, positiveNumber } from "../options.ts";
import { duplicateSample } from "./feedback/sample-copy.ts";
import { inTurns } from "./in-turns.ts";
import type { UpdateRequest } from "./learner-results.ts";

const method = (phrase: string, name?: string) =>
  z.custom<never>((value) => {
    const subject = name === undefined ? value : (value as Record<string, unknown> | null)?.[name];
    return typeof subject === "function";
  }, phrase);

const request = z.strictObject({
  signal: z.optional(z.custom<AbortSignal>((value) => value instanceof AbortSignal, "a signal")),
  samples: z.optional(z.array(z.unknown(), "an array of samples")),
  lr: z.optional(positiveNumber),
  lambda: z.optional(nonNegativeNumber),
  validator: z.optional(method("a validator", "validate")),
  source: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
  onTrained: z.optional(method("a function")),
});

/** A request that was checked. */
export interface CheckedRequest extends UpdateRequest {
  /** Trains and judges alone. */
  isDryRun: boolean;
}

/** What is asked for beside samples. Throws OPTION_INVALID, OPTION_UNKNOWN. */
export function checkRequest(value: UpdateRequest): UpdateRequest {
  parseOptions("update", request, value);
  return { ...value };
}

/**
 * Copies of samples, each checked as it is copied; none is too few, which is an outcome. Throws
 * what the model's check throws, SAMPLE_QUARANTINED.
 */
export async function checkedCopies(model: Learnable, samples: readonly Sample[]) {
  const copies: Sample[] = [];
  const check = (some: readonly Sample[]) => {
    model.check("samples", some);
    checkTrainable("samples", some);
  };
  // A list of its own: the caller may change the length of the one it gave.
  await inTurns([...samples], (sample) => {
    try {
      check([sample]);
    } catch (error) {
      check(samples); // names the place in the whole list
      throw error;
    }
    copies.push(duplicateSample(sample));
  });
  return copies;
}
