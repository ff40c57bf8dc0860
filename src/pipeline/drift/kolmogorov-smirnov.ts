// The two-sample Kolmogorov-Smirnov test for samples of equal size, exact.

/**
 * size times the largest distance between the empirical distributions of `a` and `b`, which are
 * sorted in place: an integer 0..size. a, b: f64[size], no NaN. O(size log size).
 */
export function largestGap(a: Float64Array, b: Float64Array): number {
  a.sort();
  b.sort();
  let gap = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const value = Math.min(a[i]!, b[j]!);
    // Equal values are passed together: the distributions have no value in between.
    while (a[i]! <= value) i++;
    while (b[j]! <= value) j++;
    gap = Math.max(gap, Math.abs(i - j));
  }
  return gap;
}

/**
 * The chance that two samples of `size` from one continuous distribution lie `gap` / size or more
 * apart (Gnedenko & Korolyuk 1951):
 *
 *     P = 2 sum over j >= 1 of (-1)^(j-1) C(2 size, size - j gap) / C(2 size, size)
 *
 * With ties the true chance is smaller. size, gap: integers, 0 <= gap <= size. Terms fall in j, so
 * that a small P loses no digits.
 */
export function chanceOfGap(size: number, gap: number): number {
  if (gap === 0) return 1;
  let sum = 0;
  let term = 1;
  for (let j = 1; j * gap <= size; j++) {
    // C(2n, n - k) / C(2n, n - k + 1) = (n - k + 1) / (n + k)
    for (let k = (j - 1) * gap + 1; k <= j * gap; k++) term *= (size - k + 1) / (size + k);
    sum += j % 2 === 1 ? term : -term;
  }
  return Math.min(1, 2 * sum);
}

/** The smallest gap whose chance is at most `alpha`; size + 1 when there is none. */
export function criticalGap(size: number, alpha: number): number {
  let low = 1;
  let high = size + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (chanceOfGap(size, middle) <= alpha) high = middle;
    else low = middle + 1;
  }
  return low;
}
