// When drift cannot be fixed by tuning: searches an architecture and proposes it, measured.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import {
  Composite,
  type DriftAlert,
  DriftkeelError,
  DriftkeelRangeError,
  type ModelSnapshot,
  type ValidationResult,
  type Validator,
} from "../../index.ts";
import { type NasConfig, nasConfigSchema, parseNasConfig } from "./nas-config.ts";
import { type SignalData, SignalSeries } from "./signal-data.ts";
import { positionsOf, SignalModel, strategyReturns } from "./signal-model.ts";
import { type NasResult, type NasRunOptions, runSignalNas } from "./signal-nas.ts";

/** What `AutoNasTrigger` takes. */
export interface AutoNasTriggerOptions {
  /** Least gain of the Sharpe ratio, as a part of the current one; default 0.05. */
  improvementThreshold?: number;
  searchConfig: NasConfig;
  /** They judge the found model against the current one, in order; at least one. */
  validators: readonly Validator[];
}

/** The model in service, as far as it is judged; `SignalModel` is one. */
export interface CurrentSignal {
  /** Forecasts of the next H returns, f32[n x H], from windows f32[n x T x F] as they come. */
  forecast(windows: Float32Array, count: number): Float32Array;
  /** Every tensor by name; for validators that look at weights. */
  weights(): ReadonlyMap<string, Float32Array>;
}

/** The series to search on, and the model in service. */
export interface DriftData extends SignalData {
  current: CurrentSignal;
}

/** What came of one alert. */
export interface NasProposal {
  alert: DriftAlert;
  accepted: boolean;
  /** In words, with the numbers. */
  reason: string;
  /** As the caller measured it; the same units as `foundSharpe`. */
  currentSharpe: number;
  /** Of the found model on the test part, per period. */
  foundSharpe: number;
  improvement: number;
  /** Mean squared errors on the same windows of the test part; NaN below the threshold. */
  currentLoss: number;
  foundLoss: number;
  /** Everything that the validators measured. */
  measurements: Record<string, number>;
  result: NasResult;
}

const triggerOptions = z.strictObject({
  improvementThreshold: z._default(
    z.number("a number >= 0").check(z.minimum(0, "a number >= 0")),
    0.05,
  ),
  searchConfig: nasConfigSchema,
  validators: z.array(z.custom<Validator>(isValidator, "validators")).check(z.minLength(1)),
});

function isValidator(value: unknown): boolean {
  return typeof (value as Validator | null)?.validate === "function";
}

/** Searches on a drift alert. One search at a time; every proposal is kept, in order. */
export class AutoNasTrigger {
  readonly #threshold: number;
  readonly #config: NasConfig;
  readonly #validator: Validator;
  readonly #proposals: NasProposal[] = [];
  #isSearching = false;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: AutoNasTriggerOptions) {
    const parsed = parseOptions("AutoNasTrigger", triggerOptions, options);
    parseNasConfig(options.searchConfig);
    this.#threshold = parsed.improvementThreshold;
    this.#config = options.searchConfig;
    this.#validator = new Composite([...parsed.validators]);
  }

  /** All proposals so far, the oldest first. */
  get proposals(): readonly NasProposal[] {
    return this.#proposals;
  }

  /**
   * Searches on `data` and proposes what was found:
   *
   *     improvement = (found - current) / |current|,  1 when current is 0 and found > 0, else 0
   *
   * Below the threshold the proposal is not accepted. Otherwise the validators decide, on losses,
   * outputs and P&L of both models measured on the test part of the data. currentSharpe: per
   * period, as `sharpeRatio` has it. Throws as `runSignalNas`, and UPDATE_IN_PROGRESS,
   * ARGUMENT_RANGE; then nothing is kept.
   */
  async onDriftAlert(
    alert: DriftAlert,
    currentSharpe: number,
    data: DriftData,
    options: NasRunOptions = {},
  ): Promise<NasProposal> {
    if (!Number.isFinite(currentSharpe)) {
      const message = `Expected currentSharpe to be a finite number, got ${currentSharpe}.`;
      throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
    }
    if (this.#isSearching) {
      throw new DriftkeelError(
        "UPDATE_IN_PROGRESS",
        "Expected no search of this trigger to be under way, but there is one. Await it first.",
      );
    }
    this.#isSearching = true;
    try {
      const result = await runSignalNas(this.#config, data, options);
      const proposal = this.#judge(alert, currentSharpe, data, result);
      this.#proposals.push(proposal);
      return proposal;
    } finally {
      this.#isSearching = false;
    }
  }

  #judge(
    alert: DriftAlert,
    currentSharpe: number,
    data: DriftData,
    result: NasResult,
  ): NasProposal {
    const foundSharpe = result.best.metric;
    const improvement = improvementOf(currentSharpe, foundSharpe);
    const known = { alert, currentSharpe, foundSharpe, improvement, result };
    if (improvement < this.#threshold) {
      const reason =
        `insufficient improvement: ${improvement.toFixed(4)} < ${this.#threshold} ` +
        `(Sharpe ${currentSharpe.toFixed(4)} -> ${foundSharpe.toFixed(4)})`;
      const losses = { currentLoss: Number.NaN, foundLoss: Number.NaN };
      return { ...known, accepted: false, reason, ...losses, measurements: {} };
    }
    const { before, after, verdict } = this.#validate(data, result);
    return {
      ...known,
      accepted: verdict.pass,
      reason: verdict.reason,
      currentLoss: before.loss,
      foundLoss: after.loss,
      measurements: verdict.measurements,
    };
  }

  #validate(data: DriftData, { best, exportConfig }: NasResult) {
    const series = new SignalSeries(data, parseNasConfig(this.#config));
    const found = new SignalModel(exportConfig, best.weights);
    try {
      const before = snapshotOf(data.current, data, series);
      const after = snapshotOf(found, data, series);
      const verdict: ValidationResult = this.#validator.validate(before, after);
      return { before, after, verdict };
    } finally {
      found.dispose();
    }
  }
}

/** The gain of a Sharpe ratio, as a part of the current one's size. */
export function improvementOf(current: number, found: number): number {
  if (current !== 0) return (found - current) / Math.abs(current);
  return found > 0 ? 1 : 0;
}

/** A model measured on the test part, in the units of the data. */
function snapshotOf(model: CurrentSignal, data: SignalData, series: SignalSeries): ModelSnapshot {
  const { windows, labels, count, horizonLen } = series.raw(series.test, data);
  const outputs = model.forecast(windows, count);
  let squares = 0;
  for (let k = 0; k < labels.length; k++) squares += (outputs[k]! - labels[k]!) ** 2;
  const positions = positionsOf(outputs, horizonLen, series.scale.returnScale);
  return {
    weights: model.weights(),
    loss: squares / count,
    outputs,
    pnl: strategyReturns(positions, series.nextReturns(series.test)),
  };
}
