// EWC on parameter vectors: the kernels of assembly/ewc.ts for any Float32Array.

import { withFrame } from "./arrays.ts";
import { Block } from "./block.ts";
import { core } from "./instance.ts";

/** f32[P] kept in the core's memory for the kernels. */
export class Vector {
  readonly length: number;
  readonly #block: Block;

  constructor(values: Float32Array, owner: string) {
    this.length = values.length;
    this.#block = new Block(4 * values.length, owner);
    this.#block.f32(0, this.length).set(values);
  }

  get address(): number {
    return this.#block.address;
  }

  /** Bytes held; 0 after a dispose. */
  get sizeBytes(): number {
    return this.#block.isDisposed ? 0 : this.#block.sizeBytes;
  }

  /** Throws DISPOSED after a dispose. */
  checkLive(): void {
    this.#block.checkLive();
  }

  copy(): Float32Array {
    return this.#block.f32(0, this.length).slice();
  }

  dispose(): void {
    this.#block.dispose();
  }
}

/** (lambda / 2) sum F (theta - baseline)^2. theta: f32[P]. */
export function penalty(
  theta: Float32Array,
  baseline: Vector,
  fisher: Vector,
  lambda: number,
): number {
  return withFrame((frame) =>
    core().exports.ewcPenalty(
      frame.read(theta),
      baseline.address,
      fisher.address,
      baseline.length,
      lambda,
    ),
  );
}

/** grad += lambda F (theta - baseline); returns the penalty. grad, theta: f32[P], apart. */
export function addGradient(
  grad: Float32Array,
  theta: Float32Array,
  baseline: Vector,
  fisher: Vector,
  lambda: number,
): number {
  return withFrame((frame) =>
    core().exports.ewcAddGradient(
      frame.write(grad),
      frame.read(theta),
      baseline.address,
      fisher.address,
      baseline.length,
      lambda,
    ),
  );
}

/** theta = (theta + a baseline) / (1 + a), a = strength F, in place. */
export function proximalStep(
  theta: Float32Array,
  baseline: Vector,
  fisher: Vector,
  strength: number,
): void {
  withFrame((frame) =>
    core().exports.ewcProximalStep(
      frame.write(theta),
      baseline.address,
      fisher.address,
      baseline.length,
      strength,
    ),
  );
}

/** fisher = keep fisher + gain fresh, in place. */
export function consolidate(fisher: Vector, fresh: Float32Array, keep: number, gain: number): void {
  withFrame((frame) =>
    core().exports.fisherConsolidate(fisher.address, frame.read(fresh), fisher.length, keep, gain),
  );
}

/** A new vector: scale * source. */
export function scaled(source: Vector, scale: number, owner: string): Vector {
  const result = new Vector(new Float32Array(source.length), owner);
  core().exports.axpy(result.address, source.address, source.length, scale);
  return result;
}

/** Sum of a vector in f64. */
export function sumOf(vector: Vector): number {
  return core().exports.sum(vector.address, vector.length);
}

/** Mean over rows of squared gradients: f32[P] from f32[S x P]. */
export function meanSquares(gradients: Float32Array, samples: number): Float32Array {
  const count = gradients.length / samples;
  const means = new Float32Array(count);
  withFrame((frame) => {
    core().exports.meanSquares(frame.write(means), frame.read(gradients), samples, count);
  });
  return means;
}
