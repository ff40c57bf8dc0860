// Drift detectors in plain JavaScript, at their defaults: one loop over the values, every number of
// the method in a local variable. They check no value, keep no state and measure nothing.

/** Indices at which Page-Hinkley finds a rise or fall (Page 1954, forgetting 0.9999). */
export function plainPageHinkley(values: Float64Array): number[] {
  const drifts: number[] = [];
  let count = 0;
  let [mean, up, lowest, down, highest] = [0, 0, 0, 0, 0];
  for (let t = 0; t < values.length; t++) {
    const value = values[t]!;
    count++;
    mean += (value - mean) / count;
    const deviation = value - mean;
    up = 0.9999 * up + deviation - 0.005;
    down = 0.9999 * down + deviation + 0.005;
    if (up < lowest) lowest = up;
    if (down > highest) highest = down;
    if (count < 30 || Math.max(up - lowest, highest - down) <= 50) continue;
    drifts.push(t);
    count = mean = up = lowest = down = highest = 0;
  }
  return drifts;
}

/** Indices at which a two-sided CUSUM with slack 0.5 and threshold 5 finds a change. */
export function plainCusum(values: Float64Array): number[] {
  const drifts: number[] = [];
  let count = 0;
  let [mean, m2, sigma, rise, fall] = [0, 0, 0, 0, 0];
  for (let t = 0; t < values.length; t++) {
    const value = values[t]!;
    if (count < 30) {
      const before = value - mean;
      count++;
      mean += before / count;
      m2 += before * (value - mean);
      if (count < 30) continue;
      sigma = Math.sqrt(m2 / 29);
    }
    const deviation = value - mean;
    rise = Math.max(0, rise + deviation - 0.5 * sigma);
    fall = Math.max(0, fall - deviation - 0.5 * sigma);
    if (Math.max(rise, fall) <= 5 * sigma) continue;
    drifts.push(t);
    count = mean = m2 = rise = fall = 0;
  }
  return drifts;
}

/** Indices at which DDM finds a higher rate of ones (Gama et al. 2004). */
export function plainDdm(values: Float64Array): number[] {
  const drifts: number[] = [];
  let [count, rate, bestRate, bestDeviation] = [0, 0, 1, 1];
  for (let t = 0; t < values.length; t++) {
    count++;
    rate += (values[t]! - rate) / count;
    if (count <= 30) continue;
    const deviation = Math.sqrt((rate * (1 - rate)) / count);
    if (rate + deviation <= bestRate + bestDeviation) {
      bestRate = rate;
      bestDeviation = deviation;
    }
    if (rate + deviation <= bestRate + 3 * bestDeviation) continue;
    drifts.push(t);
    count = rate = 0;
    bestRate = bestDeviation = 1;
  }
  return drifts;
}
