// How a new Fisher joins the old ones: decayed sum or bias-corrected average.

import * as vectors from "../../core/ewc-vectors.ts";
import { Vector } from "../../core/ewc-vectors.ts";
import { DriftkeelRangeError } from "../../errors.ts";

/** Rule by which Fishers are joined. */
export interface ConsolidationRule {
  consolidation: "sum" | "ema";
  /** Memory of what was there: 0..1, below 1 for `ema`. */
  gamma: number;
  /** Scales the result to mean 1. */
  normalize: boolean;
}

/**
 * Accumulates Fishers, f32[P] each: `sum` F <- gamma F + F_new; `ema` F <- gamma F + (1 - gamma)
 * F_new, read as F / (1 - gamma^updates), the bias correction of an average that started at 0.
 */
export class FisherMemory {
  readonly #rule: ConsolidationRule;
  /** As accumulated, and as the penalty reads it (bias corrected, normalised). */
  #accumulated: Vector | undefined;
  #effective: Vector | undefined;
  #updates = 0;

  constructor(rule: ConsolidationRule) {
    this.#rule = rule;
  }

  /** Continues from an accumulated Fisher of `updates` joins. */
  restore(accumulated: Float32Array | undefined, updates: number): void {
    if (accumulated) this.#replace(new Vector(accumulated, "Ewc"), updates);
    else this.clear();
  }

  /** Joins one Fisher. Throws VALUE_NOT_FINITE when it or the sum is not; nothing changes then. */
  add(fresh: Float32Array): void {
    if (!fresh.every(Number.isFinite)) throw overflowed("a squared gradient");
    const { consolidation, gamma } = this.#rule;
    const joined = new Vector(this.#accumulated?.copy() ?? new Float32Array(fresh.length), "Ewc");
    try {
      vectors.consolidate(joined, fresh, gamma, consolidation === "ema" ? 1 - gamma : 1);
      if (!Number.isFinite(vectors.sumOf(joined))) throw overflowed("the sum with the old one");
      this.#replace(joined, this.#updates + 1);
    } catch (error) {
      joined.dispose();
      throw error;
    }
  }

  /** Takes over an accumulated Fisher once the effective one has been derived from it. */
  #replace(accumulated: Vector, updates: number): void {
    const { consolidation, gamma, normalize } = this.#rule;
    let scale = consolidation === "ema" ? 1 / (1 - power(gamma, updates)) : 1;
    if (normalize) {
      const sum = vectors.sumOf(accumulated);
      if (sum > 0) scale = accumulated.length / sum;
    }
    const effective = scale === 1 ? accumulated : vectors.scaled(accumulated, scale, "Ewc");
    this.clear();
    this.#accumulated = accumulated;
    this.#effective = effective;
    this.#updates = updates;
  }

  /** What the penalty uses; undefined before the first join. */
  get effective(): Vector | undefined {
    return this.#effective;
  }

  /** A copy of the accumulated Fisher, before correction and normalisation. */
  accumulated(): Float32Array | undefined {
    return this.#accumulated?.copy();
  }

  /** Fishers joined so far. */
  get updates(): number {
    return this.#updates;
  }

  /** Bytes of core memory held. */
  get sizeBytes(): number {
    const own = this.#accumulated?.sizeBytes ?? 0;
    return this.#effective === this.#accumulated ? own : own + this.#effective!.sizeBytes;
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    if (this.#effective !== this.#accumulated) this.#effective?.dispose();
    this.#accumulated?.dispose();
    this.#accumulated = undefined;
    this.#effective = undefined;
    this.#updates = 0;
  }
}

function overflowed(what: string): DriftkeelRangeError {
  return new DriftkeelRangeError(
    "VALUE_NOT_FINITE",
    `Expected a finite Fisher, but ${what} overflowed. Scale the loss or the inputs down.`,
  );
}

/** base^exponent by repeated squaring: `**` may differ between hosts in the last bit. */
function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
