// The rolling Sharpe ratio of a whole series.

import * as z from "zod/mini";
import { checkFinite, checkInstance } from "../../checks.ts";
import { rollingSharpeOf } from "../../core/sharpe.ts";
import { parseOptions, positiveInteger, positiveNumber } from "../../options.ts";

const LARGEST_WINDOW = 10_000_000;

const rollingSharpeOptions = z.strictObject({
  windowSize: positiveInteger.check(
    z.minimum(2, "an integer from 2 to 10000000"),
    z.maximum(LARGEST_WINDOW, "an integer from 2 to 10000000"),
  ),
  annualization: z._default(positiveNumber, 252),
  input: z._default(z.enum(["pnl", "returns"]), "pnl"),
});

/**
 * Sharpe ratio of the last `windowSize` values at each value: mean / population std x
 * sqrt(annualization), 0 where the std is 0, NaN until the window is full. With `input: "pnl"`
 * (default) the returns are the windowSize - 1 first differences of the values in the window, with
 * `"returns"` the values themselves. O(1) per value.
 * Throws ARGUMENT_TYPE, VALUE_NOT_FINITE, OPTION_INVALID.
 */
export function rollingSharpe(
  values: Float64Array,
  options: { windowSize: number; annualization?: number; input?: "pnl" | "returns" },
): Float64Array {
  const { windowSize, annualization, input } = parseOptions(
    "rollingSharpe",
    rollingSharpeOptions,
    options,
  );
  checkInstance("values", values, Float64Array);
  checkFinite("values", values);
  return rollingSharpeOf(values, windowSize, input === "pnl", annualization);
}
