// Cosine search and spherical k-means, one plain loop each in f64.

/** sum x[k] y[k] of rows `i` of x and `j` of y, d elements each. */
function rowProduct(
  x: ArrayLike<number>,
  i: number,
  y: ArrayLike<number>,
  j: number,
  d: number,
): number {
  let sum = 0;
  for (let k = 0; k < d; k++) sum += x[i * d + k]! * y[j * d + k]!;
  return sum;
}

/** The rows of x divided by their lengths; rows of zeros stay. Allocates f64[n x d]. */
export function unitRows(x: ArrayLike<number>, d: number): Float64Array {
  const units = Float64Array.from(x);
  for (let row = 0; row * d < x.length; row++) {
    const length = Math.sqrt(rowProduct(x, row, x, row, d));
    for (let k = row * d; k < (row + 1) * d; k++) units[k]! /= length || 1;
  }
  return units;
}

/** The products of a query with the n rows of x. Allocates f64[n]. */
export function similarities(
  query: ArrayLike<number>,
  x: ArrayLike<number>,
  n: number,
  d: number,
): Float64Array {
  return Float64Array.from({ length: n }, (_, row) => rowProduct(query, 0, x, row, d));
}

/**
 * unit( mass[j] C[j] + sum of w X over the points with label j ); C[j] where that is 0. x: [n x d],
 * c: [K x d]. Allocates f64[K x d].
 */
export function kMeansUpdate(
  c: ArrayLike<number>,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  labels: ArrayLike<number>,
  mass: ArrayLike<number>,
  d: number,
): Float64Array {
  const sums = Float64Array.from(c, (value, at) => mass[Math.floor(at / d)]! * value);
  for (let row = 0; row < labels.length; row++) {
    for (let k = 0; k < d; k++) sums[labels[row]! * d + k]! += w[row]! * x[row * d + k]!;
  }
  const units = unitRows(sums, d);
  for (let j = 0; j * d < c.length; j++) {
    const isEmpty = sums.subarray(j * d, (j + 1) * d).every((value) => value === 0);
    if (isEmpty) for (let k = j * d; k < (j + 1) * d; k++) units[k] = c[k]!;
  }
  return units;
}
