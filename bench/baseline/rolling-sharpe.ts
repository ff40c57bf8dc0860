// The rolling Sharpe ratio in plain JavaScript, with running sums: O(1) per value, but they drift.

/**
 * Sharpe of the windowSize - 1 first differences of the last windowSize values, NaN until there are
 * that many: mean / population std x sqrt(annualization), 0 where the std is 0.
 */
export function plainRollingSharpe(
  out: Float64Array,
  values: Float64Array,
  windowSize: number,
  annualization: number,
): void {
  const scale = Math.sqrt(annualization);
  const size = windowSize - 1;
  let sum = 0;
  let squares = 0;
  out[0] = Number.NaN;
  for (let t = 1; t < values.length; t++) {
    const gain = values[t]! - values[t - 1]!;
    sum += gain;
    squares += gain * gain;
    if (t > size) {
      const gone = values[t - size]! - values[t - size - 1]!;
      sum -= gone;
      squares -= gone * gone;
    }
    if (t < size) {
      out[t] = Number.NaN;
      continue;
    }
    const mean = sum / size;
    const variance = Math.max(0, squares / size - mean * mean);
    out[t] = variance === 0 ? 0 : (mean / Math.sqrt(variance)) * scale;
  }
}
