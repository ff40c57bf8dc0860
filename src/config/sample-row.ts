// A sample as files and requests bring it: an object of JSON. The one place where its names are
// mapped.

import * as z from "zod/mini";
import type { Sample } from "../index.ts";
import { nonNegativeNumber } from "../options.ts";

/** The largest finite f32: a larger number would be an infinity to the model. */
const LARGEST = 3.4028234663852886e38;
const NUMBER = "a finite 32-bit number";
const number = z.number(NUMBER).check(z.minimum(-LARGEST, NUMBER), z.maximum(LARGEST, NUMBER));
const NUMBERS = "an array of 1 to 65536 finite numbers";
/** Inputs, outputs and labels. */
export const numbers = z
  .array(number, NUMBERS)
  .check(z.minLength(1, NUMBERS), z.maxLength(65_536, NUMBERS));
const ID = "a text of at most 256 characters";
const MOMENT = "an ISO 8601 text or milliseconds since 1970";
const isMoment = (value: string | number) => !Number.isNaN(new Date(value).getTime());

/** One sample. */
export const sampleRow = z.strictObject({
  input: numbers,
  label: numbers,
  weight: z.optional(nonNegativeNumber),
  timestamp: z.optional(
    z.union([z.string(), z.number()], MOMENT).check(z.refine(isMoment, MOMENT)),
  ),
  id: z.optional(z.string(ID).check(z.maxLength(256, ID))),
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
