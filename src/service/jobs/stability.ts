// The stability check of an update: the Sharpe ratio may not fall by more than 5%.

import {
  type OnlineLearnerOptions,
  SharpeStability,
  type ValidationResult,
  type Validator,
} from "../../index.ts";
import { finite } from "../finite.ts";
import type { JobReport } from "./job.ts";

/** Share of the Sharpe ratio that must remain. */
const MIN_RATIO = 0.95;

/** Judges P&L and remembers what it found; passes what has none. Off, it measures alone. */
export class StabilityCheck implements Validator {
  readonly #validator: Validator | undefined;
  readonly #isOn: boolean;
  #verdict: ValidationResult | undefined;

  constructor(pnl: OnlineLearnerOptions["pnl"], isOn: boolean) {
    this.#validator = pnl && new SharpeStability({ minRatio: MIN_RATIO });
    this.#isOn = isOn;
  }

  validate(...[before, after]: Parameters<Validator["validate"]>): ValidationResult {
    const pass = { pass: true, reason: "no P&L to judge", measurements: {} };
    if (!this.#validator) return pass;
    this.#verdict = this.#validator.validate(before, after);
    const { reason, measurements } = this.#verdict;
    if (this.#isOn) return this.#verdict;
    return { pass: true, reason: `stability check off, or else: ${reason}`, measurements };
  }

  /** What it found. */
  get result(): JobReport["stability_check"] {
    if (!this.#isOn) return "off";
    if (!this.#verdict) return "not applicable";
    return this.#verdict.pass ? "passed" : "failed";
  }

  /** Sharpe ratios before and after, annual; null without P&L. */
  get performance(): JobReport["performance_metrics"] {
    const { sharpeBefore: pre, sharpeAfter: post } = this.#verdict?.measurements ?? {};
    if (pre === undefined || post === undefined) return null;
    const degradation_pct = pre === 0 ? null : finite(((pre - post) / Math.abs(pre)) * 100);
    return { sharpe_pre: finite(pre), sharpe_post: finite(post), degradation_pct };
  }
}
