// On memory that is not shared the core computes the same bytes.

import { describe, expect, it } from "vitest";
import { POOL_HELPERS } from "../../assembly/layout.ts";
import { unshare } from "../../src/core/unshare.ts";
import { Random } from "../reference/random.ts";
import { expectSame } from "./expect-within.ts";
import { analytic, layersOf, rowsOf, structured } from "./fisher-case.ts";
import { builds, type Core, openCore, readBinary } from "./harness.ts";
import { placePlan } from "./train-plan.ts";
import { normals } from "./values.ts";

const plan = {
  activation: "gelu",
  loss: "softmax-cross-entropy",
  last: "identity",
  hasLora: true,
} as const;

/** Numbers from every part of the core. */
const results: Record<string, (core: Core) => ArrayLike<number>> = {
  "a product that is cut into chunks": (core) => {
    const random = new Random(1);
    const [m, n, k] = [200, 96, 64];
    const [a, b] = [core.f32(normals(random, m * k)), core.f32(normals(random, n * k))];
    const c = core.f32(m * n);
    new Int32Array(core.memory.buffer, core.pool)[POOL_HELPERS >> 2] = 1;
    core.exports.gemmNN(c.byteOffset, a.byteOffset, b.byteOffset, m, n, k, 1, 0);
    new Int32Array(core.memory.buffer, core.pool)[POOL_HELPERS >> 2] = 0;
    return c;
  },
  "a training run": (core) => {
    const { address, parameters } = placePlan(core, {
      layers: layersOf(plan),
      loss: plan.loss,
      trainable: "all",
      samples: rowsOf(20),
      batchRows: 6,
      optimizer: "adamw",
      lr: 0.01,
      steps: 10,
    });
    core.exports.train(address, 10);
    return parameters;
  },
  "an analytic Fisher": (core) => analytic(core, layersOf(plan), rowsOf(9), plan.loss).fBase,
  "a structured Fisher": (core) => structured(core, layersOf(plan), rowsOf(9), plan.loss).fBase,
  "a callback Fisher": (core) => {
    const [theta, fisher] = [core.f64([0.5, -0.25]), core.f64(2)];
    core.sampleLoss = (sample) => Math.sin(theta[0]! * sample) + theta[1]! ** 3;
    core.exports.fisherCallback(fisher.byteOffset, theta.byteOffset, 2, 5);
    return fisher;
  },
  "a rolling Sharpe ratio": (core) => {
    const x = core.f64(normals(new Random(2), 500));
    const [out, window] = [core.f64(500), core.scratch(core.exports.windowBytes(20))];
    core.exports.rollingSharpe(out.byteOffset, x.byteOffset, 500, 20, 0, 1, window);
    return out;
  },
};

for (const build of builds) {
  describe(build, () => {
    const shared = openCore(build);
    const plain = openCore(build, { isShared: false, maxMiB: 16 });

    it.each(Object.entries(results))("%s", (_, compute) => {
      expectSame(compute(plain), compute(shared));
    });

    it("its memory is an ArrayBuffer, and full sooner than it grows", () => {
      expect(plain.memory.buffer).toBeInstanceOf(ArrayBuffer);
      const { buffer } = plain.memory;
      expect(() => plain.exports.allocate(2 ** 24)).toThrow(WebAssembly.RuntimeError);
      expect(plain.memory.buffer).toBe(buffer);
    });

    it("a binary can be unshared once", () => {
      const bytes = unshare(readBinary(build));
      expect(() => unshare(bytes)).toThrow("shared memory");
    });
  });
}
