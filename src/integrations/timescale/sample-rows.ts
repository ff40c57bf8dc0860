// The rows of the table of samples: columns as the driver sends them, and samples out of rows.

import * as z from "zod/mini";
import { type PlacedSample, type StampedSample, textOfJson } from "../../foundation.ts";
import type { Sample } from "../../index.ts";
import type { Row } from "./postgres-driver.ts";

/** Bytes of arrays, and rows, that one statement sends: beyond this a row costs no less. */
const PORTION_BYTES = 4_194_304;
const PORTION_ROWS = 2000;

/** The columns that are written, with the types of the arrays that bring them. */
export const WRITTEN_COLUMNS = {
  time_ms: "bigint[]",
  input: "bytea[]",
  label: "bytea[]",
  weight: "float8[]",
  id: "text[]",
  origin: "text[]",
} as const;

/** Samples in groups of which each fits into one statement; in order. */
export function* portionsOf(samples: readonly StampedSample[]): Generator<StampedSample[]> {
  let portion: StampedSample[] = [];
  let bytes = 0;
  for (const each of samples) {
    const size = each.sample.input.byteLength + each.sample.label.byteLength;
    const isFull = portion.length === PORTION_ROWS || bytes + size > PORTION_BYTES;
    if (isFull && portion.length > 0) {
      yield portion;
      [portion, bytes] = [[], 0];
    }
    portion.push(each);
    bytes += size;
  }
  if (portion.length > 0) yield portion;
}

/** One array for each of WRITTEN_COLUMNS. The buffers are views of the samples' arrays. */
export function columnsOf(samples: readonly StampedSample[]): unknown[][] {
  const of = (value: (sample: Sample) => unknown) => samples.map(({ sample }) => value(sample));
  return [
    samples.map(({ timeMs }) => timeMs),
    of(({ input }) => bytesOf(input)),
    of(({ label }) => bytesOf(label)),
    of(({ weight = null }) => (Object.is(weight, -0) ? "-0" : weight)),
    of(({ id }) => (id === undefined ? null : JSON.stringify(id))),
    of(({ origin = null }) => origin),
  ];
}

/** f32 little endian. */
function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

const isF32 = (bytes: unknown): boolean =>
  bytes instanceof Uint8Array && bytes.length > 0 && bytes.length % 4 === 0;
const f32 = z.pipe(z.custom<Uint8Array>(isF32), z.transform(valuesOf));

/** The arrays of the driver lie inside larger ones, at any offset. */
function valuesOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/** Both are far below 2^53. */
const integer = z.pipe(z.string(), z.transform(Number));

const row = z.object({
  position: integer,
  time_ms: integer,
  input: f32,
  label: f32,
  weight: z.nullable(z.number()),
  id: z.nullable(z.pipe(z.string(), z.transform(textOfJson))),
  origin: z.nullable(z.enum(["live", "replay", "peer"])),
});

/** A row's sample and its place; undefined for a row that is no sample. */
export function placedSampleOf(record: Row): PlacedSample | undefined {
  const parsed = row.safeParse(record);
  if (!parsed.success) return undefined;
  const { position, time_ms: timeMs, input, label, weight, id, origin } = parsed.data;
  const sample: Sample = {
    input,
    label,
    ...(weight !== null && { weight }),
    timestamp: new Date(timeMs),
    ...(id !== null && { id }),
    ...(origin !== null && { origin }),
  };
  return { position, timeMs, sample };
}
