// Both loops together, and their whole state through a restart.

import { describe, expect, it } from "vitest";
import { PlantedTask } from "../../../bench/background/planted-tasks.ts";
import { Coordinator } from "../../../src/learners/background/index.ts";

const SIZE = 32;
const INTERVAL = 1000;

function start(time: { ms: number }): Coordinator {
  return new Coordinator({
    background: {
      embeddingSize: SIZE,
      extractionIntervalMs: INTERVAL,
      minTrajectories: 60,
      epochs: 10,
      seed: 7,
      now: () => time.ms,
    },
    instant: { rank: 1 },
  });
}

/** A request: an answer, a correction now and then, and a tick. */
function serve(coordinator: Coordinator, task: PlantedTask, count: number, time: { ms: number }) {
  const outputs: Float32Array[] = [];
  for (const [row, trajectory] of task.trajectories(count).entries()) {
    time.ms += 10;
    outputs.push(coordinator.transform(trajectory.queryEmbedding));
    coordinator.record(trajectory);
    if (row % 7 === 0) {
      coordinator.correct({ input: trajectory.queryEmbedding, better: task.answers[0]! });
    }
    coordinator.tick();
  }
  return outputs;
}

describe("Coordinator", () => {
  it("goes on after a restart with identical outputs and bytes", () => {
    const time = { ms: 0 };
    const coordinator = start(time);
    serve(coordinator, new PlantedTask("a"), 400, time);
    const saved = coordinator.toBytes();
    const other = { ms: 123_456 }; // the clock of another process
    const restored = Coordinator.fromBytes(saved, { now: () => other.ms });
    expect(restored.toBytes()).toEqual(saved);
    const [a, b] = [new PlantedTask("b", { seed: 9 }), new PlantedTask("b", { seed: 9 })];
    const outputs = serve(coordinator, a, 250, time);
    expect(serve(restored, b, 250, other)).toEqual(outputs);
    expect(restored.stats()).toEqual(coordinator.stats());
    expect(restored.toBytes()).toEqual(coordinator.toBytes());
    expect(coordinator.stats()).toMatchObject({ cycles: 6, boundaries: 1 });
  });

  it("loses no trajectory when it ticks on every request", () => {
    const time = { ms: 0 };
    const coordinator = start(time);
    time.ms = INTERVAL; // due from the first request on, so that most ticks are skipped
    serve(coordinator, new PlantedTask("a"), 59, time);
    expect(coordinator.stats()).toMatchObject({
      trajectories: 59,
      pending: 59,
      cycles: 0,
      skipped: 59,
      lastStatus: "skipped: insufficient trajectories",
    });
    serve(coordinator, new PlantedTask("b"), 1, time);
    expect(coordinator.stats()).toMatchObject({ trajectories: 60, pending: 0, cycles: 1 });
  });

  it("applies a correction at once and fades it when the base has learned", () => {
    const time = { ms: 0 };
    const coordinator = start(time);
    const task = new PlantedTask("a");
    const input = task.query(0);
    const before = coordinator.transform(input);
    const {
      isMoved,
      before: from,
      after,
    } = coordinator.correct({ input, better: task.answers[1]! });
    expect(isMoved).toBe(true);
    expect(after).toBeGreaterThan(from);
    const corrected = coordinator.transform(input);
    expect(corrected).not.toEqual(before);
    for (const trajectory of task.trajectories(120)) coordinator.record(trajectory);
    const result = coordinator.tick({ force: true })!;
    expect(result).toMatchObject({ trajectoriesProcessed: 120, adapterUpdated: true });
    expect(coordinator.stats()).toMatchObject({ instantUpdates: 1, baseUpdates: 1, patterns: 20 });
  });

  it("is not due before the interval, and runs when forced", () => {
    const time = { ms: 0 };
    const coordinator = start(time);
    expect(coordinator.tick()).toBeUndefined();
    coordinator.record(new PlantedTask("a").trajectories(1)[0]!);
    expect(coordinator.tick({ force: true })!.trajectoriesProcessed).toBe(1);
  });

  it("finds the pattern that answers a query", () => {
    const time = { ms: 0 };
    const coordinator = start(time);
    const task = new PlantedTask("a", { strength: 0 });
    for (const trajectory of task.trajectories(200)) coordinator.record(trajectory);
    coordinator.tick({ force: true });
    const [best, next] = coordinator.findSimilar(task.answers[4]!, 2);
    expect(best!.similarity).toBeGreaterThan(0.9);
    expect(best!.similarity).toBeGreaterThan(next!.similarity);
  });

  it("finds changed bytes and bytes of something else", () => {
    const coordinator = start({ ms: 0 });
    const bytes = coordinator.toBytes();
    const corrupt = expect.objectContaining({ code: "FILE_CORRUPT" });
    for (let at = 0; at < bytes.length; at += 97) {
      const broken = bytes.slice();
      broken[at]! ^= 16;
      expect(() => Coordinator.fromBytes(broken)).toThrow(corrupt);
    }
    expect(() => Coordinator.fromBytes(new Uint8Array(3))).toThrow(corrupt);
  });

  it("refuses unknown options of either loop", () => {
    const unknown = expect.objectContaining({ code: "OPTION_UNKNOWN" });
    const background = { embeddingSize: 4 };
    const wrong = { background, instant: { ranks: 1 } } as object;
    expect(() => new Coordinator(wrong as { background: typeof background })).toThrow(unknown);
    expect(
      () => new Coordinator({ background: { ...background, ewc: 1 } as typeof background }),
    ).toThrow(unknown);
  });
});
