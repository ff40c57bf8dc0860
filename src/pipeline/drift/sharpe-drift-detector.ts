// Drift by a falling Sharpe ratio: the rolling ratio drops below the mean of its own history by
// some deviations.

import * as z from "zod/mini";
import { decodeBase64, encodeBase64 } from "../../base64.ts";
import { checkFinite, checkInstance, checkLength, checkNumber } from "../../checks.ts";
import { type SharpeAlert, SharpeState } from "../../core/sharpe.ts";
import { DriftkeelRangeError } from "../../errors.ts";
import {
  nonNegativeNumber,
  parseOptions,
  parseState,
  positiveInteger,
  positiveNumber,
} from "../../options.ts";
import type { DriftDetector, DriftState } from "./drift-detector.ts";

export interface SharpeDriftDetectorOptions {
  /** Values in the rolling window, 2..10^6; default 30. */
  windowSize?: number;
  /** Deviations below the mean of the history that raise an alert; default 1. */
  sigmas?: number;
  /** Periods per year; the ratio is scaled by its root. Default 252. */
  annualization?: number;
  /**
   * `pnl` (default): returns are first differences of the values; `returns`: the values are the
   * returns.
   */
  input?: "pnl" | "returns";
}

const detectorOptions = z.strictObject({
  windowSize: z._default(
    positiveInteger.check(
      z.minimum(2, "an integer from 2 to 1000000"),
      z.maximum(1e6, "an integer from 2 to 1000000"),
    ),
    30,
  ),
  sigmas: z._default(nonNegativeNumber, 1),
  annualization: z._default(positiveNumber, 252),
  input: z._default(z.enum(["pnl", "returns"]), "pnl"),
});

/** Why an observation is an alert. */
export interface DriftAlert {
  timestamp: Date;
  currentSharpe: number;
  /** Mean of the history without the current ratio. */
  meanSharpe: number;
  /** meanSharpe - sigmas * population std of the same history. */
  threshold: number;
  windowSize: number;
}

const stateSchema = z.object({
  windowSize: z.number(),
  input: z.enum(["pnl", "returns"]),
  sigmas: z.number(),
  annualization: z.number(),
  moments: z.base64("base64 text"),
  values: z.array(z.number()),
  lastAlert: z.nullable(z.object({ meanSharpe: z.number(), threshold: z.number() })),
});

/**
 * Watches P&L. Sharpe = mean / population std x sqrt(annualization) of the returns in the window, 0
 * when the std is 0.
 * From the windowSize-th value each ratio joins a history of at most 10 x windowSize; with at least
 * 3 in it, a ratio below mean - sigmas x std of those before it is an alert. Each value costs O(1)
 * and the moments never drift.
 */
export class SharpeDriftDetector implements DriftDetector {
  readonly #options: Required<SharpeDriftDetectorOptions>;
  #state: SharpeState;
  /** The last windowSize values, a ring. */
  #values: Float64Array;
  #count = 0;
  #lastAlert: Pick<SharpeAlert, "meanSharpe" | "threshold"> | undefined;

  constructor(options?: SharpeDriftDetectorOptions) {
    this.#options = parseOptions("SharpeDriftDetector", detectorOptions, options);
    this.#state = this.#emptyState();
    this.#values = new Float64Array(this.#options.windowSize);
  }

  #emptyState(): SharpeState {
    const { windowSize, input, sigmas, annualization } = this.#options;
    return new SharpeState(windowSize, input === "pnl", sigmas, annualization);
  }

  /**
   * Takes one value and returns the alert it raises. Throws ARGUMENT_TYPE, ARGUMENT_RANGE (NaN,
   * infinity).
   */
  observe(date: Date, pnl: number): DriftAlert | undefined {
    checkDate("date", date);
    checkNumber("pnl", pnl);
    const alert = this.#take(pnl);
    return alert && this.#alertAt(date, alert);
  }

  /**
   * The same alerts as `observe` one by one. Nothing is observed when any date or value is refused.
   */
  observeBatch(dates: Date[], pnl: Float64Array): DriftAlert[] {
    checkInstance("pnl", pnl, Float64Array);
    checkInstance("dates", dates, Array);
    checkLength("dates", dates.length, pnl.length, "one for each value of pnl");
    for (const [index, date] of dates.entries()) checkDate(`dates[${index}]`, date);
    checkFinite("pnl", pnl);
    const alerts = this.#state.observeBatch(pnl);
    for (const value of pnl) this.#keep(value);
    this.#lastAlert = alerts.at(-1) ?? this.#lastAlert;
    return alerts.map((alert) => this.#alertAt(dates[alert.index]!, alert));
  }

  /** The same watch under the contract of all detectors: an alert is `drift`. */
  update(value: number): DriftState {
    checkNumber("value", value);
    return this.#take(value) ? "drift" : "stable";
  }

  #take(value: number): SharpeAlert | undefined {
    const alert = this.#state.observe(value);
    this.#keep(value);
    this.#lastAlert = alert ?? this.#lastAlert;
    return alert;
  }

  #keep(value: number): void {
    this.#values[this.#count % this.#values.length] = value;
    this.#count++;
  }

  #alertAt(timestamp: Date, { currentSharpe, meanSharpe, threshold }: SharpeAlert): DriftAlert {
    const { windowSize } = this.#options;
    return { timestamp: new Date(timestamp), currentSharpe, meanSharpe, threshold, windowSize };
  }

  /** Sharpe ratio of the values in the window; 0 with fewer than 2 of them. */
  currentSharpe(): number {
    this.#state.checkLive();
    return this.#count < 2 ? 0 : this.#state.currentSharpe;
  }

  /** A copy of the values in the window, oldest first. */
  window(): Float64Array {
    this.#state.checkLive();
    const size = this.#values.length;
    if (this.#count <= size) return this.#values.slice(0, this.#count);
    const oldest = this.#count % size;
    const ordered = new Float64Array(size);
    ordered.set(this.#values.subarray(oldest));
    ordered.set(this.#values.subarray(0, oldest), size - oldest);
    return ordered;
  }

  /** The present ratio, and mean and threshold of the last alert (NaN before one). */
  get measurements(): Readonly<Record<string, number>> {
    const { meanSharpe = Number.NaN, threshold = Number.NaN } = this.#lastAlert ?? {};
    return { currentSharpe: this.currentSharpe(), meanSharpe, threshold };
  }

  reset(): void {
    this.#state.checkLive();
    const empty = this.#emptyState();
    this.#state.dispose();
    this.#state = empty;
    this.#count = 0;
    this.#lastAlert = undefined;
  }

  state(): unknown {
    const moments = encodeBase64(this.#state.save());
    const { meanSharpe, threshold } = this.#lastAlert ?? {};
    const lastAlert = this.#lastAlert ? { meanSharpe, threshold } : null;
    return { ...this.#options, moments, values: [...this.window()], lastAlert };
  }

  restore(state: unknown): void {
    const parsed = parseState("SharpeDriftDetector", stateSchema, state);
    const { moments, values, lastAlert, ...options } = parsed;
    const fits =
      optionNames.every((name) => options[name] === this.#options[name]) &&
      this.#state.restore(decodeBase64(moments), values.length);
    if (!fits) {
      throw new DriftkeelRangeError(
        "STATE_INVALID",
        `Expected a whole state of a SharpeDriftDetector with options ` +
          `${JSON.stringify(this.#options)}, got one with ${JSON.stringify(options)}. ` +
          "Construct the detector with the options it was saved with.",
      );
    }
    this.#values.fill(0);
    this.#values.set(values);
    this.#count = values.length;
    this.#lastAlert = lastAlert ?? undefined;
  }

  /** Gives the memory back. Later use throws DISPOSED. */
  dispose(): void {
    this.#state.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const optionNames = ["windowSize", "sigmas", "annualization", "input"] as const;

function checkDate(name: string, date: unknown): void {
  checkInstance(name, date, Date);
  if (Number.isNaN((date as Date).getTime())) {
    throw new DriftkeelRangeError(
      "ARGUMENT_RANGE",
      `Expected ${name} to be a valid date, got Invalid Date.`,
    );
  }
}
