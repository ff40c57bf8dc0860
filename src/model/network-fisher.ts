// The Fisher information of a built-in network.

import * as z from "zod/mini";
import {
  analyticFisher,
  type FisherLabels,
  type FisherScope,
  type Model,
  structuredFisher,
} from "../core/network-compute.ts";
import { SampleBlock } from "../core/sample-block.ts";
import { describeValue } from "../describe-value.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../errors.ts";
import { parseOptions, seed } from "../options.ts";
import { checkSamples } from "./check-samples.ts";
import { Network, partsOf } from "./network.ts";
import type { Sample } from "./sample.ts";

/** How a network's Fisher is measured. */
export interface NetworkFisherOptions {
  /** Default `analytic`. */
  method?: "analytic" | "finite-difference";
  /** Default `empirical`; the others need `analytic` and a loss that is a likelihood. */
  labels?: FisherLabels;
  /** Seed of `sampled` labels; default 0. */
  seed?: number;
}

const networkFisherOptions = z.strictObject({
  method: z._default(z.enum(["analytic", "finite-difference"]), "analytic"),
  labels: z._default(z.enum(["empirical", "exact", "sampled"]), "empirical"),
  seed: z._default(seed, 0),
});

/** Losses whose model is a distribution over labels. */
const likelihoods = ["mse", "softmax-cross-entropy", "binary-cross-entropy"];

/** Fisher over all of a network's parameters, f32[P] in the order of `parameters()`. */
export function networkFisher(
  network: Network,
  samples: readonly Sample[],
  options?: NetworkFisherOptions,
): Float32Array {
  if (!(network instanceof Network)) {
    const got = describeValue(network);
    throw new DriftkeelTypeError("ARGUMENT_TYPE", `Expected network to be a Network, got ${got}.`);
  }
  return modelFisher(partsOf(network), { base: true, adapter: false }, samples, options);
}

/** Fisher over the blocks in `scope`: the adapter's parameters first, then the base's. */
export function modelFisher(
  model: Model,
  scope: FisherScope,
  samples: readonly Sample[],
  options?: NetworkFisherOptions,
): Float32Array {
  const parsed = parseOptions("computeFisherFor", networkFisherOptions, options);
  const { inputSize, outputSize, loss } = model.description;
  checkSamples("samples", samples, { inputSize, outputSize, loss: loss.name });
  const isEmpirical = parsed.labels === "empirical";
  if (!isEmpirical && !likelihoods.includes(loss.name)) {
    throw unsupported(`a loss that is a likelihood (${likelihoods.join(", ")})`, loss.name);
  }
  if (!isEmpirical && parsed.method === "finite-difference") {
    throw unsupported('method "analytic"', '"finite-difference"');
  }
  const block = new SampleBlock(samples, inputSize, outputSize);
  try {
    return parsed.method === "analytic"
      ? analyticFisher(model, block, scope, parsed.labels, parsed.seed)
      : structuredFisher(model, block, scope);
  } finally {
    block.dispose();
  }
}

function unsupported(expected: string, got: string): DriftkeelRangeError {
  return new DriftkeelRangeError(
    "OPTION_INVALID",
    `Expected ${expected} for labels "exact" and "sampled", got ${got}. Use labels "empirical".`,
  );
}
