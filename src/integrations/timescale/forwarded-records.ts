// What waits in the outbox for PostgreSQL: samples and metrics as JSON, and back.

import * as z from "zod/mini";
import { decodeBase64, encodeBase64, type StampedSample } from "../../foundation.ts";
import type { Sample } from "../../index.ts";
import type { MetricPoint } from "./postgres-metrics-store.ts";

const sampleRecord = z.object({
  time_ms: z.number(),
  /** f32 little endian, in base64: bit for bit. */
  input: z.string(),
  label: z.string(),
  /** As text: JSON has no -0. */
  weight: z.optional(z.string()),
  id: z.optional(z.string()),
  origin: z.optional(z.enum(["live", "replay", "peer"])),
});

const samplesRecord = z.object({
  kind: z.literal("samples"),
  model_id: z.string(),
  capacity: z.number(),
  sender: z.string(),
  sequence: z.number(),
  samples: z.array(sampleRecord),
});

const metricsRecord = z.object({
  kind: z.literal("metrics"),
  points: z.array(
    z.object({ time_ms: z.number(), model_id: z.string(), name: z.string(), value: z.number() }),
  ),
});

/** All there are. */
export const forwardedRecord = z.discriminatedUnion("kind", [samplesRecord, metricsRecord]);

/** What waits in the outbox. */
export type ForwardedRecord = z.output<typeof forwardedRecord>;

/** A sample as JSON. */
export function toWire({ timeMs, sample }: StampedSample): z.output<typeof sampleRecord> {
  const { input, label, weight, id, origin } = sample;
  return {
    time_ms: timeMs,
    input: textOf(input),
    label: textOf(label),
    ...(weight !== undefined && { weight: Object.is(weight, -0) ? "-0" : String(weight) }),
    ...(id !== undefined && { id }),
    // Samples of origin `benchmark` are refused before.
    ...(origin !== undefined && { origin: origin as "live" }),
  };
}

/** The sample that `toWire` was given. */
export function fromWire(record: z.output<typeof sampleRecord>): Sample {
  const { time_ms, input, label, weight, id, origin } = record;
  return {
    input: valuesOf(input),
    label: valuesOf(label),
    ...(weight !== undefined && { weight: Number(weight) }),
    timestamp: new Date(time_ms),
    ...(id !== undefined && { id }),
    ...(origin !== undefined && { origin }),
  };
}

/** The points of a record. */
export function pointsOf(record: z.output<typeof metricsRecord>): MetricPoint[] {
  return record.points.map(({ time_ms, model_id, name, value }) => ({
    time: time_ms,
    modelId: model_id,
    name,
    value,
  }));
}

function textOf({ buffer, byteOffset, byteLength }: Float32Array): string {
  return encodeBase64(new Uint8Array(buffer, byteOffset, byteLength));
}

function valuesOf(text: string): Float32Array {
  return new Float32Array(decodeBase64(text).slice().buffer);
}
