// A training plan for the core's step loop, written straight into its memory: plain SGD, every
// batch the whole of the samples, no clipping, no end.

import * as layout from "../assembly/layout.ts";
import { Block } from "../src/core/block.ts";
import { core } from "../src/core/instance.ts";
import type { NetworkDescription } from "../src/core/network-description.ts";
import type { SampleBlock } from "../src/core/sample-block.ts";

/** Runs steps of one plan on the calling thread. */
export class StepLoop {
  /** What is trained, the adapter when there is one, else the base: a copy of what came in. */
  readonly #parameters: Block;
  readonly #plan: Block;
  /** Everything the plan points to lives as long as the loop. */
  readonly #blocks: Block[] = [];

  /** `description` and `samples` are kept: the plan holds nothing but their addresses. */
  constructor(
    readonly description: NetworkDescription,
    parameters: Float32Array,
    readonly samples: SampleBlock,
    lr: number,
  ) {
    const { exports } = core();
    const rows = samples.rows;
    const bytes = 4 * parameters.length;
    this.#parameters = this.#take(bytes);
    this.#parameters.f32().set(parameters);
    this.#plan = this.#take(layout.PLAN_BYTES);
    const gradient = this.#take(bytes).address;
    const fields = this.#plan.fields();
    const set = (offset: number, value: number) => fields.setInt32(offset, value, true);
    const network = description.block.address;
    set(layout.PLAN_NETWORK, network);
    set(layout.PLAN_PARAMETERS, this.#parameters.address);
    set(layout.PLAN_COUNT, parameters.length);
    set(layout.PLAN_GRADIENT, gradient);
    const isAdapter = description.adapterCount > 0;
    set(isAdapter ? layout.PLAN_ADAPTER : layout.PLAN_BASE, this.#parameters.address);
    set(isAdapter ? layout.PLAN_GRADIENT_ADAPTER : layout.PLAN_GRADIENT_BASE, gradient);
    set(layout.PLAN_INPUTS, samples.inputs);
    set(layout.PLAN_LABELS, samples.labels);
    set(layout.PLAN_ROWS, rows);
    set(layout.PLAN_BATCH_ROWS, rows);
    set(layout.PLAN_WORKSPACE, this.#take(exports.workspaceBytes(network, rows)).address);
    set(layout.PLAN_OUTPUTS, this.#take(4 * rows * description.outputSize).address);
    set(layout.PLAN_PNL, this.#take(8 * rows).address);
    set(layout.PLAN_OPTIMIZER, layout.OPTIMIZER_SGD);
    set(layout.PLAN_MAX_STEPS, 2 ** 31 - 1);
    fields.setFloat64(layout.PLAN_LR, lr, true);
    fields.setFloat64(layout.PLAN_CLIP, Number.POSITIVE_INFINITY, true);
  }

  #take(sizeBytes: number): Block {
    const block = new Block(sizeBytes, "bench");
    this.#blocks.push(block);
    return block;
  }

  /** Does `count` steps in one call. Throws when the run diverges. */
  run(count: number): void {
    const status = core().exports.train(this.#plan.address, count);
    if (status !== layout.STATUS_RUNNING) throw new Error(`Training ended with status ${status}.`);
  }

  /** Loss of the last step's batch, before its move. */
  get loss(): number {
    return this.#plan.fields().getFloat64(layout.PLAN_LOSS, true);
  }

  /** A copy of what has been trained. */
  parameters(): Float32Array {
    return this.#parameters.f32().slice();
  }

  dispose(): void {
    for (const block of this.#blocks) block.dispose();
  }
}
