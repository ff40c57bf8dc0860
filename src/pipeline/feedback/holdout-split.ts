// Decides once and for all whether a sample trains or judges.

import * as z from "zod/mini";
import { checkInstance } from "../../checks.ts";
import { checkNotReleased } from "../../core/arrays.ts";
import type { Sample } from "../../model/sample.ts";
import { parseOptions, seed, share } from "../../options.ts";
import { contentHash } from "./content-hash.ts";

const optionsSchema = z.object({ fraction: share, seed: z._default(seed, 0) });

/** What `HoldoutSplit` takes. */
export interface HoldoutSplitOptions {
  /** Part of all contents that judges: 0..1. */
  fraction: number;
  /** Which part: u32, default 0. */
  seed?: number;
}

/**
 * Splits samples by content: the same input and label are on the same side today, after a restart
 * and on every host, so that a repeated sample never judges a model that trained on it. Holds
 * nothing.
 */
export class HoldoutSplit {
  readonly #seed: number;
  /** Hashes below are held out. */
  readonly #limit: number;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: HoldoutSplitOptions) {
    const parsed = parseOptions("HoldoutSplit", optionsSchema, options);
    this.#seed = parsed.seed;
    this.#limit = parsed.fraction * 2 ** 32;
  }

  /** Whether a sample judges; otherwise it trains. Throws ARGUMENT_TYPE, DISPOSED. */
  isHoldout(sample: Pick<Sample, "input" | "label">): boolean {
    checkInstance("sample.input", sample.input, Float32Array);
    checkInstance("sample.label", sample.label, Float32Array);
    checkNotReleased(sample.input);
    checkNotReleased(sample.label);
    return contentHash(sample, this.#seed) < this.#limit;
  }
}
