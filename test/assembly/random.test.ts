// The generator of the core draws the stream of its twin in src/core/random.ts, to the bit.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RANDOM_BYTES, RANDOM_HAS_SPARE, RANDOM_SPARE } from "../../assembly/layout.ts";
import { Random } from "../../src/core/random.ts";
import { expectSame, expectWithin } from "./expect-within.ts";
import { builds, lengths, openCore } from "./harness.ts";

const seeds = [0, 1, 12345, 0x80000000, 0xffffffff];

interface Golden {
  seed: number;
  state: number[];
  uniform: number[];
  permutation: number[];
  normal: number[];
}

const golden: Golden[] = JSON.parse(
  readFileSync(new URL("../vectors/random.json", import.meta.url), "utf8"),
);

for (const build of builds) {
  describe(build, () => {
    const core = openCore(build);
    const { exports } = core;

    function seeded(seed: number): DataView {
      const state = core.fields(RANDOM_BYTES);
      new Uint8Array(state.buffer, state.byteOffset, RANDOM_BYTES).fill(0xff);
      exports.randomSeed(state.byteOffset, seed);
      return state;
    }

    /** Where a generator of the core stands, in the words of its twin. */
    function standing(state: DataView) {
      const words = [0, 4, 8, 12].map((offset) => state.getUint32(offset, true));
      const hasSpare = state.getInt32(RANDOM_HAS_SPARE, true) !== 0;
      return { words, spare: hasSpare ? state.getFloat64(RANDOM_SPARE, true) : null };
    }

    it.each(seeds)("seed %i: words, uniform and normal numbers in any order", (seed) => {
      const state = seeded(seed);
      const twin = new Random(seed);
      expect(standing(state)).toEqual(twin.state());
      for (let k = 0; k < 1000; k++) {
        const draw = k % 3 === 0 ? "uniform" : "normal";
        expect(exports[draw](state.byteOffset)).toBe(twin[draw]());
      }
      expect(standing(state)).toEqual(twin.state());
    });

    it.each(lengths)("fillUniform and fillNormal of %i", (n) => {
      const state = seeded(n);
      const twin = new Random(n);
      const out = core.f32(n);
      exports.fillUniform(out.byteOffset, n, 2.5, state.byteOffset);
      expectSame(
        out,
        Float32Array.from(out, () => 2.5 * twin.uniform()),
        "uniform",
      );
      exports.fillNormal(out.byteOffset, n, 0.3, state.byteOffset);
      expectSame(
        out,
        Float32Array.from(out, () => 0.3 * twin.normal()),
        "normal",
      );
    });

    it.each(lengths)("permutation and shuffle of %i", (n) => {
      const state = seeded(n + 1);
      const twin = new Random(n + 1);
      const order = core.u32(n);
      exports.permutation(order.byteOffset, n, state.byteOffset);
      const first = twin.permutation(n);
      expectSame(order, first, "permutation");
      exports.shuffle(order.byteOffset, n, state.byteOffset);
      const moves = twin.permutation(n);
      expectSame(
        order,
        moves.map((position) => first[position]!),
        "shuffle",
      );
      expect(standing(state)).toEqual(twin.state());
    });

    it.each(golden)("seed $seed as whole numbers in Python give it", (each) => {
      const state = seeded(each.seed);
      expect(standing(state).words).toEqual(each.state);
      expect(each.uniform.map(() => exports.uniform(state.byteOffset))).toEqual(each.uniform);
      const order = core.u32(each.permutation.length);
      exports.permutation(order.byteOffset, order.length, seeded(each.seed).byteOffset);
      expect(Array.from(order)).toEqual(each.permutation);
      const normals = seeded(each.seed);
      const drawn = each.normal.map(() => exports.normal(normals.byteOffset));
      // Python's logarithm may differ in the last bit.
      expectWithin(drawn, each.normal, 4 * 2 ** -52);
    });
  });
}
