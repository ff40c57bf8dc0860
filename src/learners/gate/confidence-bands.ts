// Turns a probability of allow into a decision: allow, block, or ask.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { DriftkeelRangeError } from "../../index.ts";
import type { Calibration } from "./calibration.ts";

/** What the gate does with a call. */
export type Verdict = "auto-allow" | "auto-block" | "ask";

export interface ConfidenceBandsOptions {
  /** From here on calls are allowed: above `block`, at most 1; default 0.8. */
  allow?: number;
  /** Up to here calls are blocked: 0 to below `allow`; default 0.2. */
  block?: number;
  /** Maps the model's probabilities to how often they come true; default: as they are. */
  calibration?: Calibration;
}

/**
 * What each way to be wrong costs, and what a question costs: 1e-9..1e9. A right decision costs
 * nothing.
 */
export interface CostMatrix {
  /** Allowing what should be blocked. */
  falseAllow: number;
  /** Blocking what should be allowed. */
  falseBlock: number;
  /** Asking the user. */
  ask: number;
}

const unit = "a number from 0 to 1";
const bandsOptions = z.strictObject({
  allow: z._default(z.number(unit).check(z.minimum(0, unit), z.maximum(1, unit)), 0.8),
  block: z._default(z.number(unit).check(z.minimum(0, unit), z.maximum(1, unit)), 0.2),
  calibration: z.optional(
    z.custom<Calibration>(
      (value) => typeof (value as Calibration | null)?.apply === "function",
      "a Calibration",
    ),
  ),
});

/** Wide enough for any currency; thresholds of such prices are still told apart in f64. */
const price = "a number from 1e-9 to 1e9";
const cost = z.number(price).check(z.minimum(1e-9, price), z.maximum(1e9, price));
const costMatrix = z.strictObject({ falseAllow: cost, falseBlock: cost, ask: cost });

/** Two thresholds on the calibrated probability of allow. */
export class ConfidenceBands {
  readonly allow: number;
  readonly block: number;
  readonly calibration: Calibration | undefined;

  /** Throws OPTION_INVALID (also when block is not below allow), OPTION_UNKNOWN. */
  constructor(options?: ConfidenceBandsOptions) {
    const { allow, block, calibration } = parseOptions("ConfidenceBands", bandsOptions, options);
    if (block >= allow) {
      throw new DriftkeelRangeError(
        "OPTION_INVALID",
        `Expected ConfidenceBands option "block" to be below "allow" (${allow}), got ${block}.`,
      );
    }
    this.allow = allow;
    this.block = block;
    this.calibration = calibration;
  }

  /**
   * The bands of least expected cost for calibrated probabilities p (Chow 1970). A decision costs
   * (1 - p) falseAllow, p falseBlock or ask, so
   *
   *     allow = max(1 - ask / falseAllow, p*)     block = min(ask / falseBlock, p*)
   *
   * where p* = falseAllow / (falseAllow + falseBlock) is where both mistakes cost the same. Where
   * asking costs more than the better mistake, nobody is asked: both bands end at p*, which allows.
   * Throws OPTION_INVALID, OPTION_UNKNOWN.
   */
  static fromCosts(costs: CostMatrix, calibration?: Calibration): ConfidenceBands {
    const { falseAllow, falseBlock, ask } = parseOptions("CostMatrix", costMatrix, costs);
    const even = falseAllow / (falseAllow + falseBlock);
    // Above p* by rounding, or 1 where falseBlock is lost beside falseAllow: kept a valid band.
    const allow = Math.min(1, Math.max(1 - ask / falseAllow, even));
    const block = Math.min(ask / falseBlock, even, allow * (1 - Number.EPSILON));
    return new ConfidenceBands({ allow, block, ...(calibration && { calibration }) });
  }

  /** The probability after calibration; NaN stays NaN. */
  calibrated(probability: number): number {
    return this.calibration ? this.calibration.apply(probability) : probability;
  }

  /** What to do at a probability of allow, before calibration. NaN asks. */
  decide(probability: number): Verdict {
    const calibrated = this.calibrated(probability);
    if (calibrated >= this.allow) return "auto-allow";
    return calibrated <= this.block ? "auto-block" : "ask"; // every comparison with NaN is false
  }

  /** These bands on probabilities that are calibrated first. */
  calibratedBy(calibration: Calibration): ConfidenceBands {
    return new ConfidenceBands({ allow: this.allow, block: this.block, calibration });
  }
}
