// Cosine search in plain JavaScript: one loop over all rows, and a short sorted list.

/**
 * The `count` rows of x with the largest products with `query`, best first. query: f32[d]; x: f32[n
 * x d], unit rows. Allocates the result.
 */
export function plainTopCosine(query: Float32Array, x: Float32Array, count: number): number[] {
  const size = query.length;
  const rows: number[] = [];
  const products: number[] = [];
  for (let row = 0, at = 0; at < x.length; row++) {
    let product = 0;
    for (let k = 0; k < size; k++) product += query[k]! * x[at++]!;
    if (rows.length === count && product <= products[count - 1]!) continue;
    let place = rows.length === count ? count - 1 : rows.length;
    for (; place > 0 && product > products[place - 1]!; place--) {
      products[place] = products[place - 1]!;
      rows[place] = rows[place - 1]!;
    }
    products[place] = product;
    rows[place] = row;
  }
  return rows;
}

/** The nearest of the rows of c for every row of x. Allocates u32[n]. */
export function plainAssign(x: Float32Array, c: Float32Array, size: number): Uint32Array {
  return Uint32Array.from({ length: x.length / size }, (_, row) => {
    let best = 0;
    let top = Number.NEGATIVE_INFINITY;
    for (let j = 0; j * size < c.length; j++) {
      let product = 0;
      for (let k = 0; k < size; k++) product += x[row * size + k]! * c[j * size + k]!;
      if (product <= top) continue;
      top = product;
      best = j;
    }
    return best;
  });
}
