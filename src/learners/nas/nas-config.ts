// What a search takes: every field with its range, parsed once.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { DriftkeelRangeError, frameParameters, operationParameters } from "../../index.ts";
import { SearchSpace, type SearchSpaceOptions, searchSpaceSchema } from "./search-space.ts";

/** What `runSignalNas` takes. */
export interface NasConfig {
  /** Searches from different first weights, 1..64; default 1. The best of them is the result. */
  numTrials?: number;
  /** Steps of a search, each a batch for the weights and one for alpha; default 400. */
  searchSteps?: number;
  /** Steps of the training of a discretised model; default `searchSteps`. */
  trainSteps?: number;
  /** Learning rate of the weights; default 0.01. */
  weightLr?: number;
  /** Learning rate of the architecture; default 0.02. */
  alphaLr?: number;
  /** Most parameters that a discretised model may have. */
  maxParams: number;
  /** Features of a time step, 1..1024. */
  inputFeatures: number;
  /** Time steps of a window, 1..512. */
  patchLen: number;
  /** Returns ahead that are forecast, 1..256; default 1. */
  horizonLen?: number;
  /** Channels of every node, 1..256; default 8. */
  hiddenDim?: number;
  /** Cells behind each other, 1..16; default 1. */
  numLayers?: number;
  /** Windows of a batch, 1..1024; default 64. */
  batchSize?: number;
  /** Default: 4 nodes and all operations. */
  searchSpace?: SearchSpaceOptions;
  /** Seed of everything random; default 0. */
  seed?: number;
}

function upTo(most: number): z.ZodMiniNumber {
  const phrase = `an integer from 1 to ${most}`;
  return z.int(phrase).check(z.minimum(1, phrase), z.maximum(most, phrase));
}

const rate = z.number("a number > 0").check(z.gt(0, "a number > 0"));
const SEED = `an integer from 0 to ${2 ** 32 - 1}`;

/** Schema of `NasConfig`. */
export const nasConfigSchema = z.strictObject({
  numTrials: z._default(upTo(64), 1),
  searchSteps: z._default(upTo(1e6), 400),
  trainSteps: z.optional(upTo(1e6)),
  weightLr: z._default(rate, 0.01),
  alphaLr: z._default(rate, 0.02),
  maxParams: upTo(2 ** 30),
  inputFeatures: upTo(1024),
  patchLen: upTo(512),
  horizonLen: z._default(upTo(256), 1),
  hiddenDim: z._default(upTo(256), 8),
  numLayers: z._default(upTo(16), 1),
  batchSize: z._default(upTo(1024), 64),
  searchSpace: z.prefault(searchSpaceSchema, {}),
  seed: z._default(z.int(SEED).check(z.minimum(0, SEED), z.maximum(2 ** 32 - 1, SEED)), 0),
});

/** A config with its defaults. */
export interface NasSettings extends Required<Omit<NasConfig, "searchSpace">> {
  space: SearchSpace;
}

/**
 * Reads a config. Throws OPTION_INVALID, OPTION_UNKNOWN; also when not even the smallest valid cell
 * fits `maxParams`.
 */
export function parseNasConfig(config: NasConfig): NasSettings {
  const { searchSpace, ...parsed } = parseOptions("runSignalNas", nasConfigSchema, config);
  const space = new SearchSpace(searchSpace);
  const settings = { ...parsed, trainSteps: parsed.trainSteps ?? parsed.searchSteps, space };
  const least = smallestModel(settings);
  if (least <= settings.maxParams) return settings;
  throw new DriftkeelRangeError(
    "OPTION_INVALID",
    `Expected runSignalNas option "maxParams" to be an integer >= ${least} (the smallest model ` +
      `of this space), got ${settings.maxParams}. Raise it, or lower hiddenDim.`,
  );
}

/** Parameters of embedding and head. */
export function frameOf(settings: NasSettings): number {
  return frameParameters({
    inputFeatures: settings.inputFeatures,
    channels: settings.hiddenDim,
    outputSize: settings.horizonLen,
  });
}

/** Parameters of an operation over all layers. */
export function costsOf({ space, hiddenDim, numLayers }: NasSettings): number[] {
  return space.operations.map((operation) => numLayers * operationParameters(operation, hiddenDim));
}

/** One path of the cheapest operation that passes anything on, the rest the cheapest of all. */
function smallestModel(settings: NasSettings): number {
  const { operations, edges } = settings.space;
  const costs = costsOf(settings);
  const cheapest = Math.min(...costs);
  const passing = Math.min(...costs.filter((_, k) => operations[k] !== "zero"));
  return frameOf(settings) + passing + (edges.length - 1) * cheapest;
}
