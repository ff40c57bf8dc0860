// What came of a prediction, and its line in a file; the one place where its names are mapped.

import * as z from "zod/mini";
import { parseOptions } from "../../options.ts";
import { isIsoTime, isoTime } from "../../store/iso-time.ts";

const MAX_VALUES = 65_536;
const VALUES = `an array of at most ${MAX_VALUES} finite numbers`;
const ID = "a text of 1 to 256 characters";
const values = z.array(z.number(VALUES), VALUES).check(z.maxLength(MAX_VALUES, VALUES));
const id = z.string(ID).check(z.minLength(1, ID), z.maxLength(256, ID));
const score = z.number("a finite number");

const signalSchema = z.object({
  timestamp: z.date("a valid Date"),
  predictionId: id,
  predicted: values,
  actual: values,
  score,
});

/** On disk. */
const lineRecord = z.strictObject({
  timestamp: z.string().check(z.refine(isIsoTime)),
  prediction_id: id,
  predicted: values,
  actual: values,
  score,
});

/** A prediction and its outcome. */
export interface FeedbackSignal {
  timestamp: Date;
  /** 1 to 256 characters. */
  predictionId: string;
  /** Up to 65536 finite numbers. */
  predicted: number[];
  /** Up to 65536 finite numbers. */
  actual: number[];
  /** How good the prediction was, in the caller's own unit. */
  score: number;
}

/** A checked copy. Throws OPTION_INVALID, OPTION_UNKNOWN, ARGUMENT_RANGE. */
export function copySignal(signal: FeedbackSignal): FeedbackSignal {
  const { timestamp, ...rest } = parseOptions("FeedbackSignal", signalSchema, signal);
  return { timestamp: new Date(isoTime("signal.timestamp", timestamp)), ...rest };
}

/** The line of a signal, without its line feed. */
export function encodeSignal(signal: FeedbackSignal): string {
  return JSON.stringify({
    timestamp: signal.timestamp.toISOString(),
    prediction_id: signal.predictionId,
    predicted: signal.predicted,
    actual: signal.actual,
    score: signal.score,
  });
}

/** The signal of a line; undefined when it is none. */
export function parseSignal(line: string): FeedbackSignal | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = lineRecord.safeParse(json);
  if (!parsed.success) return undefined;
  const { timestamp, prediction_id: predictionId, ...rest } = parsed.data;
  return { timestamp: new Date(timestamp), predictionId, ...rest };
}
