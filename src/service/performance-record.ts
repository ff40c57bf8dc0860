// How a model has done since the service started: its loss and rolling Sharpe ratio over time, in a
// bounded number of points.

import type { Observation } from "../index.ts";

/** Points kept; when there are more, neighbours are joined. */
const MOST_POINTS = 500;
/** Newest samples of the recent loss and the rolling Sharpe ratio. */
const WINDOW = 250;
/** P&L that a Sharpe ratio needs at least. */
const LEAST_PROFITS = 20;
/** Trading days in a year. */
const ANNUALIZATION = 252;
/** Share of the last promotion's Sharpe ratio that may be lost, and of at least which ratio. */
const ALLOWED_LOSS = 0.05;
const FLOOR = 0.5;

/** Samples that were learned one after the other. */
export interface PerformancePoint {
  /** Milliseconds since 1970 of the last one. */
  atMs: number;
  /** Samples so far. */
  observed: number;
  /** Mean over the block. */
  loss: number;
  /** Rolling and annual, at its end; undefined for too little P&L. */
  sharpe: number | undefined;
}

/** Collects one model's outcomes. */
export class PerformanceRecord {
  readonly #points: PerformancePoint[] = [];
  readonly #losses = new RecentValues(WINDOW);
  readonly #profits = new RecentValues(WINDOW);
  /** Samples in each point, and in the one that is being filled. */
  #blockSize = 1;
  #block = { samples: 0, lossSum: 0 };
  #observed = 0;
  #sharpeAtPromotion: number | undefined;

  /** Takes in what a sample did. */
  observe({ loss, pnl, update }: Observation, atMs: number): void {
    this.#observed += 1;
    this.#losses.add(loss);
    if (pnl !== undefined) this.#profits.add(pnl);
    if (update) this.settle(update);
    this.#block.samples += 1;
    this.#block.lossSum += loss;
    if (this.#block.samples < this.#blockSize) return;
    const { samples, lossSum } = this.#block;
    const [observed, sharpe] = [this.#observed, this.sharpe];
    this.#points.push({ atMs, observed, loss: lossSum / samples, sharpe });
    this.#block = { samples: 0, lossSum: 0 };
    if (this.#points.length > MOST_POINTS) this.#join();
  }

  /**
   * Takes in how an update ended. What a promotion showed, or else the rolling ratio at that time,
   * is what later ones are held against.
   */
  settle({ outcome, measurements }: { outcome: string; measurements: object }): void {
    const { sharpeAfter } = measurements as { sharpeAfter?: number };
    if (outcome === "promoted") this.#sharpeAtPromotion = sharpeAfter ?? this.sharpe;
  }

  /** Oldest first. */
  get points(): readonly PerformancePoint[] {
    return this.#points;
  }

  /** Mean over the newest samples; undefined before the first. */
  get loss(): number | undefined {
    return this.#losses.count === 0 ? undefined : this.#losses.mean;
  }

  /** Rolling, annual; undefined for too little P&L and for P&L that does not vary. */
  get sharpe(): number | undefined {
    if (this.#profits.count < LEAST_PROFITS) return undefined;
    const ratio = (this.#profits.mean / this.#profits.deviation) * Math.sqrt(ANNUALIZATION);
    return Number.isFinite(ratio) ? ratio : undefined;
  }

  /** Below it, more than 5% of the ratio at the last promotion is lost; undefined before one. */
  get sharpeThreshold(): number | undefined {
    const before = this.#sharpeAtPromotion;
    if (before === undefined || !Number.isFinite(before)) return undefined;
    return before - ALLOWED_LOSS * Math.max(Math.abs(before), FLOOR);
  }

  /** Each two points become one of twice the samples; the last one of an odd number opens again. */
  #join(): void {
    const odd = this.#points.length % 2 === 1 ? this.#points.pop() : undefined;
    for (let i = 0; i < this.#points.length / 2; i++) {
      const [first, second] = [this.#points[2 * i]!, this.#points[2 * i + 1]!];
      this.#points[i] = { ...second, loss: (first.loss + second.loss) / 2 };
    }
    this.#points.length /= 2;
    if (odd) this.#block = { samples: this.#blockSize, lossSum: odd.loss * this.#blockSize };
    this.#blockSize *= 2;
  }
}

/** The newest values, and their moments in f64. */
class RecentValues {
  readonly #values: Float64Array;
  #seen = 0;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
  }

  add(value: number): void {
    this.#values[this.#seen % this.#values.length] = value;
    this.#seen += 1;
  }

  get count(): number {
    return Math.min(this.#seen, this.#values.length);
  }

  get mean(): number {
    return this.#held.reduce((sum, value) => sum + value, 0) / this.count;
  }

  /** Of the sample, with n - 1. */
  get deviation(): number {
    const { mean } = this;
    const squares = this.#held.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return Math.sqrt(squares / (this.count - 1));
  }

  get #held(): Float64Array {
    return this.#values.subarray(0, this.count);
  }
}
