// Activations and their derivatives agree with the f64 references and with finite differences.

import { describe, expect, it } from "vitest";
import { type ActivationName, activate, activationDerivative } from "../reference/activation.ts";
import { Random } from "../reference/random.ts";
import { ACTIVATION, DIFFERENCE, SLOPE, U32 } from "../tolerance.ts";
import { expectSame, expectWithin } from "./expect-within.ts";
import { builds, lengths, openCore } from "./harness.ts";
import { activationKinds, activationNames } from "./network-block.ts";
import { normals } from "./values.ts";

/** Zero, the seam of tanh, where each function saturates, and where e^z would overflow. */
const corners = [0, -0, 1e-30, 0.3499, 0.3501, 1, 5, 9.2, 30, 87, 88.5, 89, 1000, 1e20];

/** The slope of the reference by central differences of its value. */
function slopeByDifferences(name: ActivationName, z: number): number {
  const h = Math.cbrt(2 ** -52) * Math.max(1, Math.abs(z));
  return (activate(name, z + h) - activate(name, z - h)) / (2 * h);
}

for (const build of builds) {
  describe.each(activationNames)(`${build} %s`, (name) => {
    const core = openCore(build);
    const { exports } = core;
    const kind = activationKinds[name];

    function valuesAt(z: Float32Array): Float32Array {
      const y = core.f32(z.length);
      exports.activate(kind, y.byteOffset, z.byteOffset, z.length);
      return y;
    }

    it.each(lengths)("%i values and slopes", (n) => {
      const random = new Random(n);
      const z = core.f32(normals(random, n, 3));
      const y = valuesAt(z);
      const sizes = Array.from(z, (value) => ACTIVATION * Math.max(1, Math.abs(value)));
      expectWithin(y, Array.from(z, activate.bind(null, name)), sizes, "value");
      const upstream = normals(random, n);
      const d = core.f32(upstream);
      exports.activateBackward(kind, d.byteOffset, z.byteOffset, y.byteOffset, n);
      const slopes = Array.from(z, (value, k) => upstream[k]! * activationDerivative(name, value));
      const allowed = Array.from(upstream, (value) => Math.abs(value) * (SLOPE + U32));
      expectWithin(d, slopes, allowed, "slope");
      exports.activate(kind, z.byteOffset, z.byteOffset, n);
      expectSame(z, y, "in place");
    });

    it("the slope is what finite differences of the value say", () => {
      const z = core.f32([-6, -2, -0.9, -0.31, -0.01, 0.02, 0.3, 0.8, 1.7, 4, 7]);
      const d = core.f32(z.length).fill(1);
      exports.activateBackward(kind, d.byteOffset, z.byteOffset, valuesAt(z).byteOffset, z.length);
      const numeric = Array.from(z, (value) => slopeByDifferences(name, value));
      expectWithin(d, numeric, SLOPE + DIFFERENCE);
    });

    it("both signs of every corner", () => {
      const z = core.f32([...corners, ...corners.map((value) => -value)]);
      const y = valuesAt(z);
      const exact = Array.from(z, (value) => Math.fround(activate(name, value)));
      const sizes = Array.from(z, (value) => ACTIVATION * Math.max(1, Math.abs(value)));
      expectWithin(y, exact, sizes, "value");
      const d = core.f32(z.length).fill(1);
      exports.activateBackward(kind, d.byteOffset, z.byteOffset, y.byteOffset, z.length);
      const slopes = Array.from(z, (value) => activationDerivative(name, value));
      expectWithin(d, slopes, SLOPE, "slope");
    });

    it("NaN stays NaN, in a vector and behind it", () => {
      const z = core.f32(5).fill(Number.NaN);
      expect(Array.from(valuesAt(z))).toEqual(new Array(5).fill(Number.NaN));
    });
  });
}
