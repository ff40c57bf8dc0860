// Training under EWC: the two forms, the strength, and what is refused.

import { describe, expect, it } from "vitest";
import { Ewc, Network, type Sample, type TrainOptions } from "../../src/index.ts";
import { samplesFor } from "../model/samples.ts";
import { addEwcGradient, ewcPenalty, ewcProximalStep } from "../reference/ewc.ts";
import { expectClose } from "../reference/expect-close.ts";

/** A few operations in f32. */
const F32 = 32 * 2 ** -24;
const UNCLIPPED = Number.POSITIVE_INFINITY;
const before = samplesFor("mse", 30, 4, 2, 1);
const now = samplesFor("mse", 30, 4, 2, 2);

function networkOf(): Network {
  const layers = [
    { name: "hidden", size: 6, activation: "tanh" as const },
    { name: "output", size: 2 },
  ];
  return new Network({ inputSize: 4, layers, seed: 3 });
}

/** A network trained on the old samples, with an Ewc that remembers them. */
async function experienced(lambda: number): Promise<{ network: Network; ewc: Ewc }> {
  const network = networkOf();
  await network.train(before, { lr: 0.05, maxSteps: 50 });
  const ewc = new Ewc(network.parameters(), { lambda });
  ewc.computeFisherFor(network, before);
  return { network, ewc };
}

/** Trains and returns the parameters; every run starts from the same experienced network. */
async function trained(lambda: number, options: TrainOptions) {
  const { network, ewc } = await experienced(lambda);
  const report = await network.train(now, { ...options, ewc });
  const result = { weights: network.parameters(), penalty: ewc.penalty(network.parameters()) };
  const loss = (samples: Sample[]) => network.loss(samples);
  const losses = { before: loss(before), now: loss(now) };
  network.dispose();
  ewc.dispose();
  return { ...result, ...losses, report };
}

/** The gradient of the task loss at the experienced network's weights moved by `shift`. */
async function taskGradient(
  shift: number,
): Promise<{ from: Float32Array; gradient: Float64Array }> {
  const { network, ewc } = await experienced(0);
  shiftWeights(network, shift);
  const from = network.parameters();
  await network.train(now, { lr: 1, clipNorm: UNCLIPPED });
  const gradient = Float64Array.from(network.parameters(), (w, p) => from[p]! - w);
  network.dispose();
  ewc.dispose();
  return { from, gradient };
}

function shiftWeights(network: Network, shift: number): void {
  const moved = [...network.weights()].map(([key, w]) => [key, w.map((x) => x + shift)] as const);
  network.setWeights(new Map(moved));
}

describe("one step", () => {
  it("in the gradient form adds lambda F (w - baseline) to the gradient", async () => {
    const { from, gradient } = await taskGradient(0.1);
    const { network, ewc } = await experienced(7);
    shiftWeights(network, 0.1);
    addEwcGradient(gradient, from, ewc.baseline(), ewc.fisher()!, 7);
    const options = { lr: 0.01, clipNorm: UNCLIPPED, ewc, ewcForm: "gradient" as const };
    const report = await network.train(now, options);
    const expected = from.map((w, p) => w - 0.01 * gradient[p]!);
    expectClose(network.parameters(), expected, F32);
    const penalty = ewcPenalty(from, ewc.baseline(), ewc.fisher()!, 7);
    expect(report.penalty / penalty).toBeCloseTo(1, 5);
    network.dispose();
    ewc.dispose();
  });

  it("in the proximal form moves along the task's gradient, then back", async () => {
    const { from, gradient } = await taskGradient(0.1);
    const { network, ewc } = await experienced(7);
    shiftWeights(network, 0.1);
    const expected = Float64Array.from(from, (w, p) => w - 0.01 * gradient[p]!);
    ewcProximalStep(expected, ewc.baseline(), ewc.fisher()!, 0.01, 7);
    const options = { lr: 0.01, clipNorm: UNCLIPPED, ewc, ewcForm: "proximal" as const };
    const report = await network.train(now, options);
    expectClose(network.parameters(), expected, F32);
    const penalty = ewcPenalty(from, ewc.baseline(), ewc.fisher()!, 7);
    expect(report.penalty / penalty).toBeCloseTo(1, 5);
    network.dispose();
    ewc.dispose();
  });
});

describe("the form", () => {
  it.each([
    ["sgd", "proximal"],
    ["momentum", "gradient"],
    ["adamw", "gradient"],
  ] as const)("with %s is %s where none is named", async (optimizer, ewcForm) => {
    const options = { lr: 0.01, maxSteps: 20, optimizer };
    const left = await trained(5, options);
    const named = await trained(5, { ...options, ewcForm });
    const other = ewcForm === "gradient" ? "proximal" : "gradient";
    expect(left.weights).toEqual(named.weights);
    expect((await trained(5, { ...options, ewcForm: other })).weights).not.toEqual(left.weights);
  });
});

describe("the strength", () => {
  const options = { lr: 0.05, maxSteps: 300 };

  it("lambda 0, or no Fisher yet, is training without EWC, to the bit", async () => {
    const { network, ewc } = await experienced(0);
    const plain = networkOf();
    plain.setWeights(network.weights());
    using empty = new Ewc(network.parameters(), { lambda: 9 });
    const other = networkOf();
    other.setWeights(network.weights());
    await network.train(now, { ...options, ewc });
    await other.train(now, { ...options, ewc: empty });
    await plain.train(now, options);
    expect(network.parameters()).toEqual(plain.parameters());
    expect(other.parameters()).toEqual(plain.parameters());
    for (const each of [network, plain, other, ewc]) each.dispose();
  });

  it("holds the old skill the better the larger it is, and the penalty is above 0", async () => {
    const results = await Promise.all([0.01, 0.3, 10].map((lambda) => trained(lambda, options)));
    const [weak, middle, strong] = results.map((result) => result);
    expect(weak!.before).toBeGreaterThan(middle!.before);
    expect(middle!.before).toBeGreaterThan(strong!.before);
    expect(weak!.now).toBeLessThan(strong!.now);
    for (const { penalty } of results) expect(penalty).toBeGreaterThan(0);
  });

  it("of 1e6 is stable in the proximal form and keeps the weights in place", async () => {
    const { network, ewc } = await experienced(1e6);
    const held = network.loss(before);
    const report = await network.train(now, { ...options, ewc, ewcForm: "proximal" });
    expect(report.steps).toBe(300);
    expect(network.loss(before)).toBeLessThan(held * 1.05);
    const moves = network.parameters().map((w, p) => Math.abs(w - ewc.baseline()[p]!));
    const fisher = ewc.fisher()!;
    for (const [p, move] of moves.entries()) {
      if (fisher[p]! > 1e-3) expect(move).toBeLessThan(0.01);
    }
    network.dispose();
    ewc.dispose();
  });

  it("of 1e6 in the gradient form without clipping is UPDATE_DIVERGED, not NaN", async () => {
    const { network, ewc } = await experienced(1e6);
    const start = network.parameters();
    const unclipped = { ...options, ewc, ewcForm: "gradient" as const, clipNorm: UNCLIPPED };
    await expect(network.train(now, unclipped)).rejects.toMatchObject({ code: "UPDATE_DIVERGED" });
    expect(network.parameters()).toEqual(start);
    network.dispose();
    ewc.dispose();
  });
});

describe("an Ewc that does not belong to the network", () => {
  it.each([0, 1])("is refused with %i Fishers, and nothing has changed", async (fishers) => {
    const network = networkOf();
    const start = network.parameters();
    using ewc = new Ewc(new Float32Array(5).fill(1));
    for (let i = 0; i < fishers; i++) ewc.updateFisher(new Float32Array(5).fill(1), 1);
    await expect(network.train(now, { lr: 0.1, ewc })).rejects.toMatchObject({
      code: "LENGTH_MISMATCH",
    });
    expect(network.parameters()).toEqual(start);
    network.dispose();
  });
});
