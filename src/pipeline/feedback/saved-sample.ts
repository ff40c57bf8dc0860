// A sample as JSON: arrays as base64 of their little-endian bytes, which keeps every bit, the sign
// of zero included.

import * as z from "zod/mini";
import { decodeBase64, encodeBase64 } from "../../base64.ts";
import { DriftkeelTypeError } from "../../errors.ts";
import type { Sample } from "../../model/sample.ts";
import { copySample, type SampleShape } from "./sample-copy.ts";

const BASE64 = "base64 text";

/** What `saveSample` returns; `timestamp` in milliseconds since 1970. */
export const savedSample = z.strictObject({
  input: z.base64(BASE64),
  label: z.base64(BASE64),
  weight: z.optional(z.number()),
  timestamp: z.optional(z.number()),
  id: z.optional(z.string()),
  origin: z.optional(z.enum(["live", "replay", "peer"])),
});

type SavedSample = z.infer<typeof savedSample>;

/** `sample` as JSON; undefined fields are left out. */
export function saveSample(sample: Sample): SavedSample {
  const { input, label, timestamp, ...rest } = sample;
  return {
    input: toBase64(input),
    label: toBase64(label),
    ...(timestamp !== undefined && { timestamp: timestamp.getTime() }),
    ...(rest as Pick<SavedSample, "weight" | "id" | "origin">),
  };
}

/** The sample that was saved. Throws STATE_INVALID when `copySample` would refuse it. */
export function loadSample(saved: SavedSample, shape?: SampleShape): Sample {
  const { input, label, timestamp, ...rest } = saved;
  const sample = {
    input: fromBase64(input),
    label: fromBase64(label),
    ...(timestamp !== undefined && { timestamp: new Date(timestamp) }),
    ...rest,
  };
  try {
    return copySample(sample as Sample, shape);
  } catch (error) {
    const reason = (error as Error).message;
    throw new DriftkeelTypeError("STATE_INVALID", `A saved sample is not valid. ${reason}`);
  }
}

function toBase64(values: Float32Array): string {
  return encodeBase64(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

function fromBase64(text: string): Float32Array {
  const bytes = decodeBase64(text);
  // No array of f32 has such a number of bytes: an empty one stands for it, which is refused.
  return bytes.length % 4 === 0 ? new Float32Array(bytes.buffer) : new Float32Array(0);
}
