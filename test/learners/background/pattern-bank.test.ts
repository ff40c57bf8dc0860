// The pattern bank finds planted clusters, finds them again, ages, merges, prunes and survives.

import { describe, expect, it } from "vitest";
import { direction, near, stepless } from "../../../bench/background/planted-tasks.ts";
import { Random } from "../../../src/core/random.ts";
import { PatternBank } from "../../../src/learners/background/index.ts";
import { adjustedRandIndex } from "./adjusted-rand-index.ts";

const SIZE = 64;

function planted(seed: number, { clusters = 100, each = 20, noise = 0.6 } = {}) {
  const random = new Random(seed);
  const centers = Array.from({ length: clusters }, () => direction(random, SIZE));
  const labels = Array.from({ length: clusters * each }, (_, row) => row % clusters);
  const points = labels.map((label) => near(random, centers[label]!, noise));
  return { random, centers, labels, points };
}

function fill(bank: PatternBank, points: readonly Float32Array[], quality = 1): void {
  for (const [row, point] of points.entries())
    bank.addTrajectory(stepless(`q${row}`, point, quality));
}

const idsOf = (bank: PatternBank) => bank.patterns().map(({ id }) => id);
const nearestId = (bank: PatternBank, point: Float32Array) => bank.findSimilar(point, 1)[0]!.id;

describe("PatternBank", () => {
  it.each([1, 2, 3])("recovers 100 planted clusters, seed %i", (seed) => {
    const { labels, points } = planted(seed);
    using bank = new PatternBank({ embeddingSize: SIZE });
    fill(bank, points);
    bank.extractPatterns();
    const found = points.map((point) => nearestId(bank, point));
    expect(adjustedRandIndex(labels, found)).toBeGreaterThanOrEqual(0.95);
    expect(bank.size).toBe(100);
  });

  it("finds the same patterns in the same data, and no other", () => {
    const { points } = planted(4);
    using bank = new PatternBank({ embeddingSize: SIZE });
    fill(bank, points);
    expect(bank.extractPatterns().added).toBe(100);
    const before = bank.patterns();
    for (let round = 0; round < 3; round++) {
      fill(bank, points);
      const { added, patterns } = bank.extractPatterns();
      expect({ added, joined: patterns.length }).toEqual({ added: 0, joined: 100 });
    }
    expect(idsOf(bank)).toEqual(before.map(({ id }) => id));
    for (const [row, { centroid }] of bank.patterns().entries()) {
      const [{ similarity } = { similarity: 0 }] = bank.findSimilar(before[row]!.centroid, 1);
      expect(similarity).toBeGreaterThan(0.999);
      expect(centroid.length).toBe(SIZE);
    }
  });

  it("keeps ids while the world changes", () => {
    const { random, centers, points } = planted(5, { clusters: 10 });
    using bank = new PatternBank({ embeddingSize: SIZE });
    fill(bank, points);
    bank.extractPatterns();
    const ids = centers.map((center) => nearestId(bank, center));
    for (let round = 0; round < 10; round++) {
      fill(bank, [...centers.map((center) => near(random, center, 0.6)), direction(random, SIZE)]);
      bank.extractPatterns();
    }
    expect(centers.map((center) => nearestId(bank, center))).toEqual(ids);
    expect(bank.size).toBe(20);
  });

  it("pulls a centroid towards the better trajectories and tells the quality of a pattern", () => {
    const random = new Random(6);
    const [good, bad] = [direction(random, SIZE), direction(random, SIZE)];
    const mix = (share: number) => good.map((value, k) => share * value + (1 - share) * bad[k]!);
    using bank = new PatternBank({ embeddingSize: SIZE });
    bank.addTrajectory(stepless("a", mix(0.6), 1));
    bank.addTrajectory(stepless("b", mix(0.4), 0));
    bank.extractPatterns();
    const [pattern] = bank.patterns();
    expect(pattern).toMatchObject({ quality: 0.5, use: 2, age: 0 });
    const dot = (x: Float32Array) =>
      x.reduce((sum, value, k) => sum + value * pattern!.centroid[k]!, 0);
    expect(dot(good)).toBeGreaterThan(dot(bad));
  });

  it("moves a pattern of many trajectories less than one of few", () => {
    const random = new Random(13);
    const [center, aside] = [direction(random, SIZE), direction(random, SIZE)];
    const beside = center.map((value, k) => value + 0.5 * aside[k]!);
    const cosineAfter = (count: number) => {
      using bank = new PatternBank({ embeddingSize: SIZE });
      fill(bank, Array(count).fill(center));
      bank.extractPatterns();
      fill(bank, [beside]);
      bank.extractPatterns();
      expect(bank.size).toBe(1);
      return bank.findSimilar(center, 1)[0]!.similarity;
    };
    expect(cosineAfter(1)).toBeLessThan(0.99);
    expect(cosineAfter(50)).toBeGreaterThan(0.9998);
  });

  it("forgets with age, and prunes what is unused, poor or idle", () => {
    const random = new Random(7);
    const points = Array.from({ length: 4 }, () => direction(random, SIZE));
    using bank = new PatternBank({ embeddingSize: SIZE, decay: 0.5 });
    fill(bank, points.slice(0, 2), 0.2);
    bank.extractPatterns();
    for (let round = 0; round < 3; round++) {
      fill(bank, points.slice(1), 1);
      bank.extractPatterns();
    }
    const [idle, mixed] = bank.patterns();
    expect(idle).toMatchObject({ use: 0.125, age: 3, quality: 0.2 });
    expect(mixed!.use).toBe(1.875);
    expect(mixed!.quality).toBeCloseTo((1.75 + 0.125 * 0.2) / 1.875, 12);
    expect(bank.prune({ minQuality: 0.1, minUse: 0.125, maxAge: 3 })).toBe(0);
    expect(bank.prune({ maxAge: 2 })).toBe(1);
    expect(bank.prune({ minUse: 1.8 })).toBe(2);
    expect(bank.prune({ minQuality: 0.95 })).toBe(1);
    expect(bank.size).toBe(0);
  });

  it("holds at most maxPatterns, the most used ones", () => {
    const random = new Random(8);
    const often = direction(random, SIZE);
    using bank = new PatternBank({ embeddingSize: SIZE, maxPatterns: 5 });
    fill(bank, [often, often, often]);
    bank.extractPatterns();
    for (let round = 0; round < 20; round++) {
      fill(bank, [direction(random, SIZE), direction(random, SIZE)]);
      bank.extractPatterns();
      expect(bank.size).toBeLessThanOrEqual(5);
    }
    expect(idsOf(bank)[0]).toBe("p1");
    expect(bank.toBytes().length).toBeLessThan(8 * SIZE * 5 + 4000);
  });

  it("refuses one trajectory more than it may keep, and takes it after an extraction", () => {
    const random = new Random(9);
    using bank = new PatternBank({ embeddingSize: SIZE, maxPending: 2 });
    fill(bank, [direction(random, SIZE), direction(random, SIZE)]);
    const third = stepless("c", direction(random, SIZE));
    expect(() => bank.addTrajectory(third)).toThrow(
      expect.objectContaining({ code: "FEEDBACK_BUFFER_FULL" }),
    );
    expect(bank.pending).toBe(2);
    bank.extractPatterns();
    bank.addTrajectory(third);
    expect(bank.pending).toBe(1);
  });

  it("merges into the oldest pattern when two have become alike", () => {
    const [x, y] = [new Float32Array(SIZE), new Float32Array(SIZE)];
    x[0] = 1;
    y.set([0.45, Math.sqrt(1 - 0.45 ** 2)]);
    const between = x.map((value, k) => value + y[k]!);
    using bank = new PatternBank({ embeddingSize: SIZE, decay: 0.1 });
    fill(bank, [x, y]);
    bank.extractPatterns();
    expect(idsOf(bank)).toEqual(["p1", "p2"]);
    fill(bank, Array(40).fill(between.map((value, k) => value + 0.05 * x[k]!)));
    fill(bank, Array(40).fill(between.map((value, k) => value + 0.05 * y[k]!)));
    bank.extractPatterns();
    expect(idsOf(bank)).toEqual(["p1"]);
    expect(bank.consolidate()).toBe(0);
  });

  it("goes on after a restart with the same bytes", () => {
    const { points } = planted(10, { clusters: 20 });
    using bank = new PatternBank({ embeddingSize: SIZE, minSimilarity: 0.55 });
    fill(bank, points.slice(0, 200), 0.7);
    bank.extractPatterns();
    fill(bank, points.slice(200, 300), 0.3);
    using copy = PatternBank.fromBytes(bank.toBytes());
    for (const each of [bank, copy]) {
      fill(each, points.slice(300));
      each.extractPatterns();
    }
    expect(copy.toBytes()).toEqual(bank.toBytes());
    expect(copy.findSimilar(points[0]!, 5)).toEqual(bank.findSimilar(points[0]!, 5));
  });

  it("finds every changed byte of a saved bank", () => {
    const random = new Random(11);
    using bank = new PatternBank({ embeddingSize: 4 });
    fill(bank, [direction(random, 4), direction(random, 4)]);
    bank.extractPatterns();
    const bytes = bank.toBytes();
    for (let at = 0; at < bytes.length; at++) {
      const broken = bytes.slice();
      broken[at]! ^= 1;
      expect(() => PatternBank.fromBytes(broken)).toThrow(
        expect.objectContaining({ code: "FILE_CORRUPT" }),
      );
    }
    expect(() => PatternBank.fromBytes(bytes.subarray(1))).toThrow(/Expected the bytes/);
  });

  it("does not do more work in a cycle for having seen more cycles", () => {
    const { random, centers } = planted(12, { clusters: 30 });
    using bank = new PatternBank({ embeddingSize: SIZE });
    const sizes: number[] = [];
    for (let round = 0; round < 60; round++) {
      fill(
        bank,
        centers.map((center) => near(random, center, 0.5)),
      );
      bank.extractPatterns();
      sizes.push(bank.size);
    }
    expect(sizes).toEqual(Array(60).fill(30));
  });

  it("refuses options and queries that are wrong", () => {
    const refused = (code: string) => expect.objectContaining({ code });
    expect(() => new PatternBank({ embeddingSize: 0 })).toThrow(refused("OPTION_INVALID"));
    const misspelt = { embeddingSize: 4, maxPattern: 1 };
    expect(() => new PatternBank(misspelt)).toThrow(/did you mean "maxPatterns"/);
    using bank = new PatternBank({ embeddingSize: 4 });
    expect(() => bank.findSimilar(new Float32Array(3), 1)).toThrow(refused("LENGTH_MISMATCH"));
    const broken = new Float32Array([1, Number.NaN, 0, 0]);
    expect(() => bank.findSimilar(broken, 1)).toThrow(refused("VALUE_NOT_FINITE"));
    expect(bank.findSimilar(new Float32Array([1, 0, 0, 0]), 3)).toEqual([]);
    bank.dispose();
    expect(() => bank.findSimilar(new Float32Array(4), 1)).toThrow(refused("DISPOSED"));
  });
});
