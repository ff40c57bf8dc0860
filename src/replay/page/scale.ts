// Maps values to a share of an axis, 0 at its low end and 1 at its high end.

/** An axis: where a value lies on it, and the values worth a line. */
export interface Scale {
  at(value: number): number;
  ticks: number[];
}

/** Distances between ticks, times a power of ten, that people count in. */
const STEPS = [1, 2, 5, 10];
const MAX_TICKS = 7;
/** A range this many times its low end is read in ratios of 1, 2, 5; below, in equal steps. */
const RATIO_SPAN = 5;

function extent(values: readonly number[]): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : { low: 0, high: 0 };
}

/** Multiples of 1, 2 or 5 times a power of ten within low..high, at most `MAX_TICKS`. */
function evenTicks(low: number, high: number): number[] {
  const power = 10 ** Math.floor(Math.log10((high - low) / MAX_TICKS));
  const step = power * STEPS.find((factor) => (high - low) / (power * factor) < MAX_TICKS)!;
  const decimals = Math.min(100, Math.max(0, -Math.floor(Math.log10(step))));
  const ticks: number[] = [];
  for (let count = Math.ceil(low / step); count * step <= high; count++) {
    // A multiple of 0.1 is not a number of two digits; + 0 because -0 is no label.
    ticks.push(Number((count * step).toFixed(decimals)) + 0);
  }
  return ticks;
}

/** The numbers 1, 2, 5 times powers of ten within low..high, thinned to `MAX_TICKS`. */
function ratioTicks(low: number, high: number): number[] {
  const ticks: number[] = [];
  const last = Math.floor(Math.log10(high));
  for (let power = Math.floor(Math.log10(low)); power <= last; power++) {
    for (const factor of [1, 2, 5]) ticks.push(Number(`${factor}e${power}`));
  }
  const within = ticks.filter((tick) => tick >= low && tick <= high);
  const every = Math.ceil(within.length / MAX_TICKS);
  return within.filter((_, index) => index % every === 0);
}

/** An axis on which equal distances are equal differences; 0 is always on it. */
export function linearScale(values: readonly number[]): Scale {
  const { low, high } = extent([...values.filter(Number.isFinite), 0]);
  const size = high - low || 1;
  return {
    at: (value) => (value - low) / size,
    ticks: evenTicks(low, low + size),
  };
}

/** An axis on which equal distances are equal ratios; values > 0, 1 is always on it. */
export function logScale(values: readonly number[]): Scale {
  const found = extent([...values, 1]);
  const { low, high } = found.low < found.high ? found : { low: 0.9, high: 1.1 };
  const size = Math.log(high) - Math.log(low);
  return {
    at: (value) => (Math.log(value) - Math.log(low)) / size,
    ticks: high / low < RATIO_SPAN ? evenTicks(low, high) : ratioTicks(low, high),
  };
}
