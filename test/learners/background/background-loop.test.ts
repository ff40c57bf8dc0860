// The background loop waits, learns, proves, protects, and loses nothing.

import { describe, expect, it } from "vitest";
import { PlantedTask, stepless } from "../../../bench/background/planted-tasks.ts";
import { learnTwoTasks } from "../../../bench/background/retrieval.ts";
import {
  BackgroundLoop,
  type BackgroundLoopConfig,
  type QueryTrajectory,
} from "../../../src/learners/background/index.ts";

const SIZE = 32;
const refused = (code: string) => expect.objectContaining({ code });
const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value / values.length, 0);

/** A loop on a clock that the test moves. */
function onClock(config: Omit<BackgroundLoopConfig, "embeddingSize" | "now"> = {}) {
  const time = { ms: 0 };
  const loop = new BackgroundLoop({ embeddingSize: SIZE, now: () => time.ms, ...config });
  return { time, loop };
}

describe("a cycle", () => {
  it("answers queries better from cycle to cycle, and forgets less with EWC than without", () => {
    const runs = [1, 2].map((seed) => {
      const shape = { seed, cycles: 10, trajectories: 100 };
      return [
        learnTwoTasks({ ...shape, ewcLambda: 1000 }),
        learnTwoTasks({ ...shape, ewcLambda: 0 }),
      ];
    });
    for (const [withEwc, without] of runs) {
      const { first, second, kept, boundaries, delay } = withEwc!;
      // Half of the cycles after the other half, and the end after the beginning.
      expect(mean(first.slice(6))).toBeGreaterThan(mean(first.slice(1, 6)));
      expect(first.at(-1)! - first[0]!).toBeGreaterThan(0.4);
      expect(second.at(-1)! - second[0]!).toBeGreaterThan(0.3);
      expect(kept[0]! - kept.at(-1)!).toBeLessThan(
        without!.kept[0]! - without!.kept.at(-1)! - 0.05,
      );
      expect({ boundaries, delay }).toEqual({ boundaries: [10], delay: 100 });
    }
  }, 60_000);

  it("tells what it did", () => {
    const { loop, time } = onClock();
    const task = new PlantedTask("a");
    time.ms = 5;
    const first = loop.runCycle(task.trajectories(150));
    expect(first).toMatchObject({
      trajectoriesProcessed: 150,
      patternsAdded: 20,
      patternsExtracted: 20,
      ewcUpdated: true,
      boundaryDetected: false,
      adapterUpdated: true,
      elapsedMs: 0,
      status: "completed",
    });
    expect(first.gain!.lower).toBeGreaterThan(0);
    expect(loop.runCycle(task.trajectories(150)).patternsAdded).toBe(0);
    expect(loop).toMatchObject({ cycles: 2, updates: 2, pending: 0 });
    loop.dispose();
  });

  it("keeps the adapter when held-out trajectories gain nothing, and says so", () => {
    using loop = new BackgroundLoop({ embeddingSize: SIZE, baseLoraLr: 5 });
    const task = new PlantedTask("a");
    const query = task.query(0);
    const before = loop.transform(query);
    const result = loop.runCycle(task.trajectories(150));
    expect(result).toMatchObject({
      status: "completed: no gain on held-out trajectories",
      adapterUpdated: false,
      ewcUpdated: false,
    });
    expect(result.gain!.lower).toBeLessThanOrEqual(0);
    expect(loop.transform(query)).toEqual(before);
  });

  it("keeps the adapter when training diverges", () => {
    using loop = new BackgroundLoop({ embeddingSize: SIZE, baseLoraLr: 1e38 });
    const task = new PlantedTask("a");
    const before = loop.transform(task.query(0));
    const result = loop.runCycle(task.trajectories(150));
    expect(result).toMatchObject({ status: "completed: update diverged", adapterUpdated: false });
    expect(before.every(Number.isFinite)).toBe(true);
  });

  it("learns nothing where all answers are equally good", () => {
    using loop = new BackgroundLoop({ embeddingSize: SIZE });
    const task = new PlantedTask("a");
    const trajectories = task.trajectories(150).map((each) => ({ ...each, finalQuality: 0.5 }));
    const result = loop.runCycle(trajectories);
    expect(result).toMatchObject({ adapterUpdated: false, ewcUpdated: false });
  });

  it("takes trajectories without steps, whose answer is where the query is", () => {
    using loop = new BackgroundLoop({ embeddingSize: SIZE });
    const { answers } = new PlantedTask("a");
    const trajectories = Array.from({ length: 100 }, (_, row) =>
      stepless(`s${row}`, answers[row % 20]!, (row % 10) / 10),
    );
    expect(loop.runCycle(trajectories)).toMatchObject({
      trajectoriesProcessed: 100,
      patternsExtracted: 20,
    });
  });

  it("learns the pattern that the contexts name instead of the nearest one", () => {
    const run = (contextIds: string[]) => {
      using loop = new BackgroundLoop({ embeddingSize: SIZE, seed: 3 });
      const task = new PlantedTask("a", { seed: 3 });
      loop.runCycle(task.trajectories(100).map((each) => ({ ...each, finalQuality: 0.5 })));
      const aim = loop.patterns.patterns()[7]!;
      for (let cycle = 0; cycle < 3; cycle++) {
        loop.runCycle(
          task.trajectories(100).map((each, row) => ({
            ...each,
            finalQuality: row % 2,
            contextIds: row % 2 === 1 ? contextIds : [],
          })),
        );
      }
      const output = loop.transform(task.query(0));
      const length = Math.hypot(...output);
      return output.reduce((sum, value, k) => sum + (value * aim.centroid[k]!) / length, 0);
    };
    expect(run(["p8"])).toBeGreaterThan(run(["unknown"]) + 0.1);
  });
});

describe("waiting", () => {
  it("skips below the minimum and loses nothing, also when asked at every trajectory", () => {
    const { loop } = onClock({ minTrajectories: 100 });
    const task = new PlantedTask("a");
    const trajectories = task.trajectories(100);
    for (const [row, trajectory] of trajectories.slice(0, 99).entries()) {
      const result = loop.runCycle([trajectory]);
      expect(result.status).toBe("skipped: insufficient trajectories");
      expect(result).toMatchObject({ trajectoriesProcessed: 0, ewcUpdated: false });
      expect(loop.pending).toBe(row + 1);
    }
    const result = loop.runCycle(trajectories.slice(99));
    expect(result).toMatchObject({ trajectoriesProcessed: 100, patternsExtracted: 20 });
    expect(loop.pending).toBe(0);
    loop.dispose();
  });

  it("learns the same from trajectories that came one by one as from all at once", () => {
    const trajectories = new PlantedTask("a").trajectories(120);
    const [one, all] = [onClock({ minTrajectories: 120 }), onClock({ minTrajectories: 120 })];
    for (const trajectory of trajectories) one.loop.runCycle([trajectory]);
    all.loop.runCycle(trajectories);
    expect(one.loop.toBytes()).toEqual(all.loop.toBytes());
  });

  it("does not take a trajectory twice that waits already", () => {
    const { loop } = onClock();
    const trajectories = new PlantedTask("a").trajectories(60);
    loop.runCycle(trajectories);
    loop.runCycle(trajectories);
    expect(loop.pending).toBe(60);
  });

  it("runs below the minimum when forced, but not on nothing", () => {
    const { loop } = onClock();
    expect(loop.runCycle([], { force: true }).status).toBe("skipped: insufficient trajectories");
    const result = loop.runCycle(new PlantedTask("a").trajectories(3), { force: true });
    expect(result).toMatchObject({
      trajectoriesProcessed: 3,
      status: "completed: too few held-out trajectories",
    });
    expect(loop.pending).toBe(0);
  });

  it("is due after the interval, counted from the last cycle that was not skipped", () => {
    const { loop, time } = onClock({ extractionIntervalMs: 1000, minTrajectories: 2 });
    const task = new PlantedTask("a");
    time.ms = 999;
    expect(loop.shouldRun()).toBe(false);
    time.ms = 1000;
    expect(loop.shouldRun()).toBe(true);
    loop.runCycle(task.trajectories(1));
    expect(loop.shouldRun()).toBe(true);
    loop.runCycle(task.trajectories(1));
    expect(loop.shouldRun()).toBe(false);
    time.ms = 2000;
    expect(loop.shouldRun()).toBe(true);
  });

  it("is due when there is no room, and refuses one more without taking any", () => {
    const { loop } = onClock({ minTrajectories: 2, maxPending: 3 });
    const task = new PlantedTask("a");
    loop.add(task.trajectories(2));
    expect(() => loop.add(task.trajectories(2))).toThrow(refused("FEEDBACK_BUFFER_FULL"));
    expect(loop.pending).toBe(2);
    expect(loop.shouldRun()).toBe(false);
    loop.add(task.trajectories(1));
    expect(loop.shouldRun()).toBe(true);
    expect(loop.runCycle().trajectoriesProcessed).toBe(3);
  });
});

describe("misuse", () => {
  const good: QueryTrajectory = new PlantedTask("a").trajectories(1)[0]!;
  const step = good.steps[0]!;
  const wrong: [string, object, string][] = [
    ["a short query", { queryEmbedding: new Float32Array(SIZE - 1).fill(1) }, "LENGTH_MISMATCH"],
    ["a long query", { queryEmbedding: new Float32Array(SIZE + 1).fill(1) }, "LENGTH_MISMATCH"],
    [
      "short activations",
      { steps: [step, { ...step, activations: new Float32Array(3) }] },
      "LENGTH_MISMATCH",
    ],
    ["a query of zeros", { queryEmbedding: new Float32Array(SIZE) }, "ARGUMENT_RANGE"],
    [
      "NaN in a query",
      { queryEmbedding: new Float32Array(SIZE).fill(Number.NaN) },
      "VALUE_NOT_FINITE",
    ],
    [
      "NaN in attention",
      { steps: [{ ...step, attentionWeights: new Float32Array([Number.NaN]) }] },
      "VALUE_NOT_FINITE",
    ],
    [
      "an infinite reward",
      { steps: [{ ...step, reward: Number.POSITIVE_INFINITY }] },
      "OPTION_INVALID",
    ],
    ["a quality above 1", { finalQuality: 1.01 }, "OPTION_INVALID"],
    ["a negative latency", { latencyMs: -1 }, "OPTION_INVALID"],
    ["a plain array", { queryEmbedding: [1, 2] }, "OPTION_INVALID"],
    ["an unknown member", { finalQualty: 1 }, "OPTION_UNKNOWN"],
    ["an empty id", { id: "" }, "OPTION_INVALID"],
  ];

  it.each(wrong)("%s is refused, and nothing of that call is kept", (_, change, code) => {
    const { loop } = onClock();
    const bytes = loop.toBytes();
    const bad = { ...good, id: "bad", ...change } as QueryTrajectory;
    expect(() => loop.runCycle([good, bad])).toThrow(refused(code));
    expect(loop.toBytes()).toEqual(bytes);
  });

  it.each([
    [{ embeddingSize: 0 }, "OPTION_INVALID"],
    [{ embeddingSize: 4, minTrajectories: 11, maxPending: 10 }, "OPTION_INVALID"],
    [{ embeddingSize: 4, ewcLamda: 1 }, "OPTION_UNKNOWN"],
    [{ embeddingSize: 4, patterns: { maxPattern: 1 } }, "OPTION_UNKNOWN"],
    [{ embeddingSize: 4, baseLoraLr: 0 }, "OPTION_INVALID"],
  ])("options %j are refused", (options, code) => {
    expect(() => new BackgroundLoop(options as BackgroundLoopConfig)).toThrow(refused(code));
  });

  it("a query of another length is refused", () => {
    expect(() => onClock().loop.transform(new Float32Array(3))).toThrow(refused("LENGTH_MISMATCH"));
  });
});
