// Samples as a request brings them: one JSON object, or one on each line.

import { sampleOfRow, sampleRow } from "../config/sample-row.ts";
import type { Sample } from "../index.ts";
import { ProblemError } from "./problem.ts";
import { parseMembers } from "./request-schema.ts";

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
  return sampleOfRow(parseMembers(name, sampleRow, json));
}
