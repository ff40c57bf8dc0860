// Where in somebody else's stream a sample stood, so that progress is kept with what it taught.

import * as z from "zod/mini";
import { nonNegativeInteger, parseOptions } from "../../options.ts";

/** The place of one sample in a stream that numbers what it holds. */
export interface SourcePosition {
  /** Names the stream, such as a topic and its partition: 1 to 256 characters. */
  source: string;
  /** Number of the sample in it: an integer >= 0 that grows. */
  offset: number;
}

/** Streams that one learner is fed from. */
const MOST_SOURCES = 10_000;
const SOURCE = "a text of 1 to 256 characters";
const source = z.string(SOURCE).check(z.minLength(1, SOURCE), z.maxLength(256, SOURCE));

/** Schema of a position as it lies in a journal. */
export const sourcePosition = z.strictObject({ source, offset: nonNegativeInteger });

/** The position as the caller gave it. Throws OPTION_INVALID, OPTION_UNKNOWN. */
export function parsePosition(value: SourcePosition): SourcePosition {
  return parseOptions("position", sourcePosition, value);
}

const MOST = `an object of at most ${MOST_SOURCES} sources`;

/** Schema of what is kept of every source: the offset after that of its newest sample. */
export const nextOffsets = z
  .record(source, nonNegativeInteger)
  .check(z.refine((offsets) => Object.keys(offsets).length <= MOST_SOURCES, MOST));
