// Tells samples apart by what they teach: the bytes of the input and of the label, nothing else.

import type { Sample } from "../../model/sample.ts";

type Content = Pick<Sample, "input" | "label">;

function words(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** One block step of MurmurHash3_x86_32 (Appleby 2011) for each word. */
function mix(hash: number, values: Float32Array): number {
  let h = hash;
  for (const word of words(values)) {
    let k = Math.imul(word, 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    h ^= k;
    h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64;
  }
  return h;
}

/** MurmurHash3_x86_32 of the bytes of input and label, one after the other: u32. seed: u32. */
export function contentHash({ input, label }: Content, seed = 0): number {
  let h = mix(mix(seed, input), label) ^ (4 * (input.length + label.length));
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function sameWords(a: Float32Array, b: Float32Array): boolean {
  const wordsOfB = words(b);
  return a.length === b.length && words(a).every((word, i) => word === wordsOfB[i]);
}

/** Whether two samples hold the same bytes; 0 and -0 differ. */
export function sameContent(a: Content, b: Content): boolean {
  return sameWords(a.input, b.input) && sameWords(a.label, b.label);
}
