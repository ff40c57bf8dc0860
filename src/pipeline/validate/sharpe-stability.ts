// Refuses a candidate whose Sharpe ratio is worse than that of the active model, or of a fixed
// anchor.

import * as z from "zod/mini";
import { parseOptions, positiveNumber, share } from "../../options.ts";
import { risesAtMost } from "../../statistics/rises-at-most.ts";
import {
  checkResamples,
  compareStandardized,
  LEAST_PERIODS,
  type SharpeComparison,
  type SharpeInference,
  sharpeMembers,
} from "./compare-sharpe.ts";
import { pairedSeries } from "./paired-series.ts";
import { standardize } from "./standardize.ts";
import type { ModelSnapshot, ValidationResult, Validator } from "./validator.ts";
import { notComparable, short } from "./verdict.ts";

/** Gives the anchor's snapshot on the observations that are being judged. */
export type AnchorSource = () => Pick<ModelSnapshot, "pnl">;

const optionsSchema = z.strictObject({
  ...sharpeMembers,
  minRatio: z._default(share, 0.95),
  floor: z._default(positiveNumber, 0.5),
  mode: z._default(z.enum(["paired", "point"]), "paired"),
  onInconclusive: z.optional(z.enum(["accept", "reject"])),
  anchor: z.optional(z.custom<AnchorSource>((value) => typeof value === "function", "a function")),
});

export interface SharpeStabilityOptions extends SharpeInference {
  /** Share of the ratio that must remain: 0..1, default 0.95. */
  minRatio?: number;
  /** The loss is allowed in shares of at least this annual Sharpe ratio, > 0; default 0.5. */
  floor?: number;
  /** `paired` (default): by inference on the same observations; `point`: by the bare ratios. */
  mode?: "paired" | "point";
  /**
   * What becomes of a candidate that is neither better nor worse; by default it passes when its
   * loss on the holdout is lower than that of the active model.
   */
  onInconclusive?: "accept" | "reject";
  /**
   * The P&L of a fixed version on the same observations; asked at most once a judgement. Default:
   * `anchorPnl` of the snapshot before, where there is one.
   */
  anchor?: AnchorSource;
}

/**
 * Judges the P&L of both models on the same observations. The loss of annual Sharpe ratio that is
 * allowed does not depend on its sign:
 *
 *     allowed = (1 - minRatio) max(|Sharpe(before)|, floor)
 *
 * `paired`: `compareSharpe` says whether the candidate lost more than that. `worse` fails, `better`
 * passes, `inconclusive` follows `onInconclusive`. Models with equal true ratios are found `worse`
 * with probability at most `level` (measured in bench/quality/gates.ts). A candidate whose P&L
 * never varies fails when that of the active model does.
 *
 * With an `anchor` the candidate is compared with it in the same way, so that losses too small to
 * be seen in one update cannot add up over many. Both comparisons then take half of `level`.
 * `worse` than the anchor fails, unless the candidate is `better` than the active model: refusing
 * it would keep the worse one.
 *
 * `point`: passes when Sharpe(after) >= Sharpe(before) - allowed, and likewise for the anchor. That
 * is the plain ratio rule; on independent periods it refuses nearly half of the models that changed
 * nothing.
 */
export class SharpeStability implements Validator {
  readonly #options: z.output<typeof optionsSchema>;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options?: SharpeStabilityOptions) {
    this.#options = parseOptions("SharpeStability", optionsSchema, options);
    checkResamples("SharpeStability", { ...this.#options, level: this.#options.level / 2 });
  }

  validate(before: ModelSnapshot, after: ModelSnapshot): ValidationResult {
    const { anchor, blockLength = 1 } = this.#options;
    const hasAnchor = anchor !== undefined || before.anchorPnl !== undefined;
    const level = this.#options.level / (hasAnchor ? 2 : 1);
    const least = Math.max(LEAST_PERIODS, 2 * blockLength);
    const series = pairedSeries("pnl", { before, after }, least);
    if (!series.before) return notComparable(series.problem);
    const active = this.#compare(series, "sharpe", level);
    const verdict = this.#settle(active, before.loss, after.loss);
    if (!verdict.pass || !hasAnchor || active.outcome === "better") return verdict;

    const { measurements } = verdict;
    const pnl = anchor ? anchor().pnl : before.anchorPnl;
    const fixed = pairedSeries("pnl", { before: { ...before, pnl }, after }, least);
    if (!fixed.before) {
      return { pass: false, reason: `beside the anchor as before, ${fixed.problem}`, measurements };
    }
    const beside = this.#compare(fixed, "anchorSharpe", level);
    const pass = beside.outcome !== "worse";
    const reason = `${verdict.reason}; beside the anchor, ${beside.reason}`;
    return { pass, reason, measurements: { ...measurements, ...beside.measurements } };
  }

  /** level: the chance of a false `worse` that this comparison may use up. */
  #compare(
    series: { before: Float64Array; after: Float64Array },
    key: string,
    level: number,
  ): Judged {
    const { minRatio, floor, mode, annualization } = this.#options;
    const [one, other] = [standardize(series.before), standardize(series.after)];
    const before = Math.sqrt(annualization) * one.sharpe;
    const after = Math.sqrt(annualization) * other.sharpe;
    const allowed = (1 - minRatio) * Math.max(Math.abs(before), floor);
    const measurements = {
      [`${key}Before`]: before,
      [`${key}After`]: after,
      [`${key}Difference`]: after - before,
      [`${key}AllowedLoss`]: allowed,
    };
    const ratios =
      `the Sharpe ratio went from ${short(before)} to ${short(after)}, ` +
      `a loss of ${short(allowed)} is allowed`;
    if (mode === "point") {
      const outcome = risesAtMost(after, before, allowed) ? "within" : "worse";
      return { outcome, reason: `${ratios}: ${outcome}`, measurements };
    }
    if (one.varies && !other.varies) {
      // Without variation a ratio says nothing, but a model that stopped acting is no equal.
      const reason = `${ratios}, the P&L of the candidate never varies: worse`;
      return { outcome: "worse", reason, measurements };
    }
    const options = { ...this.#options, level, tolerance: allowed };
    const { outcome, interval } = compareStandardized(one, other, options);
    const [lower, upper] = interval;
    const between = `the difference lies between ${short(lower)} and ${short(upper)}`;
    const reason = `${ratios}, ${between}: ${outcome}`;
    const bounds = { [`${key}Lower`]: lower, [`${key}Upper`]: upper };
    return { outcome, reason, measurements: { ...measurements, ...bounds } };
  }

  #settle({ outcome, reason, measurements }: Judged, before: number, after: number) {
    const { onInconclusive } = this.#options;
    if (outcome !== "inconclusive") return { pass: outcome !== "worse", reason, measurements };
    if (onInconclusive) return { pass: onInconclusive === "accept", reason, measurements };
    const pass = Number.isFinite(after) && after < before;
    const fell = `the loss ${pass ? "fell" : "did not fall"} (${short(before)} to ${short(after)})`;
    return { pass, reason: `${reason}; ${fell}`, measurements };
  }
}

/** What a comparison with the active model or the anchor found. */
interface Judged {
  /** `within`: by the bare ratios, no more was lost than is allowed. */
  outcome: SharpeComparison["outcome"] | "within";
  reason: string;
  measurements: Record<string, number>;
}
