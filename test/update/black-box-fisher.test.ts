// The Fisher of a user's own model, by callback: exact where calculus gives the answer, and
// unharmed by losses that fail.

import { afterEach, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { Ewc, Network } from "../../src/index.ts";

interface Row {
  x: Float64Array;
  y: number;
}

type LossFn = (weights: Float64Array, row: Row) => number;

const random = new Random(31);
const WEIGHTS = 50;
const rows: Row[] = Array.from({ length: 200 }, () => ({
  x: Float64Array.from({ length: WEIGHTS }, () => random.normal()),
  y: random.below(2),
}));
const weights = Float32Array.from({ length: WEIGHTS }, () => 0.3 * random.normal());

function logit(w: ArrayLike<number>, { x }: Row): number {
  let sum = 0;
  for (let p = 0; p < x.length; p++) sum += w[p]! * x[p]!;
  return sum;
}

/** Logistic regression as a user would write it. */
const logisticLoss: LossFn = (w, row) => {
  const z = logit(w, row);
  return Math.max(z, 0) - z * row.y + Math.log1p(Math.exp(-Math.abs(z)));
};

/** Mean over `data` of ((sigmoid(z) - y) x_p)^2, from calculus. */
function meanSquaredGradients(data: readonly Row[]): Float64Array {
  const fisher = new Float64Array(WEIGHTS);
  for (const row of data) {
    const error = 1 / (1 + Math.exp(-logit(weights, row))) - row.y;
    for (let p = 0; p < WEIGHTS; p++) fisher[p]! += (error * row.x[p]!) ** 2 / data.length;
  }
  return fisher;
}

/** The largest relative error over the weights, each on its own scale. */
function worstError(actual: ArrayLike<number> | undefined, expected: Float64Array): number {
  expect(actual).toHaveLength(expected.length);
  return Math.max(...expected.map((value, p) => Math.abs(actual![p]! - value) / Math.abs(value)));
}

function throwText(): never {
  throw "closed";
}

const made: Ewc[] = [];
function ewcOf(...options: ConstructorParameters<typeof Ewc>): Ewc {
  const ewc = new Ewc(...options);
  made.push(ewc);
  return ewc;
}
afterEach(() => {
  for (const ewc of made.splice(0)) ewc.dispose();
});

describe("gradient", () => {
  it("equals the mean of squared gradients of logistic regression, each weight to 1e-5", () => {
    const ewc = ewcOf(weights);
    ewc.computeFisher(rows, logisticLoss);
    expect(worstError(ewc.fisher(), meanSquaredGradients(rows))).toBeLessThan(1e-5);
  });

  it("calls the loss twice for each weight and sample, in f64 next to the baseline", () => {
    const ewc = ewcOf(weights);
    let calls = 0;
    let farthest = 0;
    ewc.computeFisher(rows.slice(0, 3), (w, row) => {
      expect(w).toBeInstanceOf(Float64Array);
      const moved = w.findIndex((value, p) => value !== weights[p]);
      farthest = Math.max(farthest, Math.abs(w[moved]! - weights[moved]!));
      calls++;
      return logisticLoss(w, row);
    });
    expect(calls).toBe(2 * 3 * WEIGHTS);
    expect(farthest).toBeCloseTo(Math.cbrt(2 ** -52), 12);
  });

  it("uses fisherSamples rows, evenly spaced over the data", () => {
    const ewc = ewcOf(weights, { fisherSamples: 50 });
    const seen = new Set<Row>();
    ewc.computeFisher(rows, (w, row) => {
      seen.add(row);
      return logisticLoss(w, row);
    });
    expect([...seen]).toEqual(rows.filter((_, index) => index % 4 === 0));
    const few = rows.filter((_, index) => index % 4 === 0);
    expect(worstError(ewc.fisher(), meanSquaredGradients(few))).toBeLessThan(1e-5);
  });

  it("adds up: a second measurement on as many rows doubles the Fisher", () => {
    const ewc = ewcOf(weights);
    for (let i = 0; i < 2; i++) ewc.computeFisher(rows, logisticLoss);
    const twice = meanSquaredGradients(rows).map((value) => 2 * value);
    expect(worstError(ewc.fisher(), twice)).toBeLessThan(1e-5);
  });
});

describe("curvature", () => {
  it("gives the second derivatives of a quadratic loss, each to 1e-4 and without the sign", () => {
    const bend = Float64Array.from(weights, (_, p) => (p % 5 === 4 ? -1 : 1) * (0.5 + p / 20));
    const ewc = ewcOf(weights);
    const quadratic: LossFn = (w, { x }) => {
      let sum = 0;
      for (let p = 0; p < w.length; p++) sum += (bend[p]! / 2) * (w[p]! - x[p]!) ** 2;
      return sum;
    };
    ewc.computeFisher(rows.slice(0, 20), quadratic, { method: "curvature" });
    expect(worstError(ewc.fisher(), bend.map(Math.abs))).toBeLessThan(1e-4);
  });

  it("calls the loss once at the baseline and twice for each weight", () => {
    let calls = 0;
    const count: LossFn = () => calls++ && 0;
    ewcOf(weights).computeFisher(rows.slice(0, 7), count, { method: "curvature" });
    expect(calls).toBe(7 * (1 + 2 * WEIGHTS));
  });
});

describe("a loss that fails", () => {
  const failures: [string, () => unknown][] = [
    ["throws", () => expect.unreachable("the market is closed")],
    ["throws what is no error", throwText],
    ["returns NaN", () => Number.NaN],
    ["returns infinity", () => Number.POSITIVE_INFINITY],
    ["returns nothing", () => undefined],
    ["returns null", () => null],
    ["returns a text", () => "0.5"],
    ["returns a bigint", () => 1n],
    ["returns a symbol", () => Symbol("loss")],
    ["returns a promise", () => Promise.resolve(1)],
  ];

  for (const method of ["gradient", "curvature"] as const) {
    it.each(failures)(`${method}: %s: LOSS_FAILED, and the Fisher is as before`, (_, fail) => {
      const ewc = ewcOf(weights);
      ewc.computeFisher(rows.slice(0, 5), logisticLoss);
      const before = ewc.toBytes();
      for (const failAt of [0, 3, 40]) {
        let calls = 0;
        const loss = ((w, row) => (calls++ === failAt ? fail() : logisticLoss(w, row))) as LossFn;
        expect(() => ewc.computeFisher(rows, loss, { method })).toThrowError(
          expect.objectContaining({ name: "DriftkeelError", code: "LOSS_FAILED" }),
        );
        expect(ewc.toBytes()).toEqual(before);
      }
    });
  }

  it("keeps what was thrown as the cause", () => {
    const cause = new Error("no data");
    const loss = () => {
      throw cause;
    };
    expect(() => ewcOf(weights).computeFisher(rows, loss)).toThrowError(
      expect.objectContaining({ code: "LOSS_FAILED", cause }),
    );
  });

  it("leaves an Ewc without a Fisher without one", () => {
    const ewc = ewcOf(weights);
    expect(() => ewc.computeFisher(rows, () => Number.NaN)).toThrowError();
    expect(ewc.fisher()).toBeUndefined();
    expect(ewc.penalty(weights.map((w) => w + 1))).toBe(0);
  });

  it("does not disturb the next measurement", () => {
    const [failed, fresh] = [ewcOf(weights), ewcOf(weights)];
    expect(() => failed.computeFisher(rows, () => Number.NaN)).toThrowError();
    for (const ewc of [failed, fresh]) ewc.computeFisher(rows, logisticLoss);
    expect(failed.toBytes()).toEqual(fresh.toBytes());
  });

  it("is refused when squares overflow the Fisher, which stays", () => {
    const ewc = ewcOf(weights);
    ewc.computeFisher(rows, logisticLoss);
    const before = ewc.toBytes();
    expect(() => ewc.computeFisher(rows, (w) => 1e30 * w[0]!)).toThrowError(
      expect.objectContaining({ code: "VALUE_NOT_FINITE" }),
    );
    expect(ewc.toBytes()).toEqual(before);
  });
});

describe("a loss that uses the library itself", () => {
  const plain = () => {
    const ewc = ewcOf(weights);
    ewc.computeFisher(rows.slice(0, 8), logisticLoss);
    return ewc.toBytes();
  };

  it("may measure another Fisher inside", () => {
    const [outer, inner] = [ewcOf(weights), ewcOf(weights.subarray(0, 3))];
    let depth = 0;
    outer.computeFisher(rows.slice(0, 8), (w, row) => {
      if (depth++ % 100 === 0) inner.computeFisher([row], (v) => v[0]! * v[1]! + v[2]! ** 2);
      return logisticLoss(w, row);
    });
    expect(outer.toBytes()).toEqual(plain());
    const [a, b, c] = weights;
    const [f0, f1, f2] = inner.fisher()!;
    expect([f0! / 8, f1! / 8, f2! / 8]).toEqual(
      [b! ** 2, a! ** 2, (2 * c!) ** 2].map((value) => expect.closeTo(value, 5)),
    );
  });

  it("may catch the failure of a Fisher inside", () => {
    const [outer, inner] = [ewcOf(weights), ewcOf(weights)];
    outer.computeFisher(rows.slice(0, 8), (w, row) => {
      expect(() => inner.computeFisher([row], () => Number.NaN)).toThrowError();
      return logisticLoss(w, row);
    });
    expect(outer.toBytes()).toEqual(plain());
    expect(inner.fisher()).toBeUndefined();
  });

  it("may run a network, and let the core's memory grow, between its calls", () => {
    const layers = [{ name: "out", size: 1 }];
    using network = new Network({ inputSize: WEIGHTS, layers });
    const outer = ewcOf(weights);
    const held: Network[] = [];
    outer.computeFisher(rows.slice(0, 8), (w, row) => {
      if (held.length < 40)
        held.push(new Network({ inputSize: 500, layers: [{ name: "a", size: 500 }] }));
      network.forward(Float32Array.from(w));
      return logisticLoss(w, row);
    });
    for (const each of held) each.dispose();
    expect(outer.toBytes()).toEqual(plain());
  });
});
