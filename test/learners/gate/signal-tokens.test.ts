// The token sequence of a call, to the token.

import { describe, expect, it } from "vitest";
import { signalToTokens, type TrainingSignal } from "../../../src/learners/gate/index.ts";
import { signal } from "./signals.ts";

/** "a" is 97: every letter is its own token. */
const letters = { encode: (text: string) => [...text].map((letter) => letter.codePointAt(0)!) };
const [a, b, c, d] = [97, 98, 99, 100];

const cases: { name: string; call: Partial<TrainingSignal>; tokens: number[] }[] = [
  {
    name: "tool and source",
    call: { tool: "ab", source: "c", precedingTools: [], recentCallCount: 0 },
    tokens: [4, a, b, 5, c],
  },
  {
    name: "one preceding tool",
    call: { tool: "a", source: "b", precedingTools: ["cd"], recentCallCount: 0 },
    tokens: [4, a, 5, b, 7, c, d, 7],
  },
  {
    name: "several preceding tools, each followed by a separator",
    call: { tool: "a", source: "b", precedingTools: ["c", "d", "cd"], recentCallCount: 0 },
    tokens: [4, a, 5, b, 7, c, 7, d, 7, c, d, 7],
  },
  {
    name: "recent calls without preceding tools",
    call: { tool: "a", source: "b", precedingTools: [], recentCallCount: 3 },
    tokens: [4, a, 5, b, 6, 6, 6],
  },
  {
    name: "recent calls after preceding tools",
    call: { tool: "a", source: "b", precedingTools: ["c"], recentCallCount: 2 },
    tokens: [4, a, 5, b, 7, c, 7, 6, 6],
  },
  {
    name: "ten recent calls",
    call: { tool: "a", source: "b", precedingTools: [], recentCallCount: 10 },
    tokens: [4, a, 5, b, ...Array(10).fill(6)],
  },
  {
    name: "more than ten recent calls, of which ten are told",
    call: { tool: "a", source: "b", precedingTools: [], recentCallCount: 11 },
    tokens: [4, a, 5, b, ...Array(10).fill(6)],
  },
];

describe("signalToTokens", () => {
  it.each(cases)("gives $tokens for $name", ({ call, tokens }) => {
    expect(signalToTokens(signal(call), letters)).toEqual(tokens);
  });

  it("encodes no label: what came of a call changes nothing", () => {
    const plain = signalToTokens(signal(), letters);
    const others: Partial<TrainingSignal>[] = [
      { allowed: false },
      { userOverride: true },
      { falsePositive: true },
      { status: "blocked" },
      { durationMs: 99 },
      { timestamp: 0 },
      { riskScore: 1 },
    ];
    for (const other of others) {
      expect(signalToTokens(signal(other), letters)).toEqual(plain);
    }
  });

  it.each([[[15]], [[1.5]], [[-1]], [[2 ** 24 + 1]], [Array(1025).fill(16)]])(
    "refuses a tokenizer that gives %j",
    (ids) => {
      expect(() => signalToTokens(signal(), { encode: () => ids })).toThrow(
        expect.objectContaining({ code: "ARGUMENT_RANGE" }),
      );
    },
  );

  it("takes the smallest and the largest id", () => {
    const tokens = signalToTokens(signal({ precedingTools: [], recentCallCount: 0 }), {
      encode: () => [16, 2 ** 24],
    });
    expect(tokens).toEqual([4, 16, 2 ** 24, 5, 16, 2 ** 24]);
  });
});
