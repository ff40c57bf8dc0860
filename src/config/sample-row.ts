// A sample as files and requests bring it: an object of JSON. The one place where its names are
// mapped.

import * as z from "zod";
import type { Sample } from "../index.ts";
import { nonNegativeNumber } from "../options.ts";

/** The largest finite f32: a larger number would be an infinity to the model. */
const LARGEST = 3.4028234663852886e38;
const NUMBER = "a finite 32-bit number";
const number = z.number(NUMBER).min(-LARGEST, NUMBER).max(LARGEST, NUMBER);
const NUMBERS = "an array of 1 to 65536 finite numbers";
/** Inputs, outputs and labels. */
export const numbers = z.array(number, NUMBERS).min(1, NUMBERS).max(65_536, NUMBERS);
const ID = "a text of at most 256 characters";
const MOMENT = "an ISO 8601 text or milliseconds since 1970";
const isMoment = (value: string | number) => !Number.isNaN(new Date(value).getTime());

/** One sample. */
export const sampleRow = z.strictObject({
  input: numbers,
  label: numbers,
  weight: nonNegativeNumber.optional(),
  timestamp: z.union([z.string(), z.number()], MOMENT).refine(isMoment, MOMENT).optional(),
  id: z.string(ID).max(256, ID).optional(),
});

/** The sample of a row that was parsed. */
export function sampleOfRow(row: z.output<typeof sampleRow>): Sample {
  const { input, label, weight, timestamp, id } = row;
  return {
    input: Float32Array.from(input),
    label: Float32Array.from(label),
    ...(weight !== undefined && { weight }),
    ...(timestamp !== undefined && { timestamp: new Date(timestamp) }),
    ...(id !== undefined && { id }),
  };
}
