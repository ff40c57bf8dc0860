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

/** An activation of z, relative to max(1, |z|): gelu is z times a tanh, the others lie in [-1, 1]. */
export const ACTIVATION = ELEMENTARY;

/**
 * The derivative of an activation, absolute: tanh' = 1 - y^2 and sigmoid' = y (1 - y) carry the
 * error of y at most twice and round three times; gelu' adds to its tanh a product of six factors
 * that is at most 1.13.
 */
export const SLOPE = 2 * ELEMENTARY + 10 * U32;

/** A central difference of a smooth f64 function, relative: the best loses a third of the digits. */
export const DIFFERENCE = 1e-8;
