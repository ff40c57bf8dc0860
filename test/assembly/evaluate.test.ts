// Outputs, predictions and losses over many rows agree with the references, chunk after chunk.

import { describe, expect, it } from "vitest";
import { EVALUATION_ROWS } from "../../assembly/layout.ts";
import { forward } from "../reference/network.ts";
import { lossInput, networkLoss } from "../reference/network-loss.ts";
import { Random } from "../reference/random.ts";
import { networkIn32 } from "../tolerance.ts";
import { expectNear, expectSame, expectWithin } from "./expect-within.ts";
import { builds, type Core, openCore } from "./harness.ts";
import { lossNames, networkOf, place } from "./network-block.ts";
import { placeBatch } from "./network-pass.ts";
import { largest, normals, uniforms } from "./values.ts";

/** Around the rows that are judged at once. */
const counts = [1, 2, EVALUATION_ROWS - 1, EVALUATION_ROWS, EVALUATION_ROWS + 1, 1000];

const layers = networkOf(new Random(1), 5, [
  { outputs: 7, activation: "gelu", rank: 2 },
  { outputs: 3, activation: "sigmoid" },
]);
const relative = networkIn32(layers, EVALUATION_ROWS);

function batchOf(count: number) {
  const random = new Random(count);
  const [input, label] = [normals(random, 5 * count), uniforms(random, 3 * count)];
  return { count, input, label, rowWeight: uniforms(random, count) };
}

/** The network with a loss, in the core, with workspace for so many rows. */
function placed(core: Core, loss: (typeof lossNames)[number], rows: number) {
  const { network, base, adapter } = place(core, layers, loss, 0.01);
  const judged = Math.min(rows, EVALUATION_ROWS);
  const workspace = core.scratch(core.exports.workspaceBytes(network, judged));
  return { network, base, adapter, workspace };
}

for (const build of builds) {
  describe.each(counts)(`${build} %i rows`, (rows) => {
    const core = openCore(build);

    it("outputsOf keeps what the loss reads, predict what a user calls the output", () => {
      const batch = batchOf(rows);
      const traces = forward(layers, batch.input, rows);
      for (const loss of ["mse", "binary-cross-entropy"] as const) {
        const { network, base, adapter, workspace } = placed(core, loss, rows);
        const { inputs } = placeBatch(core, batch);
        const [read, shown] = [core.f32(3 * rows), core.f32(3 * rows)];
        const model = [network, base, adapter, inputs, rows, workspace] as const;
        core.exports.outputsOf(read.byteOffset, ...model);
        core.exports.predict(shown.byteOffset, ...model);
        const exact = lossInput(layers, traces, loss);
        expectWithin(read, exact, relative * largest(exact), `outputs for ${loss}`);
        expectWithin(shown, traces.at(-1)!.output, relative, `prediction under ${loss}`);
      }
    });

    it.each(lossNames)("evaluate by %s, with and without weights", (loss) => {
      const batch = batchOf(rows);
      const { network, base, adapter, workspace } = placed(core, loss, rows);
      const { inputs, labels, weights } = placeBatch(core, batch);
      const evaluate = (w: number) =>
        core.exports.evaluate(
          network,
          base,
          adapter,
          inputs,
          labels,
          w,
          rows,
          core.f32(3 * rows).byteOffset,
          core.f64(rows).byteOffset,
          workspace,
        );
      const { rowWeight, ...unweighted } = batch;
      const exact = [batch, unweighted].map(
        (each) => networkLoss(layers, each, loss, { cost: 0.01 }).value,
      );
      [weights, 0].forEach((w, k) => {
        const value = exact[k]!;
        expectNear(evaluate(w), value, relative * (1 + value * value), `weights ${w !== 0}`);
      });
      expect(rowWeight).toHaveLength(rows);
    });
  });

  describe(`${build} a row`, () => {
    const core = openCore(build);

    it("has the same bits alone and among others", () => {
      const { input } = batchOf(300);
      const { network, base, adapter, workspace } = placed(core, "mse", 300);
      const [all, one] = [core.f32(900), core.f32(3)];
      const inputs = core.f32(input).byteOffset;
      core.exports.predict(all.byteOffset, network, base, adapter, inputs, 300, workspace);
      for (const row of [0, 1, 255, 256, 299]) {
        const at = inputs + 20 * row;
        core.exports.predict(one.byteOffset, network, base, adapter, at, 1, workspace);
        expectSame(one, all.subarray(3 * row, 3 * row + 3), `row ${row}`);
      }
    });
  });
}
