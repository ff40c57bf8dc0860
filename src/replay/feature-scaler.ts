// Puts features on one scale, fitted once on the warm-up years.
// Letters: m rows, k features.

import { DriftkeelRangeError } from "../errors.ts";

/** Scaled features end here: a day beyond four deviations is simply extreme. */
const LIMIT = 4;

/** Centres features and divides them by their deviation, as measured on the rows it was given. */
export class FeatureScaler {
  readonly #mean: Float64Array;
  readonly #deviation: Float64Array;

  /** Measures mean and population deviation per feature. rows: f64[k] each, at least one. */
  constructor(rows: readonly Float64Array[]) {
    const first = rows[0];
    if (first === undefined) {
      throw new DriftkeelRangeError("DATA_EMPTY", "Expected at least one row of features, got 0.");
    }
    this.#mean = new Float64Array(first.length);
    this.#deviation = new Float64Array(first.length);
    for (let feature = 0; feature < first.length; feature++) {
      let sum = 0;
      for (const row of rows) sum += row[feature]!;
      const mean = sum / rows.length;
      let squares = 0;
      for (const row of rows) squares += (row[feature]! - mean) ** 2;
      this.#mean[feature] = mean;
      this.#deviation[feature] = Math.sqrt(squares / rows.length);
    }
  }

  /**
   * Returns (row - mean) / deviation limited to -4..4, f32[k]; 0 where the deviation was 0.
   * row: f64[k]. Allocates the result.
   */
  scale(row: Float64Array): Float32Array {
    const scaled = new Float32Array(row.length);
    for (let feature = 0; feature < row.length; feature++) {
      const deviation = this.#deviation[feature]!;
      if (deviation === 0) continue;
      const score = (row[feature]! - this.#mean[feature]!) / deviation;
      scaled[feature] = Math.max(-LIMIT, Math.min(LIMIT, score));
    }
    return scaled;
  }
}
