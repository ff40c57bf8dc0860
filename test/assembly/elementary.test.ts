// Measures, through what the core exports, the error bounds that assembly/kernels/elementary.ts
// states.

import { describe, expect, it } from "vitest";
import { LOSS_BINARY_CROSS_ENTROPY, LOSS_SOFTMAX, RANDOM_BYTES } from "../../assembly/layout.ts";
import { sigmoid } from "../reference/activation.ts";
import { Random } from "../reference/random.ts";
import { builds, type Core, openCore } from "./harness.ts";
import { activationKinds, place } from "./network-block.ts";

/** Points of one sweep. */
const POINTS = { release: 50_000, debug: 5_000 };

/** The gap between f32 numbers around x. */
function ulp32(x: number): number {
  return 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23);
}

/** The gap between f64 numbers around x. */
function ulp64(x: number): number {
  return 2 ** (Math.floor(Math.log2(Math.abs(x))) - 52);
}

/** f32 numbers at equal distances, with a shift so that none is round. */
function sweep(from: number, to: number, points: number): Float32Array {
  return Float32Array.from(
    { length: points },
    (_, k) => from + ((to - from) * (k + 0.37)) / points,
  );
}

/** The largest value of `error` over a list. */
function worst(points: Float32Array, error: (x: number, k: number) => number): number {
  return points.reduce((top, x, k) => Math.max(top, error(x, k)), 0);
}

/** The loss of one row without labels' weights, as the core computes it. */
function lossOf(core: Core, kind: number, z: Float32Array, t: Float32Array, d = 0): number {
  const { byteOffset, length } = z;
  return core.exports.loss(d, byteOffset, t.byteOffset, 0, 0, 1, length, kind, 0, 1, 0);
}

for (const build of builds) {
  describe(build, () => {
    const core = openCore(build);
    const { exports } = core;
    const points = POINTS[build];

    function activated(kind: number, z: Float32Array): Float32Array {
      const from = core.f32(z);
      exports.activate(kind, from.byteOffset, from.byteOffset, z.length);
      return from;
    }

    /** e^x in f32, as the sum of two exponentials holds it: the loss is log(1 + e^x). */
    function exponentialInSum(x: number): number {
      const [z, t] = [core.f32([0, x]), core.f32([1, 0])];
      const e = Math.expm1(lossOf(core, LOSS_SOFTMAX, z, t));
      expect(Math.abs(e - Math.fround(e))).toBeLessThan(1e-6 * ulp32(e)); // it is an f32 number
      return Math.fround(e);
    }

    /** e^x in f32 as a probability: next to 1 the sum changes no bit of it. */
    function exponentialAsShare(x: number): number {
      const z = core.f32([0, x]);
      exports.softmax(z.byteOffset, z.byteOffset, 2);
      return z[1]!;
    }

    it("expF32: 2 ulp on [-87.33, 0]", () => {
      const error = (read: (x: number) => number) => (x: number) =>
        Math.abs(read(x) - Math.exp(x)) / ulp32(Math.exp(x));
      expect(worst(sweep(-19, 0, points >> 2), error(exponentialInSum))).toBeLessThan(2);
      core.takeBack();
      expect(worst(sweep(-87.33, -18, points >> 2), error(exponentialAsShare))).toBeLessThan(2);
    });

    it("expF32: 0 below -87.33, infinity above 88.72", () => {
      expect([-87.34, -88, -1000, -1e30].map(exponentialAsShare)).toEqual([0, 0, 0, 0]);
      expect(exponentialAsShare(-87.32)).toBeGreaterThan(0);
      const [finite, beyond] = activated(activationKinds.sigmoid, Float32Array.of(-88.7, -88.73));
      expect(finite).toBeGreaterThan(0);
      expect(beyond).toBe(0);
    });

    it.each([
      [-10, 10],
      [-1, 1],
      [0.34, 0.36],
      [-1e-3, 1e-3],
    ])("tanhF32: 4 ulp on [%f, %f]", (from, to) => {
      const x = sweep(from, to, points);
      const y = activated(activationKinds.tanh, x);
      const error = (value: number, k: number) =>
        Math.abs(y[k]! - Math.tanh(value)) / ulp32(Math.tanh(value));
      expect(worst(x, error)).toBeLessThan(4);
      const mirrored = activated(
        activationKinds.tanh,
        x.map((value) => -value),
      );
      expect(worst(x, (_, k) => Math.abs(y[k]! + mirrored[k]!))).toBe(0);
    });

    it("tanhF32: its sign at 0, 1 far out", () => {
      const y = activated(activationKinds.tanh, Float32Array.of(0, -0, 9.2, -9.2, 1e30));
      expect(Array.from(y)).toEqual([0, -0, 1, -1, 1]);
    });

    it("sigmoidF32: 3 ulp on [-87.33, 87.33]", () => {
      for (const to of [87.33, 20, 1]) {
        const x = sweep(-to, to, points);
        const y = activated(activationKinds.sigmoid, x);
        const error = (value: number, k: number) =>
          Math.abs(y[k]! - sigmoid(value)) / ulp32(sigmoid(value));
        expect(worst(x, error)).toBeLessThan(3);
      }
    });

    it("log: 2 ulp on whole numbers and on 1 + e, as sums of exponentials", () => {
      const most = 4099;
      const [z, t] = [core.f32(new Float32Array(most)), core.f32(new Float32Array(most))];
      t[0] = 1;
      for (let o = 2; o <= most; o += build === "release" ? 1 : 7) {
        const value = lossOf(core, LOSS_SOFTMAX, z.subarray(0, o), t);
        expect(Math.abs(value - Math.log(o)) / ulp64(Math.log(o))).toBeLessThanOrEqual(2);
      }
      const [pair, label] = [core.f32(2), core.f32([1, 0])];
      const error = (x: number) => {
        pair.set([0, x]);
        const value = lossOf(core, LOSS_SOFTMAX, pair, label);
        const exact = Math.log1p(Math.fround(Math.expm1(value)));
        return Math.abs(value - exact) / ulp64(exact);
      };
      expect(worst(sweep(-19, 0, points), error)).toBeLessThanOrEqual(2);
    });

    it("log: 2 ulp below 1, in normal numbers", () => {
      const state = core.scratch(RANDOM_BYTES);
      exports.randomSeed(state, 5);
      const reference = new Random(5);
      for (let k = 0; k < points; k++) {
        const exact = reference.normal();
        const off = Math.abs(exports.normal(state) - exact);
        // The root halves the error of the logarithm; quotient, root and product round once each.
        expect(off / ulp64(exact)).toBeLessThanOrEqual(2 / 2 + 3);
      }
    });

    it("expF64: rounds to the nearest f32 on [-87, 0]; log(1 + e^x) within 4e-16", () => {
      const [z, t, d] = [core.f32(1), core.f32([0]), core.f32(1)];
      const value = (x: number) => {
        z[0] = x;
        return lossOf(core, LOSS_BINARY_CROSS_ENTROPY, z, t, d.byteOffset);
      };
      const off = (x: number) => Math.abs(value(x) - Math.log1p(Math.exp(x)));
      expect(worst(sweep(-40, 0, points), off)).toBeLessThan(4e-16);
      expect([-100, -708, -1000, -1e30].map(value)).toEqual([0, 0, 0, 0]);
      // The gradient is e^x / (1 + e^x), rounded to f32.
      const units = (x: number) => {
        value(x);
        return Math.abs(d[0]! - sigmoid(x)) / ulp32(sigmoid(x));
      };
      expect(worst(sweep(-87, 0, points), units)).toBeLessThan(0.5001);
    });

    it("tanhF64: 5e-16 absolute, in the finite differences of a Fisher", () => {
      expect(worst(sweep(-20, 20, points >> 2), tanhError(core))).toBeLessThan(5e-16);
      expect(worst(sweep(-1, 1, points >> 2), tanhError(core))).toBeLessThan(5e-16);
    });

    it("NaN gives NaN", () => {
      for (const kind of Object.values(activationKinds)) {
        expect(activated(kind, Float32Array.of(Number.NaN))[0]).toBeNaN();
      }
      expect(exponentialAsShare(Number.NaN)).toBeNaN();
      const [z, t] = [core.f32([Number.NaN]), core.f32([0])];
      expect(lossOf(core, LOSS_BINARY_CROSS_ENTROPY, z, t)).toBeNaN();
    });
  });
}

/**
 * Returns a function that measures tanh in f64. Under the Huber loss outside of its bend a bias of
 * 2^24 has F = ((tanh(z + h) - tanh(z - h)) / 2h)^2 with h = 101.6, so that tanh(z + h) is 1 and
 * z - h is any number: an input cancels the bias. What remains is the rounding of 1 + tanh, 1e-16.
 */
function tanhError(core: Core): (x: number) => number {
  const bias = 2 ** 24;
  const h = Math.cbrt(2 ** -52) * bias;
  const weight = Float64Array.of(1, 1);
  const layer = { inputSize: 2, outputSize: 1, activation: "tanh", weight } as const;
  const layers = [{ ...layer, bias: Float64Array.of(bias) }];
  const { network, base } = place(core, layers, "huber");
  const [inputs, labels, sums] = [core.f32(2), core.f32(1), core.f64(3)];
  const block = core.scratch(core.exports.structuredBytes(network));
  return (x) => {
    // The seam of tanh's sign: a negative x is measured from the other side.
    const side = x < 0 ? -1 : 1;
    inputs.set([-bias, x + side * h]);
    labels[0] = -side;
    sums.fill(0);
    const { byteOffset: into } = sums;
    core.exports.fisherStructured(
      into,
      0,
      network,
      base,
      0,
      inputs.byteOffset,
      labels.byteOffset,
      1,
      block,
      0,
      0,
      0,
    );
    const measured = side * (1 - Math.sqrt(sums[2]!) * 2 * h);
    return Math.abs(measured - Math.tanh(inputs[1]! - side * h));
  };
}
