// Arrays in the core's memory: they work in place, survive growth, and are refused once released.

import { afterEach, describe, expect, it } from "vitest";
import { memorySizeBytes } from "../../src/core/instance.ts";
import {
  allocate,
  Ewc,
  IncrementalUpdater,
  Network,
  ReplayBuffer,
  release,
  rollingSharpe,
  type Sample,
} from "../../src/index.ts";

const WEIGHTS = 4 * 3 + 3;
const released = expect.objectContaining({ name: "DriftkeelError", code: "DISPOSED" });

const held: Float32Array[] = [];
/** An array in core memory with the given values. */
function inCore(values: ArrayLike<number>): Float32Array {
  const array = allocate(values.length);
  array.set(values);
  held.push(array);
  return array;
}
afterEach(() => {
  for (const array of held.splice(0)) release(array);
});

const numbers = (count: number, phase = 0) =>
  Float32Array.from({ length: count }, (_, p) => Math.sin(p + phase));

/** What one set of arrays gives in every function that takes arrays. */
function results(array: (values: Float32Array) => Float32Array) {
  const layers = [{ name: "only", size: 3 }];
  using network = new Network({ inputSize: 4, layers });
  const tensors = network.weights();
  for (const [key, values] of tensors) tensors.set(key, array(values));
  network.setWeights(tensors);
  const sample: Sample = { input: array(numbers(4)), label: array(numbers(3)) };
  using ewc = new Ewc(array(numbers(WEIGHTS)));
  ewc.updateFisher(array(numbers(2 * WEIGHTS, 1)), 2);
  ewc.computeFisherFor(network, [sample]);
  const [weights, grad] = [array(numbers(WEIGHTS, 2)), array(numbers(WEIGHTS, 3))];
  const penalties = [ewc.penalty(weights), ewc.addGradient(grad, weights), ewc.loss(1, weights)];
  ewc.proximalStep(weights, 0.5);
  ewc.updateBaseline(array(numbers(WEIGHTS, 4)));
  const buffer = new ReplayBuffer({ capacity: 2 });
  buffer.add(sample);
  return {
    ewc: ewc.toBytes(),
    penalties,
    weights: Float32Array.from(weights),
    grad: Float32Array.from(grad),
    outputs: network.forward(array(numbers(20)), 5),
    loss: network.loss([sample]),
    replayed: buffer.sample(1),
  };
}

describe("arrays of allocate", () => {
  it("are zeros and hold what is written", () => {
    const array = allocate(1000);
    expect(array).toEqual(new Float32Array(1000));
    array.fill(7);
    expect(array.every((value) => value === 7)).toBe(true);
    release(array);
    const again = allocate(1000); // the same memory, as like as not
    expect(again).toEqual(new Float32Array(1000));
    release(again);
  });

  it("give the same results as ordinary ones, everywhere", () => {
    expect(results(inCore)).toEqual(results((values) => values));
  });

  it("so do subarrays of one large array, at any offset", () => {
    const large = inCore(new Float32Array(4000));
    let from = 1; // not aligned to anything but a float
    const cut = (values: Float32Array) => {
      const part = large.subarray(from, from + values.length);
      part.set(values);
      from += values.length + 1;
      return part;
    };
    expect(results(cut)).toEqual(results((values) => values));
  });

  it("are changed in place by what changes arrays", () => {
    using ewc = new Ewc(new Float32Array(3));
    ewc.updateFisher(Float32Array.of(1, 1, 1), 1);
    const grad = inCore([0, 0, 0]);
    ewc.addGradient(grad, inCore([1, 2, 3]));
    expect(grad).toEqual(Float32Array.of(1, 2, 3));
    const weights = inCore([0, 2, 4, 6, 0]).subarray(1, 4);
    ewc.proximalStep(weights, 1);
    expect(weights).toEqual(Float32Array.of(1, 2, 3));
    expect(held.at(-1)).toEqual(Float32Array.of(0, 1, 2, 3, 0)); // nothing around it
  });

  it("that overlap are noticed, also through two views of the same bytes", () => {
    using ewc = new Ewc(new Float32Array(4));
    const all = inCore(new Float32Array(12));
    const overlapping = expect.objectContaining({ code: "ARGUMENT_RANGE" });
    expect(() => ewc.addGradient(all.subarray(0, 4), all.subarray(3, 7))).toThrowError(overlapping);
    const alias = new Float32Array(all.buffer, all.byteOffset, 4);
    expect(() => ewc.addGradient(alias, all.subarray(0, 4))).toThrowError(overlapping);
    ewc.addGradient(all.subarray(0, 4), all.subarray(4, 8));
  });
});

describe("when the memory grows", () => {
  it("arrays, subarrays and objects from before go on working", () => {
    const layers = [{ name: "only", size: 3 }];
    using network = new Network({ inputSize: 4, layers });
    const input = inCore(numbers(4));
    const part = inCore(numbers(40)).subarray(7, 11);
    const before = [network.forward(input), network.forward(part)];
    using ewc = new Ewc(new Float32Array(4));
    ewc.updateFisher(new Float32Array(4).fill(1), 1);

    const size = memorySizeBytes();
    const large = inCore(new Float32Array(24 * 2 ** 20)); // 96 MiB
    expect(memorySizeBytes()).toBeGreaterThan(size);

    expect([network.forward(input), network.forward(part)]).toEqual(before);
    input.fill(0.5);
    expect(network.forward(input)).toEqual(network.forward(new Float32Array(4).fill(0.5)));
    const grad = inCore(new Float32Array(4));
    ewc.addGradient(grad, input);
    expect(grad).toEqual(new Float32Array(4).fill(0.5));
    large[large.length - 1] = 3;
    expect(large.at(-1)).toBe(3);
  });

  it("a view on the buffer of before is the same array", () => {
    using ewc = new Ewc(new Float32Array(4));
    const array = inCore(numbers(4));
    inCore(new Float32Array(2 ** 20));
    const alias = new Float32Array(array.buffer, array.byteOffset, 4);
    expect(() => ewc.addGradient(alias, array)).toThrowError(
      expect.objectContaining({ code: "ARGUMENT_RANGE" }),
    );
  });
});

describe("released arrays", () => {
  function gone(length: number): Float32Array {
    const array = allocate(length);
    release(array);
    return array;
  }

  const layers = [{ name: "only", size: 3 }];
  const network = () => new Network({ inputSize: 4, layers });
  const sample = (input: Float32Array, label: Float32Array): Sample => ({ input, label });
  const good = { input: new Float32Array(4), label: new Float32Array(3) };

  it.each<[string, (array: (length: number) => Float32Array) => unknown]>([
    ["Network.forward", (array) => network().forward(array(4))],
    ["a part, in Network.forward", (array) => network().forward(array(9).subarray(2, 6))],
    ["Network.loss, input", (array) => network().loss([sample(array(4), good.label)])],
    ["Network.loss, label", (array) => network().loss([sample(good.input, array(3))])],
    ["Network.train", (array) => network().train([sample(array(4), good.label)], { lr: 1 })],
    [
      "earlyStop.holdout",
      (array) => {
        const holdout = [sample(array(4), good.label)];
        return network().train([good], { lr: 1, earlyStop: { holdout } });
      },
    ],
    [
      "Network.setWeights",
      (array) =>
        network().setWeights(
          new Map([
            ["only.weight", array(12)],
            ["only.bias", array(3)],
          ]),
        ),
    ],
    ["new Ewc", (array) => new Ewc(array(4))],
    ["Ewc.penalty", (array) => new Ewc(numbers(4)).penalty(array(4))],
    ["Ewc.addGradient, grad", (array) => new Ewc(numbers(4)).addGradient(array(4), numbers(4))],
    ["Ewc.addGradient, weights", (array) => new Ewc(numbers(4)).addGradient(numbers(4), array(4))],
    ["Ewc.proximalStep", (array) => new Ewc(numbers(4)).proximalStep(array(4), 1)],
    ["Ewc.loss", (array) => new Ewc(numbers(4)).loss(1, array(4))],
    ["Ewc.updateBaseline", (array) => new Ewc(numbers(4)).updateBaseline(array(4))],
    ["Ewc.updateFisher", (array) => new Ewc(numbers(4)).updateFisher(array(4), 1)],
    [
      "Ewc.computeFisherFor",
      (array) => new Ewc(numbers(15)).computeFisherFor(network(), [sample(array(4), good.label)]),
    ],
    [
      "IncrementalUpdater.update",
      (array) => {
        const updater = new IncrementalUpdater({ rank: 1, alpha: 1, lr: 1, maxSteps: 1 });
        return updater.update([sample(array(4), good.label)]);
      },
    ],
    [
      "IncrementalUpdater.predict",
      (array) => {
        const options = { rank: 1, alpha: 1, lr: 1, maxSteps: 1, network: network() };
        return new IncrementalUpdater(options).predict(array(4));
      },
    ],
    [
      "ReplayBuffer.add",
      (array) => new ReplayBuffer({ capacity: 1 }).add(sample(array(1), array(1))),
    ],
    ["release", (array) => release(array(4))],
  ])("are refused by %s", async (_, use) => {
    await expect((async () => use(gone))()).rejects.toThrowError(released);
  });

  it("are refused in the second half of a part too", () => {
    const [first, second] = [allocate(16), allocate(16)];
    const across = new Float32Array(first.buffer, first.byteOffset, 64);
    using ewc = new Ewc(numbers(64));
    expect(() => ewc.penalty(across)).toThrowError(released);
    release(first);
    release(second);
  });

  it("do not harm their neighbours", () => {
    const [a, b, c] = [inCore(numbers(64)), allocate(64), inCore(numbers(64, 1))];
    release(b);
    expect(a).toEqual(numbers(64));
    expect(c).toEqual(numbers(64, 1));
    using ewc = new Ewc(new Float32Array(64));
    ewc.penalty(a);
    ewc.penalty(c);
  });
});

describe("release", () => {
  const wrongType = expect.objectContaining({ code: "ARGUMENT_TYPE" });

  it.each([
    ["an ordinary array", new Float32Array(3)],
    ["nothing", undefined],
    ["a list", [1, 2]],
    ["doubles", new Float64Array(2)],
  ])("refuses %s", (_, value) => {
    expect(() => release(value as Float32Array)).toThrowError(wrongType);
  });

  it("takes an array once, and only the whole of it", () => {
    const array = allocate(10);
    expect(() => release(array.subarray(0, 4))).toThrowError(released);
    expect(() => release(array.subarray(4))).toThrowError(released);
    release(array);
    expect(() => release(array)).toThrowError(released);
  });
});

describe("the weights that a loss function sees", () => {
  it("may be handed to the library's functions for doubles", () => {
    using ewc = new Ewc(numbers(12));
    ewc.computeFisher([0], (weights) => rollingSharpe(weights, { windowSize: 12 }).at(-1)!);
    using copied = new Ewc(numbers(12));
    copied.computeFisher(
      [0],
      (weights) => rollingSharpe(weights.slice(), { windowSize: 12 }).at(-1)!,
    );
    expect(ewc.toBytes()).toEqual(copied.toBytes());
  });
});
