// First values of parameters, drawn in the core from a seed.

import { RANDOM_BYTES } from "../../assembly/layout.ts";
import { withFrame } from "./arrays.ts";
import type { Block } from "./block.ts";
import { core } from "./instance.ts";
import type { NetworkDescription } from "./network-description.ts";

/** Fills f32[length] at an address with normals of a deviation, drawn where the last call ended. */
type FillNormal = (address: number, length: number, deviation: number) => void;

/** Calls `draw` with a generator that starts at `seed`. */
export function drawNormals(seed: number, draw: (fill: FillNormal) => void): void {
  const { exports } = core();
  withFrame((frame) => {
    const random = frame.scratch(RANDOM_BYTES);
    exports.randomSeed(random, seed);
    draw((address, length, deviation) => exports.fillNormal(address, length, deviation, random));
  });
}

/**
 * Fills W of every layer with normals of standard deviation sqrt(2/i) before relu and gelu (He et
 * al. 2015), which halve the variance, and sqrt(1/i) otherwise (LeCun et al. 1998). Biases stay 0.
 */
export function initializeWeights(
  description: NetworkDescription,
  base: Block,
  seed: number,
): void {
  drawNormals(seed, (fill) => {
    description.layers.forEach(({ inputSize, outputSize, activation }, index) => {
      const gain = activation === "relu" || activation === "gelu" ? 2 : 1;
      const at = base.address + 4 * description.offsets[index]!.weight;
      fill(at, inputSize * outputSize, Math.sqrt(gain / inputSize));
    });
  });
}

/**
 * Fills A of every adapter with normals of standard deviation sqrt(2/i); B stays 0, so that a fresh
 * adapter changes nothing.
 */
export function initializeAdapter(
  description: NetworkDescription,
  adapter: Block,
  seed: number,
): void {
  drawNormals(seed, (fill) => {
    description.layers.forEach(({ inputSize, rank }, index) => {
      const at = adapter.address + 4 * description.offsets[index]!.A;
      fill(at, rank * inputSize, Math.sqrt(2 / inputSize));
    });
  });
}
