// Convolutions and pooling over time agree with f64 loops, and their gradients with differences.

import { describe, expect, it } from "vitest";
import type { TimeShape } from "../reference/convolution.ts";
import * as reference from "../reference/convolution.ts";
import { Random } from "../reference/random.ts";
import { DIFFERENCE, dotInBlocks, U32 } from "../tolerance.ts";
import { expectSame, expectWithin } from "./expect-within.ts";
import { builds, type Core, openCore, shortLengths } from "./harness.ts";
import { magnitudes, normals } from "./values.ts";

const weighted = [
  {
    forward: "convolve",
    backward: "convolveBackward",
    exact: reference.convolve,
    gradients: reference.convolveGradients,
    weightCount: ({ taps, channels }: TimeShape) => taps * channels * channels,
    terms: ({ taps, channels }: TimeShape) => taps * channels,
  },
  {
    forward: "depthwise",
    backward: "depthwiseBackward",
    exact: reference.depthwise,
    gradients: reference.depthwiseGradients,
    weightCount: ({ taps, channels }: TimeShape) => taps * channels,
    terms: ({ taps }: TimeShape) => taps,
  },
] as const;
type Weighted = (typeof weighted)[number];

const pooled = [
  {
    forward: "averagePool",
    exact: reference.averagePool,
    gradient: (dY: ArrayLike<number>, _: ArrayLike<number>, shape: TimeShape) =>
      reference.averagePoolGradient(dY, shape),
  },
  { forward: "maxPool", exact: reference.maxPool, gradient: reference.maxPoolGradient },
] as const;
type Pooled = (typeof pooled)[number];

/** Steps on the length grid, with channels around a vector, and fewer steps than taps. */
const shapes: TimeShape[] = [
  ...shortLengths.map((steps) => ({ windows: 2, steps, channels: 4, taps: 5 })),
  ...shortLengths.slice(0, -1).map((channels) => ({ windows: 2, steps: 7, channels, taps: 3 })),
  { windows: 1, steps: 4099, channels: 3, taps: 3 },
  { windows: 70, steps: 16, channels: 8, taps: 1 },
  { windows: 0, steps: 16, channels: 8, taps: 3 },
];
/** One more than any kernel of its size, so that a long sum and a long vector both appear. */
const long: TimeShape = { windows: 1, steps: 100_003, channels: 1, taps: 3 };

const SCALE = Math.fround(0.7);
const sizeOf = ({ windows, steps, channels }: TimeShape) => windows * steps * channels;
const countsOf = ({ windows, steps, channels, taps }: TimeShape) =>
  [windows, steps, channels, taps] as const;

/** A gradient that is added, times the scale, to what is there: two roundings more. */
function expectAdded(
  actual: Float32Array,
  start: Float32Array,
  gradient: Float64Array,
  size: Float64Array,
  terms: number,
  what: string,
): void {
  const exact = gradient.map((value, k) => start[k]! + SCALE * value);
  const allowed = size.map((value, k) => (terms + 4) * U32 * (Math.abs(start[k]!) + value));
  expectWithin(actual, exact, allowed, what);
}

/** Runs a convolution of the core forwards and backwards beside its reference. */
function checkWeighted(core: Core, op: Weighted, shape: TimeShape): void {
  const random = new Random(sizeOf(shape));
  const [n, count] = [sizeOf(shape), op.weightCount(shape)];
  const [x, dY, startX] = [normals(random, n), normals(random, n), normals(random, n)];
  const [w, startW] = [normals(random, count), normals(random, count)];
  const [y, inX, inW, d] = [core.f32(n), core.f32(x), core.f32(w), core.f32(dY)];
  const counts = countsOf(shape);
  const what = `${op.forward} ${counts}`;
  core.exports[op.forward](y.byteOffset, inX.byteOffset, inW.byteOffset, ...counts);
  const sizes = op.exact(magnitudes(x), magnitudes(w), shape);
  const roundings = dotInBlocks(op.terms(shape)) + shape.taps * U32;
  expectWithin(
    y,
    op.exact(x, w, shape),
    sizes.map((value) => roundings * value),
    what,
  );
  const [dX, dW] = [core.f32(startX), core.f32(startW)];
  const from = [d.byteOffset, inX.byteOffset, inW.byteOffset, ...counts, SCALE] as const;
  core.exports[op.backward](dX.byteOffset, dW.byteOffset, ...from);
  const exact = op.gradients(dY, x, w, shape);
  const size = op.gradients(magnitudes(dY), magnitudes(x), magnitudes(w), shape);
  expectAdded(dX, startX, exact.dX, size.dX, op.terms(shape), `${what} dX`);
  expectAdded(dW, startW, exact.dW, size.dW, shape.steps + shape.windows, `${what} dW`);
  const again = core.f32(startX);
  core.exports[op.backward](again.byteOffset, 0, ...from);
  expectSame(again, dX, `${what} without dW`);
}

function checkPooled(core: Core, op: Pooled, shape: TimeShape): void {
  const random = new Random(sizeOf(shape));
  const n = sizeOf(shape);
  const [x, dY, start] = [normals(random, n), normals(random, n), normals(random, n)];
  const [y, inX, d, dX] = [core.f32(n), core.f32(x), core.f32(dY), core.f32(start)];
  const counts = countsOf(shape);
  core.exports[op.forward](y.byteOffset, inX.byteOffset, ...counts);
  const roundings = op.forward === "averagePool" ? (shape.taps + 2) * U32 : 0;
  const sizes = op.exact(magnitudes(x), shape);
  expectWithin(
    y,
    op.exact(x, shape),
    sizes.map((value) => roundings * value),
    op.forward,
  );
  if (op.forward === "averagePool") {
    core.exports.averagePoolBackward(dX.byteOffset, d.byteOffset, ...counts, SCALE);
  } else {
    core.exports.maxPoolBackward(dX.byteOffset, d.byteOffset, inX.byteOffset, ...counts, SCALE);
  }
  const size = op.gradient(magnitudes(dY), x, shape);
  expectAdded(dX, start, op.gradient(dY, x, shape), size, shape.taps, `${op.forward} dX`);
}

for (const build of builds) {
  describe(build, () => {
    const core = openCore(build);

    it.each(weighted)("$forward and its gradients on every shape", (op) => {
      for (const shape of [...shapes, long]) {
        checkWeighted(core, op, shape);
        core.takeBack();
      }
    });

    it.each(pooled)("$forward and its gradient on every shape", (op) => {
      for (const shape of [...shapes, long]) {
        checkPooled(core, op, shape);
        core.takeBack();
      }
    });

    it.each([...weighted, ...pooled])("$forward: no row depends on a later one", ({ forward }) => {
      const shape = { windows: 2, steps: 9, channels: 5, taps: 3 };
      const random = new Random(1);
      const [x, w] = [core.f32(normals(random, 90)), core.f32(normals(random, 75))];
      const [before, after] = [core.f32(90), core.f32(90)];
      const run = (y: Float32Array) =>
        forward === "convolve" || forward === "depthwise"
          ? core.exports[forward](y.byteOffset, x.byteOffset, w.byteOffset, ...countsOf(shape))
          : core.exports[forward](y.byteOffset, x.byteOffset, ...countsOf(shape));
      run(before);
      x.fill(9, 4 * 5, 9 * 5); // rows 4 to 8 of the first window
      run(after);
      expectSame(after.subarray(0, 20), before.subarray(0, 20), "rows before");
      expectSame(after.subarray(45), before.subarray(45), "the other window");
      expect(after.subarray(20, 45)).not.toEqual(before.subarray(20, 45));
    });

    it("of equal maxima the latest row gets the gradient", () => {
      const x = core.f32([2, 2, 2, 1]);
      const [d, dX] = [core.f32([1, 10, 100, 1000]), core.f32([0, 0, 0, 0])];
      core.exports.maxPoolBackward(dX.byteOffset, d.byteOffset, x.byteOffset, 1, 4, 1, 3, 1);
      expect([...dX]).toEqual([1, 10, 1100, 0]);
    });
  });
}

/** Central differences of sum(dY f(values)) with respect to each value. */
function differences(
  values: Float64Array,
  dY: ArrayLike<number>,
  f: (values: Float64Array) => Float64Array,
): Float64Array {
  const total = () => f(values).reduce((sum, value, k) => sum + dY[k]! * value, 0);
  return values.map((value, k) => {
    const h = Math.cbrt(2 ** -52);
    values[k] = value + h;
    const up = total();
    values[k] = value - h;
    const down = total();
    values[k] = value;
    return (up - down) / (2 * h);
  });
}

describe("the reference gradients are what finite differences say", () => {
  const shape = { windows: 2, steps: 6, channels: 3, taps: 5 };
  const random = new Random(2);
  const x = Float64Array.from(normals(random, 36));
  const dY = normals(random, 36);
  const allowed = 100 * DIFFERENCE;

  it.each(weighted)("$forward", ({ exact, gradients, weightCount }) => {
    const w = Float64Array.from(normals(random, weightCount(shape)));
    const { dX, dW } = gradients(dY, x, w, shape);
    expectWithin(
      dX,
      differences(x, dY, (values) => exact(values, w, shape)),
      allowed,
    );
    expectWithin(
      dW,
      differences(w, dY, (values) => exact(x, values, shape)),
      allowed,
    );
  });

  it.each(pooled)("$forward", ({ exact, gradient }) => {
    const dX = gradient(dY, Float32Array.from(x), shape);
    expectWithin(
      dX,
      differences(x, dY, (values) => exact(values, shape)),
      allowed,
    );
  });
});
