// The gate's model as arithmetic: tokens to the input of a network.
//
// Letters: b buckets, e size of an embedding, n tokens of a piece.

import { contentHash } from "../../foundation.ts";
import { MAX_RECENT_CALLS, RECENT_CALL, RESERVED_IDS } from "./signal-tokens.ts";

const NOTHING = new Float32Array(0);
/** Separates the hashes of single tokens from those of whole pieces. */
const TOKEN_SEED = 1;
const PIECE_SEED = 2;

/**
 * f32[b + 1]: counts of hashed tokens, normalised in each piece, and the risk score.
 *
 * A piece is what stands between two reserved tokens: the tool, the source, each preceding tool.
 * Its tokens and the piece as a whole are hashed together with the reserved token before them, so
 * that a tool and a preceding tool of the same name have embeddings of their own; each adds
 * +-1/sqrt(n) to its bucket (signed hashing, Weinberger et al. 2009: collisions cancel in the
 * mean). Recent calls add 1/10 each.
 *
 * The network's first layer, W [e x b], times this vector is the sum over pieces of the
 * mean (but for sqrt(n)) of its tokens' embeddings, which are the columns of W: a table of hashed
 * embeddings and a linear layer on normalised counts are the same function with the same gradient.
 */
export function tokenFeatures(
  tokens: readonly number[],
  buckets: number,
  riskScore: number,
): Float32Array {
  const features = new Float32Array(buckets + 1);
  const add = (content: readonly number[], seed: number, amount: number) => {
    const hash = contentHash({ input: Float32Array.from(content), label: NOTHING }, seed);
    // The lowest bit decides the sign, the others the bucket.
    features[(hash >>> 1) % buckets]! += hash & 1 ? amount : -amount;
  };
  for (const { marker, piece } of piecesOf(tokens)) {
    if (marker === RECENT_CALL) add([marker], TOKEN_SEED, 1 / MAX_RECENT_CALLS);
    if (piece.length === 0) continue;
    const amount = 1 / Math.sqrt(piece.length);
    for (const token of piece) add([marker, token], TOKEN_SEED, amount);
    add([marker, ...piece], PIECE_SEED, 1);
  }
  features[buckets] = riskScore;
  return features;
}

/** Each reserved token with the tokens that follow it. */
function piecesOf(tokens: readonly number[]): { marker: number; piece: number[] }[] {
  const pieces: { marker: number; piece: number[] }[] = [];
  for (const token of tokens) {
    if (token < RESERVED_IDS) pieces.push({ marker: token, piece: [] });
    else pieces.at(-1)?.piece.push(token);
  }
  return pieces;
}
