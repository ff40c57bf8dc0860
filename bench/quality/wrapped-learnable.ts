// A learnable whose proposals a bench looks at or spoils.

import type { Learnable, ModelVersion } from "../../src/model/learnable.ts";
import type { Sample } from "../../src/model/sample.ts";

/** How a candidate comes about. */
export type Propose = Learnable["propose"];

/** Passes everything on to the learnable inside, but for the proposals. */
export class WrappedLearnable implements Learnable {
  readonly propose: Propose;
  readonly #inside: Learnable;

  constructor(inside: Learnable, propose: Propose) {
    this.#inside = inside;
    this.propose = propose;
  }

  get inputSize(): number {
    return this.#inside.inputSize;
  }

  get outputSize(): number {
    return this.#inside.outputSize;
  }

  initial(): ModelVersion {
    return this.#inside.initial();
  }

  load(weights: ReadonlyMap<string, Float32Array>): ModelVersion {
    return this.#inside.load(weights);
  }

  check(name: string, samples: readonly Sample[]): void {
    this.#inside.check(name, samples);
  }

  fisher(version: ModelVersion, samples: readonly Sample[]): Float32Array {
    return this.#inside.fisher(version, samples);
  }
}
