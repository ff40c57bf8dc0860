// The gate's default tokenizer: a small byte-pair encoder that learns its pieces from a corpus.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { DriftkeelRangeError, DriftkeelTypeError } from "../../index.ts";
import { RESERVED_IDS, type Tokenizer } from "./signal-tokens.ts";

/** Ids of single bytes come right after the reserved ones, those of merges after these. */
const FIRST_MERGE = RESERVED_IDS + 256;
const LARGEST_VOCABULARY = 65_536;
/** UTF-16 units of a text that are read; a name has at most 256. */
const MAX_TEXT = 4096;
const LARGEST_CORPUS = 100_000;

const trainOptions = z.strictObject({
  vocabularySize: z._default(
    z
      .int(`an integer from ${FIRST_MERGE} to ${LARGEST_VOCABULARY}`)
      .check(
        z.minimum(FIRST_MERGE, `an integer from ${FIRST_MERGE} to ${LARGEST_VOCABULARY}`),
        z.maximum(LARGEST_VOCABULARY, `an integer from ${FIRST_MERGE} to ${LARGEST_VOCABULARY}`),
      ),
    512,
  ),
});

const savedSchema = z.strictObject({
  merges: z
    .array(
      z.tuple([z.int().check(z.minimum(RESERVED_IDS)), z.int().check(z.minimum(RESERVED_IDS))]),
    )
    .check(z.maxLength(LARGEST_VOCABULARY)),
});

/** A tokenizer as JSON. */
export type SavedTokenizer = z.output<typeof savedSchema>;

const encoder = new TextEncoder();

/**
 * Byte-pair encoding (Sennrich, Haddow & Birch 2016) on the UTF-8 bytes of whole names: every text
 * has an encoding, and names of the corpus a short one. Ids: byte + 16, then one for each merge.
 */
export class BytePairTokenizer implements Tokenizer {
  readonly #merges: readonly (readonly [number, number])[];
  /** Id of a merge by its pair. */
  readonly #idOf = new Map<string, number>();

  private constructor(merges: readonly (readonly [number, number])[]) {
    this.#merges = merges;
    for (const [index, [left, right]] of merges.entries()) {
      this.#idOf.set(`${left} ${right}`, FIRST_MERGE + index);
    }
  }

  /**
   * Learns merges from texts, each as often as it is there, until the vocabulary is full or no pair
   * comes twice. The most frequent pair is merged first, of equals the one with the smallest ids,
   * so that the order of the corpus does not matter. Throws OPTION_INVALID, OPTION_UNKNOWN,
   * ARGUMENT_TYPE, ARGUMENT_RANGE (over 10^5 texts or 4096 characters).
   */
  static train(corpus: readonly string[], options?: { vocabularySize?: number }) {
    const { vocabularySize } = parseOptions("BytePairTokenizer.train", trainOptions, options);
    const words = wordsOf(corpus);
    const merges: [number, number][] = [];
    while (FIRST_MERGE + merges.length < vocabularySize) {
      const pair = mostFrequentPair(words);
      if (!pair) break;
      for (const word of words) word.ids = merged(word.ids, pair, FIRST_MERGE + merges.length);
      merges.push(pair);
    }
    return new BytePairTokenizer(merges);
  }

  /** Takes what `toJSON` gave. Throws OPTION_INVALID when it is anything else. */
  static fromJSON(saved: unknown): BytePairTokenizer {
    const { merges } = parseOptions("BytePairTokenizer", savedSchema, saved);
    const isKnown = merges.every((pair, index) => Math.max(...pair) < FIRST_MERGE + index);
    const isDistinct = new Set(merges.map(String)).size === merges.length;
    if (isKnown && isDistinct) return new BytePairTokenizer(merges);
    throw new DriftkeelRangeError(
      "OPTION_INVALID",
      'Expected BytePairTokenizer option "merges" to be different pairs of earlier ids, got ' +
        "others.",
    );
  }

  /** Ids that `encode` may give are below. */
  get vocabularySize(): number {
    return FIRST_MERGE + this.#merges.length;
  }

  /** Ids of a text, of any length from 0. Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
  encode(text: string): number[] {
    checkText(text);
    let ids = bytesOf(text);
    for (;;) {
      const id = this.#firstMerge(ids);
      if (id === undefined) return ids;
      ids = merged(ids, this.#merges[id - FIRST_MERGE]!, id);
    }
  }

  /** The merges in the order in which they were learned. */
  toJSON(): SavedTokenizer {
    return { merges: this.#merges.map(([left, right]) => [left, right]) };
  }

  /** The merge that was learned first of all that `ids` offer. */
  #firstMerge(ids: readonly number[]): number | undefined {
    let first: number | undefined;
    for (let index = 1; index < ids.length; index++) {
      const id = this.#idOf.get(`${ids[index - 1]} ${ids[index]}`);
      if (id !== undefined && (first === undefined || id < first)) first = id;
    }
    return first;
  }
}

interface Word {
  ids: number[];
  times: number;
}

/** Every text once, with how often it came. */
function wordsOf(corpus: readonly string[]): Word[] {
  if (!Array.isArray(corpus)) {
    throw new DriftkeelTypeError("ARGUMENT_TYPE", "Expected corpus to be an array of texts.");
  }
  if (corpus.length > LARGEST_CORPUS) {
    throw new DriftkeelRangeError(
      "ARGUMENT_RANGE",
      `Expected corpus to be at most ${LARGEST_CORPUS} texts, got ${corpus.length}.`,
    );
  }
  const times = new Map<string, number>();
  for (const text of corpus) {
    checkText(text);
    times.set(text, (times.get(text) ?? 0) + 1);
  }
  return [...times].map(([text, count]) => ({ ids: bytesOf(text), times: count }));
}

function checkText(text: unknown): asserts text is string {
  if (typeof text !== "string") {
    throw new DriftkeelTypeError(
      "ARGUMENT_TYPE",
      `Expected text to be a string, got a ${typeof text}.`,
    );
  }
  if (text.length <= MAX_TEXT) return;
  throw new DriftkeelRangeError(
    "ARGUMENT_RANGE",
    `Expected text of at most ${MAX_TEXT} characters, got ${text.length}.`,
  );
}

const bytesOf = (text: string): number[] =>
  Array.from(encoder.encode(text), (byte) => RESERVED_IDS + byte);

function mostFrequentPair(words: readonly Word[]): [number, number] | undefined {
  const counts = new Map<string, number>();
  for (const { ids, times } of words) {
    for (let index = 1; index < ids.length; index++) {
      const key = `${ids[index - 1]} ${ids[index]}`;
      counts.set(key, (counts.get(key) ?? 0) + times);
    }
  }
  let best: { pair: [number, number]; count: number } | undefined;
  for (const [key, count] of counts) {
    if (count < 2 || count < (best?.count ?? 0)) continue;
    const pair = key.split(" ").map(Number) as [number, number];
    if (!best || count > best.count || comesBefore(pair, best.pair)) best = { pair, count };
  }
  return best?.pair;
}

const comesBefore = (a: readonly number[], b: readonly number[]): boolean =>
  a[0]! < b[0]! || (a[0] === b[0] && a[1]! < b[1]!);

/** `ids` with each `pair`, from the left, replaced by `id`. */
function merged(ids: readonly number[], pair: readonly [number, number], id: number): number[] {
  const result: number[] = [];
  for (let index = 0; index < ids.length; index++) {
    const isPair = ids[index] === pair[0] && ids[index + 1] === pair[1];
    result.push(isPair ? id : ids[index]!);
    if (isPair) index++;
  }
  return result;
}
