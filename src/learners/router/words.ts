// The words of a text and the numbers that stand for them.

/** The words of a text: compatible forms unified, lower case, letters and digits only. */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** FNV-1a (Fowler, Noll, Vo) of the UTF-16 code units of a text: u32. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // The low bits of FNV-1a depend on the low bits of the text only; buckets are taken from them.
  hash ^= hash >>> 16;
  return Math.imul(hash, 0x85ebca6b) >>> 0;
}

/** The share of the words of `texts` that are in `known`; 0 without any. */
export function overlapOf(texts: readonly string[], known: ReadonlySet<string>): number {
  const words = new Set(texts.flatMap(wordsOf));
  if (words.size === 0) return 0;
  let shared = 0;
  for (const word of words) if (known.has(word)) shared++;
  return shared / words.size;
}
