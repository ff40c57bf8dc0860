// LoRA in the core agrees with PyTorch: outputs, loss, gradients, and the weights after some steps.

import { describe, expect, it } from "vitest";
import { STATUS_DIVERGED } from "../../assembly/layout.ts";
import {
  type LoraCase,
  type LoraRun,
  layerOf,
  readPytorchVectors,
} from "../reference/pytorch-vectors.ts";
import { networkIn32 } from "../tolerance.ts";
import { expectRun } from "./expect-run.ts";
import { expectNear, expectWithin } from "./expect-within.ts";
import { builds, openCore } from "./harness.ts";
import { place, type Tensors, unpack } from "./network-block.ts";
import { expectTensors, passes, tensorsIn } from "./network-pass.ts";
import { placePlan, type Run } from "./train-plan.ts";
import { largest } from "./values.ts";

const { lora } = readPytorchVectors();

function batchOf({ rows, input, label, rowWeight }: LoraCase) {
  return { count: rows, input, label, rowWeight };
}

/** One of PyTorch's runs as a plan of the core. */
function runOf(each: LoraCase, { optimizer, steps, lr, ...rest }: LoraRun): Run {
  return {
    layers: [layerOf(each.layer, "identity")],
    loss: "mse",
    trainable: "adapter",
    samples: batchOf(each),
    optimizer,
    steps,
    lr,
    momentum: optimizer === "adamw" ? 0.9 : (rest.momentum ?? 0),
    decay: rest.weightDecay ?? 0,
    clip: rest.clipNorm ?? Number.POSITIVE_INFINITY,
  };
}

/** Some runs explode; beyond 1e19 the square of an error does not fit f32. */
function isLearning({ a, b }: LoraRun): boolean {
  return largest([...a, ...b]) < 1e19;
}

for (const build of builds) {
  describe.each(lora)(`${build} $name`, (each) => {
    const core = openCore(build);
    const layers = [layerOf(each.layer, "identity")];
    const relative = networkIn32(layers, each.rows);

    it("output, loss and gradients", () => {
      const placed = place(core, layers, "mse");
      const trained = { base: false, adapter: true };
      const { output, value, dAdapter } = passes(
        core,
        layers,
        placed,
        batchOf(each),
        "mse",
        {},
        trained,
      );
      expectWithin(output, each.output, relative * largest(each.output), "output");
      expectNear(value, each.loss, relative * each.loss, "loss");
      const [{ A, B } = {}] = tensorsIn(layers, placed.blocks.base, dAdapter);
      const golden: Tensors = { A: Float64Array.from(each.dA), B: Float64Array.from(each.dB) };
      expectTensors([{ A, B }], [golden], relative);
    });

    it.each(each.runs.filter(isLearning))(
      "$steps of $optimizer, decay $weightDecay, clip $clipNorm",
      (golden) => {
        const run = runOf(each, golden);
        const { plan, allowed } = expectRun(core, run);
        const learned = structuredClone(run.layers);
        unpack(learned, { base: new Float64Array(0), adapter: Float64Array.from(plan.parameters) });
        const { A, B } = learned[0]!.adapter!;
        // The references agree with PyTorch to 1e-11, the core is held to the same tolerance.
        expectWithin(A, golden.a, allowed, "A");
        expectWithin(B, golden.b, allowed, "B");
        expect(A.length + B.length).toBe(plan.parameters.length);
      },
    );

    it("a run that explodes is reported", () => {
      for (const golden of each.runs.filter((run) => !isLearning(run))) {
        const plan = placePlan(core, runOf(each, golden));
        expect(core.exports.train(plan.address, golden.steps)).toBe(STATUS_DIVERGED);
      }
    });
  });
}
