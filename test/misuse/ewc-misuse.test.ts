// Misuse of Ewc: every method and option, wrong in every way that has a name.

import { afterAll, describe, expect, it } from "vitest";
import { Ewc, type EwcOptions, Network, type Sample } from "../../src/index.ts";
import { describeOptions } from "./describe-options.ts";
import { expectRefused, type Misuse } from "./refusal.ts";
import { wrongArrays, wrongCounts, wrongSamples } from "./wrong-values.ts";

const P = 8;
const weights = Float32Array.from({ length: P }, (_, p) => 1 + p);
const network = new Network({ inputSize: 3, layers: [{ name: "only", size: 2 }] });
const good: Sample = { input: Float32Array.of(1, 2, 3), label: Float32Array.of(1, 0) };
const ewc = new Ewc(weights, { lambda: 2, consolidation: "ema" });
ewc.updateFisher(weights, 1);
const look = () => ewc.toBytes();
afterAll(() => {
  network.dispose();
  ewc.dispose();
});

describeOptions({
  owner: "Ewc",
  call: (options: EwcOptions) => new Ewc(weights, options).dispose(),
  good: { fisherSamples: 5, lambda: 1, consolidation: "ema", gamma: 0.5, normalize: true },
  options: {
    fisherSamples: "a count",
    lambda: "a number from 0",
    consolidation: "a choice",
    gamma: "a share",
    normalize: "a flag",
  },
});
describeOptions({
  owner: "computeFisher",
  call: (options: { method: "curvature" }) => {
    using other = new Ewc(weights);
    other.computeFisher([1], () => 1, options);
  },
  good: { method: "curvature" },
  options: { method: "a choice" },
});
describeOptions({
  owner: "computeFisherFor",
  call: (options: { seed: number }) => {
    using other = new Ewc(weights);
    other.computeFisherFor(network, [good], options);
  },
  good: { method: "analytic", labels: "sampled", seed: 3 },
  options: { method: "a choice", labels: "a choice", seed: "a seed" },
});
describeOptions({
  owner: "toBytes",
  call: (options: { format: "legacy" }) => ewc.toBytes(options),
  good: { format: "legacy" },
  options: { format: "a choice" },
});

describe("Ewc", () => {
  const grad = () => new Float32Array(P);
  const use = (name: string, call: () => unknown, code: Misuse["code"]): Misuse => ({
    name,
    use: call,
    code,
  });
  const wide = new Network({ inputSize: 4, layers: [{ name: "only", size: 2 }] });
  const huber = new Network({ inputSize: 3, layers: [{ name: "only", size: 2 }], loss: "huber" });
  afterAll(() => {
    wide.dispose();
    huber.dispose();
  });
  const isLengthFree = ({ code }: Misuse) => code !== "LENGTH_MISMATCH";

  const misuses: Misuse[] = [
    ...wrongArrays("new", P, (array) => new Ewc(array), { isChecked: true }).filter(isLengthFree),
    use("new: no weights at all", () => new Ewc(new Float32Array(0)), "DATA_EMPTY"),
    use(
      "new: an ema that never learns",
      () => new Ewc(weights, { consolidation: "ema", gamma: 1 }),
      "OPTION_INVALID",
    ),
    ...["2", null, undefined, {}, true].map((value) =>
      use(`lambda = ${value}`, () => Object.assign(ewc, { lambda: value }), "ARGUMENT_TYPE"),
    ),
    ...[-1, Number.NaN, 1 / 0].map((value) =>
      use(`lambda = ${value}`, () => Object.assign(ewc, { lambda: value }), "ARGUMENT_RANGE"),
    ),

    ...[undefined, null, 3, { length: 1 }, new Set([1])].map((value, index) =>
      use(
        `computeFisher: no data (${index})`,
        () => ewc.computeFisher(value as never, () => 1),
        "ARGUMENT_TYPE",
      ),
    ),
    use("computeFisher: empty data", () => ewc.computeFisher([], () => 1), "DATA_EMPTY"),
    ...[undefined, null, 3, "loss", {}].map((value) =>
      use(
        `computeFisher: ${value} as loss`,
        () => ewc.computeFisher([1], value as never),
        "ARGUMENT_TYPE",
      ),
    ),

    ...[undefined, null, {}, "network", wide.weights()].map((value, index) =>
      use(
        `computeFisherFor: no network (${index})`,
        () => ewc.computeFisherFor(value as never, [good]),
        "ARGUMENT_TYPE",
      ),
    ),
    use(
      "computeFisherFor: a network of another size",
      () => ewc.computeFisherFor(wide, [{ ...good, input: new Float32Array(4) }]),
      "LENGTH_MISMATCH",
    ),
    use(
      "computeFisherFor: exact labels of a loss that is no likelihood",
      () => ewc.computeFisherFor(huber, [good], { labels: "exact" }),
      "OPTION_INVALID",
    ),
    use(
      "computeFisherFor: exact labels by finite differences",
      () => ewc.computeFisherFor(network, [good], { labels: "exact", method: "finite-difference" }),
      "OPTION_INVALID",
    ),
    ...wrongSamples("computeFisherFor", good, (samples) => ewc.computeFisherFor(network, samples)),

    ...wrongArrays("updateFisher", 2 * P, (array) => ewc.updateFisher(array, 2), {
      isChecked: true,
    }),
    ...wrongCounts("updateFisher, sampleCount", (count) => ewc.updateFisher(weights, count)),
    use(
      "updateFisher: squares that overflow",
      () => ewc.updateFisher(new Float32Array(P).fill(1e30), 1),
      "VALUE_NOT_FINITE",
    ),

    ...wrongArrays("penalty", P, (array) => ewc.penalty(array)),
    ...wrongArrays("addGradient, grad", P, (array) => ewc.addGradient(array, weights)),
    ...wrongArrays("addGradient, weights", P, (array) => ewc.addGradient(grad(), array)),
    use("addGradient: one array twice", () => ewc.addGradient(weights, weights), "ARGUMENT_RANGE"),
    use(
      "addGradient: two views that overlap",
      () => {
        const all = new Float32Array(P + 1);
        ewc.addGradient(all.subarray(1), all.subarray(0, P));
      },
      "ARGUMENT_RANGE",
    ),
    ...wrongArrays("proximalStep", P, (array) => ewc.proximalStep(array, 0.1)),
    ...["0.1", null, undefined, {}].map((lr) =>
      use(`proximalStep: lr ${lr}`, () => ewc.proximalStep(grad(), lr as never), "ARGUMENT_TYPE"),
    ),
    ...[-0.1, Number.NaN, 1 / 0].map((lr) =>
      use(`proximalStep: lr ${lr}`, () => ewc.proximalStep(grad(), lr), "ARGUMENT_RANGE"),
    ),
    ...["1", null, undefined, {}, 1n].map((taskLoss) =>
      use(`loss: ${taskLoss}`, () => ewc.loss(taskLoss as never, weights), "ARGUMENT_TYPE"),
    ),
    ...wrongArrays("loss, weights", P, (array) => ewc.loss(1, array)),
    ...wrongArrays("updateBaseline", P, (array) => ewc.updateBaseline(array), {
      isChecked: true,
    }).filter(isLengthFree),
    use("updateBaseline: no weights", () => ewc.updateBaseline(new Float32Array(0)), "DATA_EMPTY"),

    ...[undefined, null, "bytes", [1, 2], new ArrayBuffer(8), new Uint16Array(4)].map(
      (value, index) =>
        use(`fromBytes: no bytes (${index})`, () => Ewc.fromBytes(value as never), "ARGUMENT_TYPE"),
    ),
    use("fromBytes: other bytes", () => Ewc.fromBytes(new Uint8Array(99)), "FILE_CORRUPT"),
    ...[undefined, null, 3, {}, ["a"]].flatMap((path) => [
      use(`save to ${path}`, () => ewc.save(path as never), "ARGUMENT_TYPE"),
      use(`load from ${path}`, () => Ewc.load(path as never), "ARGUMENT_TYPE"),
    ]),
    use("save to no name", () => ewc.save(""), "ARGUMENT_RANGE"),
    use("load from no name", () => Ewc.load(""), "ARGUMENT_RANGE"),
  ];

  it.each(misuses)("$name is refused with $code", (misuse) => expectRefused(misuse, look));

  it("arrays handed to a call that is refused are as before", () => {
    const array = Float32Array.from(weights);
    expect(() => ewc.addGradient(array, new Float32Array(P + 1))).toThrowError();
    expect(() => ewc.proximalStep(array, -1)).toThrowError();
    expect(array).toEqual(weights);
  });
});
