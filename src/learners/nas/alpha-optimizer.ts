// The architecture parameters of a search and how they move: by Adam (Kingma & Ba 2015).

import { softmax } from "../../index.ts";

/** Betas and weight decay of DARTS (Liu, Simonyan & Yang 2019, appendix A.1). */
const BETA1 = 0.5;
const BETA2 = 0.999;
const DECAY = 1e-3;
const TINY = 1e-8;

/** alpha by edge, f64, starting at 0: every operation weighs the same. */
export class AlphaOptimizer {
  readonly #alphas: Float64Array[];
  readonly #first: Float64Array[];
  readonly #second: Float64Array[];
  readonly #lr: number;
  #power1 = 1;
  #power2 = 1;

  constructor(edges: number, operations: number, lr: number) {
    const zeros = () => Array.from({ length: edges }, () => new Float64Array(operations));
    this.#alphas = zeros();
    this.#first = zeros();
    this.#second = zeros();
    this.#lr = lr;
  }

  /** One step from dL/dp: dL/dalpha_k = p_k (dL/dp_k - sum_m p_m dL/dp_m). */
  move(gradient: readonly Float64Array[]): void {
    this.#power1 *= BETA1;
    this.#power2 *= BETA2;
    for (const [edge, alphas] of this.#alphas.entries()) {
      const shares = softmax(alphas);
      const d = gradient[edge]!;
      // The shares are rounded to f32 and add up to 1 only nearly; what is the same for all
      // operations must cancel all the same, since Adam enlarges the smallest gradient.
      const total = shares.reduce((sum, share) => sum + share, 0);
      const mean = shares.reduce((sum, share, k) => sum + share * d[k]!, 0) / total;
      const [first, second] = [this.#first[edge]!, this.#second[edge]!];
      for (let k = 0; k < alphas.length; k++) {
        const g = shares[k]! * (d[k]! - mean) + DECAY * alphas[k]!;
        first[k] = BETA1 * first[k]! + (1 - BETA1) * g;
        second[k] = BETA2 * second[k]! + (1 - BETA2) * g * g;
        const root = Math.sqrt(second[k]! / (1 - this.#power2)) + TINY;
        alphas[k]! -= (this.#lr * first[k]!) / (1 - this.#power1) / root;
      }
    }
  }

  /** A copy of alpha, by edge. */
  alphas(): Float64Array[] {
    return this.#alphas.map((each) => each.slice());
  }

  /** softmax(alpha), by edge. */
  shares(): Float64Array[] {
    return this.#alphas.map(softmax);
  }
}
