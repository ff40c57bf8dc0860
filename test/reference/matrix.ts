// The three matrix products a dense layer needs, as triple loops over row-major arrays.

/**
 * C = alpha * A * B^T, or C += alpha * A * B^T when `add`.
 * c: f64[m x n]; a: [m x k]; b: [n x k]; neither overlaps c. k = 0 gives zeros. Allocates nothing.
 */
export function matmulNT(
  c: Float64Array,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  n: number,
  k: number,
  alpha = 1,
  add = false,
): void {
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[row * k + p]! * b[column * k + p]!;
      c[row * n + column] = (add ? c[row * n + column]! : 0) + alpha * sum;
    }
  }
}

/**
 * C = alpha * A * B, or C += alpha * A * B when `add`.
 * c: f64[m x n]; a: [m x k]; b: [k x n]; neither overlaps c. k = 0 gives zeros. Allocates nothing.
 */
export function matmulNN(
  c: Float64Array,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  n: number,
  k: number,
  alpha = 1,
  add = false,
): void {
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[row * k + p]! * b[p * n + column]!;
      c[row * n + column] = (add ? c[row * n + column]! : 0) + alpha * sum;
    }
  }
}

/**
 * C = alpha * A^T * B, or C += alpha * A^T * B when `add`.
 * c: f64[m x n]; a: [k x m]; b: [k x n]; neither overlaps c. k = 0 gives zeros. Allocates nothing.
 */
export function matmulTN(
  c: Float64Array,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  n: number,
  k: number,
  alpha = 1,
  add = false,
): void {
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[p * m + row]! * b[p * n + column]!;
      c[row * n + column] = (add ? c[row * n + column]! : 0) + alpha * sum;
    }
  }
}
