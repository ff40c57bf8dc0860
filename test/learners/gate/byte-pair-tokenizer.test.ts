// The byte-pair tokenizer: what it learns, that it loses nothing, and that it can be saved.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BytePairTokenizer,
  type SavedTokenizer,
  SignalSimulator,
} from "../../../src/learners/gate/index.ts";

const corpus = SignalSimulator.corpus();

/** The bytes that ids stand for. */
function bytesOf({ merges }: SavedTokenizer, ids: readonly number[]): number[] {
  const expand = (id: number): number[] =>
    id < 272 ? [id - 16] : merges[id - 272]!.flatMap((part) => expand(part));
  return ids.flatMap(expand);
}

describe("a byte-pair tokenizer", () => {
  it("merges the most frequent pair first, of equals the smallest ids", () => {
    const tokenizer = BytePairTokenizer.train(["abab", "abc", "xyxy"], { vocabularySize: 274 });
    const id = (letter: string) => letter.charCodeAt(0) + 16;
    // ab comes 3 times, then xy twice before (ab)(ab), which comes once
    expect(tokenizer.toJSON().merges).toEqual([
      [id("a"), id("b")],
      [id("x"), id("y")],
    ]);
    expect(tokenizer.encode("abxyc")).toEqual([272, 273, id("c")]);
  });

  it("gives any text ids of 16 and above that hold all its bytes", () => {
    const tokenizer = BytePairTokenizer.train(corpus);
    const saved = tokenizer.toJSON();
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        const ids = tokenizer.encode(text);
        expect(ids.every((each) => each >= 16 && each < tokenizer.vocabularySize)).toBe(true);
        expect(bytesOf(saved, ids)).toEqual([...new TextEncoder().encode(text)]);
      }),
    );
  });

  it("needs fewer tokens for names like those of its corpus", () => {
    const trained = BytePairTokenizer.train(corpus);
    const bare = BytePairTokenizer.train([]);
    expect(bare.encode("read_file")).toHaveLength(9);
    expect(trained.encode("read_file").length).toBeLessThanOrEqual(4);
  });

  it("does not depend on the order of its corpus", () => {
    const saved = BytePairTokenizer.train(corpus).toJSON();
    expect(BytePairTokenizer.train([...corpus].reverse()).toJSON()).toEqual(saved);
  });

  it("comes back from JSON", () => {
    const tokenizer = BytePairTokenizer.train(corpus);
    const again = BytePairTokenizer.fromJSON(JSON.parse(JSON.stringify(tokenizer)));
    for (const name of [...corpus, "never_seen"]) {
      expect(again.encode(name)).toEqual(tokenizer.encode(name));
    }
  });

  it("ends at its vocabulary", () => {
    expect(BytePairTokenizer.train(corpus, { vocabularySize: 280 }).vocabularySize).toBe(280);
    expect(BytePairTokenizer.train(corpus, { vocabularySize: 272 }).vocabularySize).toBe(272);
    const train = () => BytePairTokenizer.train(corpus, { vocabularySize: 271 });
    expect(train).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });

  it.each([
    { wrong: "a merge of itself", saved: { merges: [[272, 20]] } },
    { wrong: "a reserved id", saved: { merges: [[15, 20]] } },
    { wrong: "the same pair twice", saved: { merges: Array(2).fill([20, 21]) } },
    { wrong: "half a pair", saved: { merges: [[20]] } },
    { wrong: "nothing", saved: {} },
  ])("refuses to be made of $wrong", ({ saved }) => {
    expect(() => BytePairTokenizer.fromJSON(saved)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });

  it("refuses texts that are too long or none", () => {
    const tokenizer = BytePairTokenizer.train([]);
    expect(tokenizer.encode("x".repeat(4096))).toHaveLength(4096);
    expect(() => tokenizer.encode("x".repeat(4097))).toThrow(/at most 4096/);
    expect(() => tokenizer.encode(7 as never)).toThrow(/to be a string/);
  });
});
