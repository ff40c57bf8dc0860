// A model's outputs as logarithms of probabilities.
//
// n: rows, o: outputs of a row, c: classes of a row: o, or 2 when o is 1.

/** What a model's outputs are. */
export type OutputForm = "probabilities" | "logits";

/** How far a row may be from the sum 1: f32 rounding of a few thousand classes. */
const SUM_TOLERANCE = 1e-3;

/**
 * ln of every class's probability, f64[n x c], from f32[n x o]; or in words why the outputs are no
 * distributions. One output is P(yes), or its logit, of a decision with two classes. Rows of
 * probabilities are divided by their sum.
 */
export function logProbabilities(
  outputs: Float32Array,
  outputSize: number,
  form: OutputForm,
): Float64Array | string {
  const index = outputs.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) return `holds ${outputs[index]} at index ${index}`;
  const rows = outputSize === 1 ? decisionsOf(outputs, form) : Float64Array.from(outputs);
  const classes = Math.max(2, outputSize);
  for (let start = 0; start < rows.length; start += classes) {
    const row = rows.subarray(start, start + classes);
    if (form === "logits") normalizeLogits(row);
    else if (!normalizeProbabilities(row)) {
      const at = `row ${start / classes}`;
      return `is no distribution in ${at}; give form: "logits" or the right outputSize`;
    }
  }
  return rows;
}

/** Two classes for each single output: no, then yes. */
function decisionsOf(outputs: Float32Array, form: OutputForm): Float64Array {
  const rows = new Float64Array(2 * outputs.length);
  outputs.forEach((value, row) => {
    rows[2 * row] = form === "logits" ? 0 : 1 - value;
    rows[2 * row + 1] = value;
  });
  return rows;
}

/** z -> z - ln(sum of e^z); the largest is taken out first, so that no exponential overflows. */
function normalizeLogits(row: Float64Array): void {
  let top = Number.NEGATIVE_INFINITY;
  for (const value of row) top = Math.max(top, value);
  let sum = 0;
  for (const value of row) sum += Math.exp(value - top);
  const shift = top + Math.log(sum);
  for (let i = 0; i < row.length; i++) row[i]! -= shift;
}

/** p -> ln(p / sum); false when one is negative or the sum is not about 1. */
function normalizeProbabilities(row: Float64Array): boolean {
  let sum = 0;
  for (const value of row) {
    if (value < 0) return false;
    sum += value;
  }
  if (Math.abs(sum - 1) > SUM_TOLERANCE) return false;
  for (let i = 0; i < row.length; i++) row[i] = Math.log(row[i]! / sum);
  return true;
}
