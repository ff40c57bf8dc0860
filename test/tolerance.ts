// How far the core, in f32 and f64, may lie from its references: every tolerance with its reason.
//
// U32 and U64 are the largest relative error of one rounded operation, half the gap between 1 and
// the next number. A bound counts the roundings that can fall on one result, to first order, and is
// relative to the sum of the magnitudes of what is added up unless it says otherwise: a sum that
// cancels is only as exact as its terms.

import { K_BLOCK } from "../assembly/layout.ts";

export const U32 = 2 ** -24;
export const U64 = 2 ** -53;

/** A sum of n products in f32 that is accumulated in f64: one rounding per product, n additions. */
export function dotIn64(n: number): number {
  return U32 + n * U64;
}

/** A sum of n numbers in f64, terms exact. */
export function sumIn64(n: number): number {
  return n * U64;
}

/**
 * A sum of k products in f32, cut into blocks of K_BLOCK terms (assembly/kernels/matrix.ts): one
 * rounding of the product, one per addition inside a block, one per block, one for alpha.
 */
export function dotInBlocks(k: number): number {
  return (Math.min(k, K_BLOCK) + Math.ceil(k / K_BLOCK) + 2) * U32;
}

/** tanh and sigmoid in f32: 4 units in the last place (assembly/kernels/elementary.ts). */
const ELEMENTARY = 8 * U32;

/** An activation of z, relative to max(1, |z|): gelu is z times a tanh, the others at most 1. */
export const ACTIVATION = ELEMENTARY;

/**
 * The derivative of an activation, absolute: tanh' = 1 - y^2 and sigmoid' = y (1 - y) carry the
 * error of y at most twice and round three times; gelu' adds to its tanh a product of six factors
 * that is at most 1.13.
 */
export const SLOPE = 2 * ELEMENTARY + 10 * U32;

/** A central difference of a smooth f64 function, relative: it loses a third of the digits. */
export const DIFFERENCE = 1e-8;

/** A loss in f32 terms: the error rounds once, its square carries that twice and rounds itself. */
export const LOSS_TERM = 4 * U32;

/**
 * A softmax: each exponential to 2 units in the last place; rounding z - top moves e^(z - top) by
 * |z - top| e^(z - top) U32, at most 0.37 U32; the quotient rounds once. Relative to the whole, 1.
 */
export const SOFTMAX = 8 * U32;

/** A loss in f64 of n terms: four operations each, exp and log to 4 units in the last place. */
export function lossIn64(n: number): number {
  return (8 + n) * U64;
}

/** Sizes of a layer, as far as rounding goes. */
interface LayerSize {
  inputSize: number;
  outputSize: number;
  adapter?: { rank: number } | undefined;
}

/**
 * A forward and a backward pass in f32, relative to the largest element of the tensor at hand: the
 * terms of all sums on the way, i and o of every layer and twice its rank, 16 roundings per layer
 * for activation, slope and loss, and the rows that a gradient adds up. The terms count fully, as
 * if roundings never cancelled: that covers sums whose terms cancel, since of k random terms about
 * sqrt(k) remain and about sqrt(k) roundings add up. Forward and backward: twice.
 */
export function networkIn32(layers: readonly LayerSize[], rows: number): number {
  let terms = Math.min(rows, K_BLOCK) + rows / K_BLOCK;
  for (const { inputSize, outputSize, adapter } of layers) {
    terms += inputSize + outputSize + 2 * (adapter?.rank ?? 0) + 16;
  }
  return 2 * terms * U32;
}

/**
 * One move of an optimiser, relative to the largest of |theta|, |lr g| and the like: AdamW, the
 * longest, rounds 16 times from the gradient to the weight, its constants included.
 */
export const MOVE = 16 * U32;

/**
 * The EWC penalty, relative: all terms are >= 0, so nothing cancels; a term rounds 4 times (the
 * difference counts twice), a lane adds 8 of them, and 4 runs are joined before f64 takes over.
 */
export const PENALTY = 14 * U32;

/**
 * The Sharpe ratio of a window of n returns, relative to the ratio plus sqrt(annualization): sums
 * of n terms around a value of the window, whose square is at most n + 1 times the variance, so
 * that the n roundings of a sum weigh n + 1 times in it.
 */
export function windowIn64(n: number): number {
  return 2 * (n + 2) ** 2 * U64;
}
