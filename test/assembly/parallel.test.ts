// Helper threads change no bit of a result, and a leader needs none of them.

import { afterAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { startThread } from "../../src/core/platform-node.ts";
import type { FromThread, Role, Thread } from "../../src/core/thread.ts";
import { Random } from "../reference/random.ts";
import { expectSame } from "./expect-within.ts";
import { builds, type Core, openCore } from "./harness.ts";
import { networkOf } from "./network-block.ts";
import { placePlan, type Run } from "./train-plan.ts";
import { normals, uniforms } from "./values.ts";

const forms = ["gemmNN", "gemmNT", "gemmTN"] as const;
type Form = (typeof forms)[number];

/** Products large enough to be cut; the last chunk holds 8 rows, or 1. */
const sizes = [
  [200, 96, 64],
  [129, 130, 70],
  [1000, 33, 40],
  [8, 517, 260], // TN: too few rows, cut by columns
] as const;
type Size = (typeof sizes)[number];
const PATIENCE_MS = 10_000;

/** How many threads may help from the next job on. */
function letHelp(core: Core, count: number): void {
  Atomics.store(new Int32Array(core.memory.buffer, core.pool), layout.POOL_HELPERS >> 2, count);
}

/** One product; its result, and how many threads claimed chunks of it. */
function product(core: Core, form: Form, [m, n, k]: Size) {
  const random = new Random(m);
  const c = core.f32(normals(random, m * n));
  const [a, b] = [core.f32(normals(random, m * k)), core.f32(normals(random, n * k))];
  core.exports[form](c.byteOffset, a.byteOffset, b.byteOffset, m, n, k, 0.7, 1);
  // Every thread claims until it gets a number behind the last chunk.
  const claimed = new Int32Array(core.memory.buffer, core.pool)[layout.POOL_NEXT >> 2]!;
  const chunks = chunksOf(form, m, n);
  return { result: c.slice(), threads: chunks === undefined ? 1 : claimed - chunks };
}

/**
 * Chunks of a product: rows, or columns where TN has too few rows; undefined when it is not cut.
 */
function chunksOf(form: Form, m: number, n: number): number | undefined {
  if (m > layout.ROWS_PER_CHUNK) return Math.ceil(m / layout.ROWS_PER_CHUNK);
  return form === "gemmTN" ? Math.ceil(n / layout.COLUMNS_PER_CHUNK) : undefined;
}

/** A training run whose products are cut. */
function longRun(): Run {
  const random = new Random(1);
  const count = 256;
  return {
    layers: networkOf(new Random(2), 128, [
      { outputs: 64, activation: "gelu", rank: 8 },
      { outputs: 40, rank: 4 },
    ]),
    loss: "softmax-cross-entropy",
    trainable: "all",
    samples: { count, input: normals(random, count * 128), label: uniforms(random, count * 40) },
    optimizer: "adamw",
    lr: 0.01,
    steps: 4,
  };
}

function trained(core: Core): Float32Array {
  const plan = placePlan(core, longRun());
  expect(core.exports.train(plan.address, 4)).toBe(layout.STATUS_FINISHED);
  return plan.parameters.slice();
}

for (const build of builds) {
  describe(build, () => {
    const core = openCore(build);
    const threads: Thread[] = [];
    afterAll(() => {
      for (const thread of threads) thread.stop();
    });

    /** Starts a thread on the core's module and memory, as src/core/threads.ts does. */
    function start(role: Role, onMessage: (message: FromThread) => void = () => {}): Thread {
      const failed = (cause: unknown) => {
        throw cause;
      };
      const thread = startThread((message) => onMessage(message as FromThread), failed);
      const { module, memory, pool } = core;
      thread.post({ kind: "attach", module, memory, pool, scratch: core.threadScratch(), role });
      threads.push(thread);
      return thread;
    }

    /** Has a thread of its own train a plan; resolves with its last message. */
    function trainElsewhere(plan: number): Promise<FromThread> {
      return new Promise((resolve) => {
        const trainer = start({ name: "trainer" }, (message) => {
          if (message.kind !== "progress") resolve(message);
        });
        trainer.post({ kind: "train", run: 1, plan });
      });
    }

    /** Runs products until at least so many threads have worked on one. */
    async function untilThreads(count: number): Promise<void> {
      const end = Date.now() + PATIENCE_MS;
      let most = 0;
      while (most < count && Date.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        most = Math.max(most, product(core, "gemmNN", sizes[2]).threads);
        core.takeBack();
      }
      expect(most).toBeGreaterThanOrEqual(count);
    }

    // In this order: helpers, once started, cannot be stopped while the core is in use.
    const alone = new Map<string, Float32Array>();

    it("a leader with nobody's help: helpers are announced, none has started", () => {
      letHelp(core, 0);
      for (const form of forms) {
        for (const size of sizes) alone.set(`${form} ${size}`, product(core, form, size).result);
      }
      alone.set("train", trained(core));
      letHelp(core, 2);
      for (const form of forms) {
        for (const size of sizes) {
          const { result, threads: count } = product(core, form, size);
          expectSame(result, alone.get(`${form} ${size}`)!, `${form} ${size}`);
          expect(count).toBe(1);
        }
      }
      expectSame(trained(core), alone.get("train")!, "train");
    });

    it("a leader behind another one runs its chunks itself and leaves the pool alone", () => {
      const pool = new Int32Array(core.memory.buffer, core.pool, layout.POOL_BYTES >> 2);
      const before = pool.slice();
      pool[layout.POOL_LOCK >> 2] = 1;
      const { result } = product(core, "gemmNT", sizes[0]);
      pool[layout.POOL_LOCK >> 2] = 0;
      expectSame(result, alone.get(`gemmNT ${sizes[0]}`)!);
      expect(pool).toEqual(before);
    });

    it("a helper beyond the number asked for stays asleep", async () => {
      start({ name: "helper", index: 1 });
      letHelp(core, 2);
      await untilThreads(2);
      letHelp(core, 1);
      for (let k = 0; k < 20; k++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        expect(product(core, "gemmTN", sizes[2]).threads).toBe(1);
      }
    });

    it("two helpers: the same bytes", async () => {
      start({ name: "helper", index: 0 });
      letHelp(core, 2);
      await untilThreads(3);
      for (let round = 0; round < 5; round++) {
        for (const form of forms) {
          for (const size of sizes) {
            const { result } = product(core, form, size);
            expectSame(result, alone.get(`${form} ${size}`)!, `${form} ${size}`);
          }
        }
        core.takeBack();
      }
      expectSame(trained(core), alone.get("train")!, "train");
    });

    it("two leaders at the same time: the same bytes from both", async () => {
      letHelp(core, 2);
      const plan = placePlan(core, longRun());
      const ended = trainElsewhere(plan.address);
      let isTraining = true;
      void ended.then(() => {
        isTraining = false;
      });
      for (let round = 0; isTraining || round < 3; round++) {
        const { result } = product(core, "gemmNN", sizes[0]);
        expectSame(result, alone.get(`gemmNN ${sizes[0]}`)!, `round ${round}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      expect(await ended).toEqual({ kind: "ended", run: 1, status: layout.STATUS_FINISHED });
      expectSame(plan.parameters, alone.get("train")!, "train");
    });

    it("a leader does not end a job before a helper that woke late has left it", async () => {
      letHelp(core, 2);
      const pool = new Int32Array(core.memory.buffer, core.pool, layout.POOL_BYTES >> 2);
      Atomics.add(pool, layout.POOL_ACTIVE >> 2, 1); // as the helper's first act
      const { address, parameters } = placePlan(core, longRun());
      const ended = trainElsewhere(address);
      const wait = new Promise<string>((resolve) => setTimeout(resolve, 300, "waits"));
      expect(await Promise.race([ended, wait])).toBe("waits");
      Atomics.sub(pool, layout.POOL_ACTIVE >> 2, 1);
      expect(await ended).toEqual({ kind: "ended", run: 1, status: layout.STATUS_FINISHED });
      expectSame(parameters, alone.get("train")!, "train");
    });
  });
}
