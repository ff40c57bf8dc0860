// How sure the mean of paired differences is.

import { studentQuantile } from "../../statistics/student-quantile.ts";

/** Mean of differences and the bound that it keeps above with a stated confidence. */
export interface PairedMean {
  mean: number;
  /** Of the mean. */
  standardError: number;
  /** mean - t standardError; the true mean lies above it with probability `confidence`. */
  lower: number;
}

/**
 * The one-sided Student interval of the mean (Student 1908): t is the `confidence` quantile with n
 * - 1 degrees of freedom. Exact for independent normal differences; for others the error rate
 * approaches its level as n grows. n: at least 2. confidence: [0.5, 1).
 */
export function pairedMean(differences: readonly number[], confidence: number): PairedMean {
  const n = differences.length;
  const mean = differences.reduce((sum, value) => sum + value / n, 0);
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (n - 1) / n);
  return { mean, standardError, lower: mean - studentQuantile(confidence, n - 1) * standardError };
}
