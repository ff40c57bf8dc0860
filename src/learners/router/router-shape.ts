// The sizes of a router's networks, as a version keeps them.

import * as z from "zod/mini";
import { DriftkeelError } from "../../index.ts";
import { english } from "./english.ts";
import { CANDIDATE_SIZE, situationSize } from "./features.ts";
import { toCamel, toSnake } from "./naming.ts";
import type { HeadShape } from "./policy-head.ts";
import { networkSchema } from "./router-options.ts";
import { DECISION_TYPES } from "./trajectory.ts";

/** The names of the two networks, which start those of their tensors and parts. */
export const HEAD_NAMES = ["types", "candidates"] as const;
/** The part of a version that holds the sizes. */
export const SHAPE_PART = "router.json";

const shapeRecord = z.extend(networkSchema, { formatVersion: z.literal(1) });

/** Sizes with their defaults. */
export type RouterShape = z.output<typeof networkSchema>;

/** The sizes as the bytes of their part. */
export function encodeShape(shape: RouterShape): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(toSnake({ formatVersion: 1, ...shape })));
}

/** What `encodeShape` wrote. Throws FILE_CORRUPT. */
export function readShape(bytes: Uint8Array | undefined): RouterShape {
  try {
    const { formatVersion: _, ...options } = shapeRecord.parse(
      toCamel(JSON.parse(new TextDecoder().decode(bytes))),
      english,
    );
    return options;
  } catch (cause) {
    throw new DriftkeelError(
      "FILE_CORRUPT",
      `Expected a version of a router, which holds ${SHAPE_PART}, got another; choose one that ` +
        "a router cycle has saved.",
      { cause },
    );
  }
}

/** The two networks, in the order of HEAD_NAMES. */
export function shapesOf(options: RouterShape): HeadShape[] {
  return [
    {
      name: HEAD_NAMES[0],
      inputSize: situationSize(options.wordBuckets),
      hiddenSize: options.typeHidden,
      outputSize: DECISION_TYPES.length,
      loss: "softmax-cross-entropy",
      seed: options.seed,
    },
    {
      name: HEAD_NAMES[1],
      inputSize: CANDIDATE_SIZE,
      hiddenSize: options.candidateHidden,
      outputSize: 1,
      loss: "binary-cross-entropy",
      seed: options.seed,
    },
  ];
}
