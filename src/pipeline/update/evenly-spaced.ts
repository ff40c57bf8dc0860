// A part of a list that is spread over all of it.

/** `count` elements at even distances, or the list itself when it has no more than that. */
export function evenlySpaced<T>(list: readonly T[], count: number): readonly T[] {
  if (list.length <= count) return list;
  const pick = (index: number) => list[Math.floor((index * list.length) / count)]!;
  return Array.from({ length: count }, (_, index) => pick(index));
}
