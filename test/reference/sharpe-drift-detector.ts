// Reports drift when the rolling Sharpe ratio falls out of its own recent range.

import { moments } from "./moments.ts";
import { type SharpeInput, sharpeOf } from "./sharpe.ts";

/** Options of the detector with their defaults. */
export interface DetectorOptions {
  /** 30 when absent. */
  windowSize?: number;
  /** 1 when absent. */
  sigmas?: number;
  /** 252 when absent. */
  annualization?: number;
  /** "pnl" when absent. */
  input?: SharpeInput;
}

/** What the detector says when the Sharpe ratio has fallen. */
export interface DriftAlert {
  timestamp: Date;
  currentSharpe: number;
  /** Mean of the history without the current Sharpe. */
  meanSharpe: number;
  /** meanSharpe - sigmas * population std of the same history. */
  threshold: number;
  windowSize: number;
}

/** How many windows of Sharpes the history holds, the current one included. */
const HISTORY_WINDOWS = 10;
/** Sharpes, the current one included, below which there is nothing to compare with. */
const MIN_HISTORY = 3;

/** The Sharpe drift detector, recomputing everything from the stored values at every step. */
export class TwoPassSharpeDriftDetector {
  readonly #options: Required<DetectorOptions>;
  #window: number[] = [];
  #history: number[] = [];

  /** Defaults: windowSize 30, sigmas 1, annualization 252, input "pnl". */
  constructor(options: DetectorOptions = {}) {
    this.#options = { windowSize: 30, sigmas: 1, annualization: 252, input: "pnl", ...options };
  }

  /**
   * Takes one value and returns an alert when the current Sharpe is below its threshold:
   *
   *     history = the last 10 windowSize Sharpes of full windows, current included
   *     alert when it holds at least 3 and current < mean - sigmas * std of all but the current
   *
   * Throws a RangeError for NaN and leaves the state as it was.
   */
  observe(date: Date, pnl: number): DriftAlert | undefined {
    if (Number.isNaN(pnl)) throw new RangeError("Expected a number as P&L, got NaN.");
    const { windowSize, sigmas } = this.#options;
    this.#window = [...this.#window, pnl].slice(-windowSize);
    if (this.#window.length < windowSize) return undefined;
    const currentSharpe = this.currentSharpe();
    this.#history = [...this.#history, currentSharpe].slice(-HISTORY_WINDOWS * windowSize);
    if (this.#history.length < MIN_HISTORY) return undefined;
    const { mean: meanSharpe, std } = moments(this.#history.slice(0, -1));
    const threshold = meanSharpe - sigmas * std;
    if (!(currentSharpe < threshold)) return undefined;
    return { timestamp: date, currentSharpe, meanSharpe, threshold, windowSize };
  }

  /** Returns the Sharpe of the values in the window, full or not; 0 with fewer than 2 values. */
  currentSharpe(): number {
    if (this.#window.length < 2) return 0;
    return sharpeOf(this.#window, this.#options.annualization, this.#options.input);
  }

  /** Returns a copy of the values in the window, oldest first. */
  window(): Float64Array {
    return Float64Array.from(this.#window);
  }
}
