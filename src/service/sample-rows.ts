// Samples as a request brings them: one JSON object, or one on each line.

import * as z from "zod";
import type { Sample } from "../index.ts";
import { nonNegativeNumber } from "../options.ts";
import { ProblemError } from "./problem.ts";
import { parseMembers } from "./request-schema.ts";

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

/** One sample on the wire. */
export const sampleRow = z.strictObject({
  input: numbers,
  label: numbers,
  weight: nonNegativeNumber.optional(),
  timestamp: z.union([z.string(), z.number()], MOMENT).refine(isMoment, MOMENT).optional(),
  id: z.string(ID).max(256, ID).optional(),
});

/** The media type of one JSON object a line. */
export const NDJSON_TYPE = "application/x-ndjson";

/** The lines of an NDJSON body, each with its number from 1. */
export class SampleLines {
  readonly rows: { line: number; json: unknown }[] = [];

  /** Passes over blank lines. Throws a problem naming the first line that is not JSON. */
  constructor(text: string) {
    for (const [index, line] of text.split("\n").entries()) {
      if (line.trim() !== "") this.rows.push({ line: index + 1, json: parseLine(line, index + 1) });
    }
    if (this.rows.length === 0) throw new ProblemError(400, "Expected at least 1 line, got none.");
  }
}

function parseLine(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProblemError(400, `Expected line ${line} to be a JSON object.`);
  }
}

/** The samples of a body: of one object, or of lines. Throws OPTION_INVALID, OPTION_UNKNOWN. */
export function samplesOf(body: unknown): Sample[] {
  if (!(body instanceof SampleLines)) return [sampleOf("body", body ?? {})];
  return body.rows.map(({ line, json }) => sampleOf(`line ${line}`, json));
}

function sampleOf(name: string, json: unknown): Sample {
  const { input, label, weight, timestamp, id } = parseMembers(name, sampleRow, json);
  return {
    input: Float32Array.from(input),
    label: Float32Array.from(label),
    ...(weight !== undefined && { weight }),
    ...(timestamp !== undefined && { timestamp: new Date(timestamp) }),
    ...(id !== undefined && { id }),
  };
}
