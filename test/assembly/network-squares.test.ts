// With `squares`, backward adds up the squares of the gradients that single rows would give.

import { describe, expect, it } from "vitest";
import { LOSS_MSE } from "../../assembly/layout.ts";
import { Random } from "../reference/random.ts";
import { networkIn32 } from "../tolerance.ts";
import { builds, openCore } from "./harness.ts";
import { type LayerSpec, networkOf, place, type Tensors } from "./network-block.ts";
import { expectTensors, placeBatch, tensorsIn } from "./network-pass.ts";
import { normals, uniforms } from "./values.ts";

const shapes: { rows: number; inputs: number; layers: LayerSpec[] }[] = [
  { rows: 1, inputs: 1, layers: [{ outputs: 1 }] },
  { rows: 4, inputs: 5, layers: [{ outputs: 3, rank: 2, activation: "tanh" }] },
  {
    rows: 5,
    inputs: 17,
    layers: [
      { outputs: 16, activation: "gelu" },
      { outputs: 4, rank: 3 },
    ],
  },
  { rows: 65, inputs: 4, layers: [{ outputs: 9, hasBase: false, rank: 5 }, { outputs: 1 }] },
];

for (const build of builds) {
  describe(build, () => {
    const core = openCore(build);
    const { exports } = core;

    it.each(shapes)("$rows rows of $inputs into $layers", ({ rows, inputs, layers: specs }) => {
      const random = new Random(rows);
      const layers = networkOf(random, inputs, specs);
      const o = layers.at(-1)!.outputSize;
      const { network, base, adapter, blocks } = place(core, layers, "mse");
      const batch = placeBatch(core, {
        count: rows,
        input: normals(random, rows * inputs),
        label: uniforms(random, rows * o),
      });

      /** Gradients of n rows, or what `start` holds plus the sum of their squares. */
      const gradients = (from: number, n: number, start?: number): Tensors[] => {
        const dBase = core.f32(new Float32Array(blocks.base.length).fill(start ?? 0));
        const dAdapter = core.f32(new Float32Array(blocks.adapter.length).fill(start ?? 0));
        const workspace = core.scratch(exports.workspaceBytes(network, n));
        const x = batch.inputs + 4 * from * inputs;
        const y = exports.forward(network, base, adapter, x, n, workspace);
        const d = exports.outputGradient(network, n, workspace);
        exports.loss(d, y, batch.labels + 4 * from * o, 0, 0, n, o, LOSS_MSE, 0, n, 1);
        const squares = start === undefined ? 0 : core.scratch(exports.squaresBytes(network, n));
        const [intoBase, intoAdapter] = [dBase.byteOffset, dAdapter.byteOffset];
        exports.backward(network, base, adapter, intoBase, intoAdapter, n, workspace, squares);
        return tensorsIn(layers, dBase, dAdapter);
      };

      const sums = gradients(0, 1).map(() => ({}) as Tensors);
      for (let row = 0; row < rows; row++) {
        gradients(row, 1).forEach((tensors, l) => {
          for (const name of ["weight", "bias", "A", "B"] as const) {
            const sum = sums[l]!;
            sum[name] = tensors[name]?.map((g, p) => (sum[name]?.[p] ?? 0.5) + g * g);
          }
        });
      }
      expectTensors(gradients(0, rows, 0.5), sums, 2 * networkIn32(layers, rows));
      expect(sums).toHaveLength(layers.length);
    });
  });
}
