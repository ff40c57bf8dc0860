// Holds the bars seen so far and nothing else, so that whoever reads it cannot look ahead.

import { DriftkeelRangeError } from "../errors.ts";
import type { Sample } from "../model/sample.ts";
import type { Bar } from "./bars.ts";
import { FeatureScaler } from "./feature-scaler.ts";
import { FEATURE_LOOKBACK, featuresOn } from "./features.ts";

/**
 * The market up to today. Days are numbered from the first bar, 0; the sample of a day is its
 * features with the return of the following day, so it exists from the following close on.
 */
export class MarketTape {
  readonly #bars: Bar[];
  readonly #scaler: FeatureScaler;
  readonly #inputs = new Map<number, Float32Array>();

  /** Starts with the warm-up days and fits the feature scale on them, for good. */
  constructor(warmUp: readonly Bar[]) {
    this.#bars = [...warmUp];
    const rows: Float64Array[] = [];
    for (let day = this.firstDay; day <= this.today; day++) rows.push(featuresOn(warmUp, day));
    this.#scaler = new FeatureScaler(rows);
  }

  /** The first day whose features can be computed. */
  readonly firstDay = FEATURE_LOOKBACK;

  /** The newest day. */
  get today(): number {
    return this.#bars.length - 1;
  }

  /** Adds the following day, which becomes today. */
  append(bar: Bar): void {
    this.#bars.push(bar);
  }

  /** The date of a day, YYYY-MM-DD. */
  date(day: number): string {
    return this.#seen(day).date;
  }

  /** close / close of the day before - 1. */
  returnOn(day: number): number {
    return this.#seen(day).close / this.#seen(day - 1).close - 1;
  }

  /** The scaled features of a day, f32[features]; the same array each time, not to be changed. */
  input(day: number): Float32Array {
    let input = this.#inputs.get(day);
    if (input === undefined) {
      input = this.#scaler.scale(featuresOn(this.#bars, day));
      this.#inputs.set(day, input);
    }
    return input;
  }

  /** The samples of days `from` to `to - 1`, oldest first; `to` must have closed. */
  samples(from: number, to: number): Sample[] {
    const samples: Sample[] = [];
    for (let day = from; day < to; day++) {
      const date = this.date(day);
      samples.push({
        input: this.input(day),
        label: Float32Array.of(this.returnOn(day + 1)),
        timestamp: new Date(`${date}T00:00:00Z`),
        id: date,
      });
    }
    return samples;
  }

  /** Features and returns of the newest `count` days, or of all there are, oldest first. */
  series(count: number): { features: Float32Array; featureCount: number; returns: Float32Array } {
    const from = Math.max(this.firstDay, this.today - count + 1);
    const days = Array.from({ length: this.today - from + 1 }, (_, index) => from + index);
    const featureCount = this.input(from).length;
    const features = new Float32Array(days.length * featureCount);
    for (const [row, day] of days.entries()) features.set(this.input(day), row * featureCount);
    return {
      features,
      featureCount,
      returns: Float32Array.from(days, (day) => this.returnOn(day)),
    };
  }

  #seen(day: number): Bar {
    const bar = this.#bars[day];
    if (bar !== undefined) return bar;
    const message = `Expected a day of 0 to ${this.today} (today), got ${day}.`;
    throw new DriftkeelRangeError("ARGUMENT_RANGE", message);
  }
}
