// How well two partitions of the same things agree.

function pairs(count: number): number {
  return (count * (count - 1)) / 2;
}

/** The adjusted Rand index (Hubert & Arabie 1985): 1 for equal partitions, about 0 by chance. */
export function adjustedRandIndex(a: readonly unknown[], b: readonly unknown[]): number {
  const counts = (keys: readonly unknown[]) => {
    const found = new Map<unknown, number>();
    for (const key of keys) found.set(key, (found.get(key) ?? 0) + 1);
    return [...found.values()].reduce((sum, count) => sum + pairs(count), 0);
  };
  const both = counts(a.map((key, row) => JSON.stringify([key, b[row]])));
  const [ofA, ofB] = [counts(a), counts(b)];
  const expected = (ofA * ofB) / pairs(a.length);
  return (both - expected) / ((ofA + ofB) / 2 - expected);
}
