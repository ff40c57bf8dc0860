// A full core: a typed error, nothing changed, and everything works again once there is room.

import { beforeAll, describe, expect, it } from "vitest";
import { memorySizeBytes } from "../../src/core/instance.ts";
import {
  allocate,
  Ewc,
  IncrementalUpdater,
  init,
  kernelInfo,
  Network,
  release,
  rollingSharpe,
  SharpeDriftDetector,
} from "../../src/index.ts";

const LIMIT_MIB = 8;
const MIB = 2 ** 20;
const outOfMemory = expect.objectContaining({
  name: "DriftkeelError",
  code: "CORE_OUT_OF_MEMORY",
  message: expect.stringMatching(/^Expected room for \d+ bytes .* 8 MiB .* init\(\{ maxMemoryMiB/),
});

beforeAll(() => init({ maxMemoryMiB: LIMIT_MIB }));

/** Takes all there is, down to pieces of `bytes`; returns what gives it back. */
function fill(bytes = 256): () => void {
  const taken: Float32Array[] = [];
  for (let size = MIB; size >= bytes; ) {
    try {
      taken.push(allocate(size / 4));
    } catch (error) {
      expect(error).toEqual(outOfMemory);
      size /= 2;
    }
  }
  return () => taken.splice(0).forEach(release);
}

const layers = [
  { name: "hidden", size: 40, activation: "tanh" as const },
  { name: "output", size: 2 },
];
const sample = { input: new Float32Array(30).fill(1), label: Float32Array.of(1, -1) };
const samples = Array.from({ length: 50 }, () => sample);

describe("an allocation that does not fit", () => {
  it.each([
    ["more than the limit", (LIMIT_MIB * MIB) / 4],
    ["more than a block may have", 2 ** 28],
    ["more than an address can name", 2 ** 31],
    ["more than a number can count", Number.MAX_SAFE_INTEGER],
  ])("%s: CORE_OUT_OF_MEMORY", (_, length) => {
    expect(() => allocate(length)).toThrowError(outOfMemory);
  });

  it("the core never takes more than its limit, and all of it can be used again and again", () => {
    const sizes = [0, 1, 2].map(() => {
      const empty = fill();
      const size = memorySizeBytes();
      empty();
      return size;
    });
    expect(sizes).toEqual(new Array(3).fill(LIMIT_MIB * MIB));
    release(allocate(MIB / 4));
  });

  it("a network that is too large is refused, and takes nothing with it", () => {
    const wide = [{ name: "wide", size: 4000 }];
    for (let round = 0; round < 200; round++) {
      expect(() => new Network({ inputSize: 4000, layers: wide })).toThrowError(outOfMemory);
    }
    const largest = [{ name: "wide", size: 65_536 }];
    expect(() => new Network({ inputSize: 65_536, layers: largest })).toThrowError(outOfMemory);
    release(allocate(MIB / 4));
  });
});

describe("a core that is full", () => {
  it("refuses everything that needs room, and nothing changes", async () => {
    using network = new Network({ inputSize: 30, layers });
    using ewc = new Ewc(network.parameters());
    ewc.updateFisher(network.parameters(), 1);
    using updater = new IncrementalUpdater({ network, rank: 2, alpha: 2, lr: 0.1, maxSteps: 3 });
    await updater.update(samples);
    using detector = new SharpeDriftDetector();
    detector.update(1);
    const look = () => [network.parameters(), ewc.toBytes(), updater.adapter(), detector.state()];
    const before = look();
    const one = 1 + network.parameterCount;

    const empty = fill();
    for (const use of [
      () => new Network({ inputSize: 30, layers }),
      () => new Ewc(new Float32Array(100)),
      () => new SharpeDriftDetector({ windowSize: 100 }),
      () => new IncrementalUpdater({ network, rank: 2, alpha: 2, lr: 0.1, maxSteps: 3 }),
      () => network.forward(sample.input),
      () => network.loss(samples),
      () => network.train(samples, { lr: 0.1 }),
      () => updater.update(samples),
      () => updater.predict(sample.input),
      () => updater.currentLoss(samples),
      () => ewc.penalty(network.parameters()),
      () => ewc.computeFisher([1], () => 1),
      () => ewc.computeFisherFor(network, samples),
      () => ewc.updateFisher(network.parameters(), 1),
      () => ewc.updateBaseline(network.parameters()),
      () => ewc.updateBaseline(new Float32Array(one)),
      () => rollingSharpe(new Float64Array(1000), { windowSize: 100 }),
      () => detector.observeBatch([new Date(0)], Float64Array.of(1)),
      () => detector.reset(),
    ]) {
      await expect((async () => use())()).rejects.toThrowError(outOfMemory);
      expect(look()).toEqual(before);
    }
    // What needs no room goes on.
    expect(detector.update(2)).toBe("stable");
    empty();

    detector.restore(before[3]);
    expect(look()).toEqual(before);
    await network.train(samples, { lr: 0.1 });
    ewc.computeFisherFor(network, samples);
    ewc.updateBaseline(network.parameters());
    await updater.update(samples);
    updater.rollback();
  });

  it("works in place on arrays it holds already", () => {
    using ewc = new Ewc(new Float32Array(64));
    ewc.updateFisher(new Float32Array(64).fill(1), 1);
    const [grad, weights] = [allocate(64), allocate(64)];
    weights.fill(1);
    const empty = fill();
    expect(ewc.addGradient(grad, weights)).toBe(32);
    empty();
    release(grad);
    release(weights);
  });
});

describe("the limit", () => {
  it("is fixed at the first use", async () => {
    await init({ maxMemoryMiB: LIMIT_MIB });
    await init();
    await init({ threads: 1 });
    await expect(init({ maxMemoryMiB: 16 })).rejects.toMatchObject({
      name: "DriftkeelError",
      code: "CORE_ALREADY_READY",
    });
    expect(kernelInfo().shared).toBe(true);
  });
});
