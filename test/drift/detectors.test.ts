// All detectors at the indices that others published for the same streams.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { indicesOf, kinds } from "./detector-kinds.ts";

interface VectorCase {
  detector: string;
  options: object;
  stream: string;
  drift_indices: number[];
  first_warning_index?: number;
  tolerance?: number;
}

const path = new URL("../vectors/drift.json", import.meta.url);
const { streams, cases }: { streams: Record<string, number[]>; cases: VectorCase[] } = JSON.parse(
  readFileSync(path, "utf8"),
);

describe("published indices", () => {
  it("cover every detector", () => {
    expect([...new Set(cases.map(({ detector }) => detector))].sort()).toEqual(Object.keys(kinds));
  });

  for (const { detector, options, stream, tolerance, ...expected } of cases) {
    const create = () => new kinds[detector]!(options);
    const title = `${detector} ${JSON.stringify(options)} on ${stream}`;

    it(`${title}: drift`, () => {
      const found = indicesOf("drift", create(), streams[stream]!);
      if (tolerance === undefined) {
        expect(found).toEqual(expected.drift_indices);
      } else {
        expect(found.length).toBe(expected.drift_indices.length);
        found.forEach((index, i) => {
          expect(Math.abs(index - expected.drift_indices[i]!)).toBeLessThanOrEqual(tolerance);
        });
      }
    });

    if (expected.first_warning_index !== undefined) {
      it(`${title}: first warning`, () => {
        const [first] = indicesOf("warning", create(), streams[stream]!);
        expect(first).toBe(expected.first_warning_index);
      });
    }
  }
});
