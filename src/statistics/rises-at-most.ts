// The inclusive comparison behind every limit on a change.

/** Roundings that a difference of two decimals and the limit beside it can carry. */
const ROUNDINGS = 4;

/**
 * Whether after - before <= limit, the limit included: three decimals are rarely exact in binary,
 * so 0.3 - 0.2 counts as 0.1. The slack is 4 epsilon of the largest of the three magnitudes.
 *
 * False when any of them is NaN and when `after` is not finite. A `before` of +Infinity passes:
 * what was infinite has become finite.
 */
export function risesAtMost(before: number, after: number, limit: number): boolean {
  if (!Number.isFinite(after)) return false;
  if (!Number.isFinite(before)) return after - before <= limit;
  const largest = Math.max(Math.abs(before), Math.abs(after), Math.abs(limit));
  return after - before - limit <= ROUNDINGS * Number.EPSILON * largest;
}
