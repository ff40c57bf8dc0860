// Equality before speed: nothing is timed before it has given the right numbers.

/** Throws unless every element is within `tolerance` of the reference's largest magnitude. */
export function checkClose(
  what: string,
  ours: ArrayLike<number>,
  reference: ArrayLike<number>,
  tolerance: number,
): void {
  if (ours.length !== reference.length || ours.length === 0) {
    throw new Error(`${what}: expected ${reference.length} numbers, got ${ours.length}.`);
  }
  let largest = 0;
  let worst = 0;
  let at = 0;
  for (let index = 0; index < ours.length; index++) {
    const error = Math.abs(ours[index]! - reference[index]!);
    largest = Math.max(largest, Math.abs(reference[index]!));
    if (error <= worst) continue; // NaN goes on to the next line
    worst = error;
    at = index;
    if (Number.isNaN(error)) break;
  }
  if (worst <= tolerance * largest && largest < Number.POSITIVE_INFINITY) return;
  throw new Error(
    `${what}: expected ${reference[at]} +- ${tolerance * largest}, got ${ours[at]} at ${at}.`,
  );
}

/** Throws unless both arrays hold the same bytes. */
export function checkSameBytes(what: string, ours: Float32Array, reference: Float32Array): void {
  const bits = (array: Float32Array) => new Uint32Array(array.slice().buffer);
  const [a, b] = [bits(ours), bits(reference)];
  const at = a.findIndex((word, index) => word !== b[index]);
  if (at < 0 && a.length === b.length && a.length > 0) return;
  throw new Error(
    `${what}: expected the same bytes, got ${ours[at]} for ${reference[at]} at ${at}.`,
  );
}
