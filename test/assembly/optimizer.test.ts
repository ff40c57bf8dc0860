// The optimisers' moves agree with the f64 references on every length, step after step.

import { describe, expect, it } from "vitest";
import { adamwStep, momentumStep, sgdStep } from "../reference/optimizer.ts";
import { Random } from "../reference/random.ts";
import { MOVE } from "../tolerance.ts";
import { expectSame, expectWithin } from "./expect-within.ts";
import { builds, type Core, lengths, openCore } from "./harness.ts";
import { normals, uniforms } from "./values.ts";

const STEPS = 5;
const lr = Math.fround(0.05);

/** Clipping factor and weight decay, each off and on. */
const settings = [
  { scale: 1, decay: 0 },
  { scale: Math.fround(0.3), decay: 0 },
  { scale: 1, decay: Math.fround(0.01) },
  { scale: Math.fround(0.3), decay: Math.fround(0.01) },
];
type Setting = (typeof settings)[number];

/** The blocks of one optimiser. */
interface State {
  theta: Float32Array;
  g: Float32Array;
  first: Float32Array;
  second: Float32Array;
}

function stateOf(core: Core, n: number): State {
  const random = new Random(n);
  return {
    theta: core.f32(normals(random, n)),
    g: core.f32(n),
    first: core.f32(normals(random, n, 0.1)),
    second: core.f32(uniforms(random, n)),
  };
}

interface Optimizer {
  name: "sgd" | "momentum" | "adamw";
  /** Step counts from 1. */
  move(core: Core, state: State, step: number, setting: Setting): void;
  reference(
    theta: Float64Array,
    first: Float64Array,
    second: Float64Array,
    g: Float64Array,
    step: number,
    decay: number,
  ): void;
}

const optimizers: Optimizer[] = [
  {
    name: "sgd",
    move({ exports: { sgd } }, { theta, g }, _step, { scale, decay }) {
      sgd(theta.byteOffset, g.byteOffset, theta.length, lr, scale, decay);
    },
    reference: (theta, _first, _second, g, _step, decay) => sgdStep(theta, g, lr, decay),
  },
  {
    name: "momentum",
    move({ exports: { momentum } }, { theta, g, first }, _step, { scale, decay }) {
      const [at, slope, speed] = [theta.byteOffset, g.byteOffset, first.byteOffset];
      momentum(at, slope, speed, theta.length, lr, Math.fround(0.9), scale, decay);
    },
    reference: (theta, first, _second, g, _step, decay) =>
      momentumStep(theta, first, g, lr, Math.fround(0.9), decay),
  },
  {
    name: "adamw",
    move({ exports: { adamw } }, { theta, g, first, second }, step, { scale, decay }) {
      const [at, slope] = [theta.byteOffset, g.byteOffset];
      const [m, v, n] = [first.byteOffset, second.byteOffset, theta.length];
      adamw(at, slope, m, v, n, lr, 0.9, 0.999, 0.9 ** step, 0.999 ** step, scale, decay);
    },
    reference: (theta, first, second, g, step, weightDecay) =>
      adamwStep(theta, first, second, g, step, lr, { weightDecay }),
  },
];

/** Five moves beside the reference, along gradients of several sizes and both signs. */
function check(core: Core, { move, reference }: Optimizer, n: number, setting: Setting): void {
  const state = stateOf(core, n);
  const [theta, first, second] = [state.theta, state.first, state.second].map((each) =>
    Float64Array.from(each),
  ) as [Float64Array, Float64Array, Float64Array];
  const slopes = normals(new Random(n + 7), n);
  for (let step = 1; step <= STEPS; step++) {
    state.g.set(slopes.map((slope) => slope * (1.3 - 0.4 * step)));
    const clipped = Float64Array.from(state.g, (value) => setting.scale * value);
    move(core, state, step, setting);
    reference(theta, first, second, clipped, step, setting.decay);
  }
  const compare = (mine: Float32Array, theirs: Float64Array, what: string) => {
    // A difference of numbers of size 1 is as exact as they are.
    const allowed = theirs.map((value) => STEPS * MOVE * Math.max(1, Math.abs(value)));
    expectWithin(mine, theirs, allowed, what);
  };
  compare(state.theta, theta, "theta");
  compare(state.first, first, "first moment");
  compare(state.second, second, "second moment");
}

for (const build of builds) {
  describe.each(optimizers)(`${build} $name`, (optimizer) => {
    const core = openCore(build);

    it.each(lengths)("%i weights, with and without clipping and decay", (n) => {
      for (const setting of settings.slice(n > 4099 ? 3 : 0)) check(core, optimizer, n, setting);
    });

    it("a weight moves by the same bits alone, in a vector and behind one", () => {
      for (const setting of settings) {
        const state = stateOf(core, 11);
        state.g.set(normals(new Random(1), 11));
        const alone = [...state.theta].map((theta, p) => {
          const one = {
            theta: core.f32([theta]),
            g: core.f32([state.g[p]!]),
            first: core.f32([state.first[p]!]),
            second: core.f32([state.second[p]!]),
          };
          optimizer.move(core, one, 3, setting);
          return one.theta[0]!;
        });
        optimizer.move(core, state, 3, setting);
        expectSame(state.theta, alone);
      }
    });

    it("a gradient of 0 leaves fresh weights where they are", () => {
      const state = stateOf(core, 7);
      for (const each of [state.g, state.first, state.second]) each.fill(0);
      const before = state.theta.slice();
      optimizer.move(core, state, 1, settings[0]!);
      expect(state.theta).toEqual(before);
    });
  });
}
