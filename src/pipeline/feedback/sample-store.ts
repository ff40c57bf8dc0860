// The contract of every store of samples: by time, from memory to a database.

import { type Moment, millisecondsOf } from "../../clock.ts";
import { DriftkeelRangeError } from "../../errors.ts";
import type { Sample } from "../../model/sample.ts";
import { copySample } from "./sample-copy.ts";

/**
 * Samples in the order of their time stamps, those of the same millisecond in the order in which
 * they were appended. Nothing is shared with the caller. Calls may overlap; they take effect in the
 * order in which they were made. Every method throws STORE_CLOSED after `close`, and FILE_FAILED
 * when the environment fails.
 */
export interface SampleStore {
  /**
   * Keeps samples, all of them or none; durably where the store outlives the process. One without a
   * time stamp gets the present time. When there are more than the store's capacity the oldest go.
   *
   * Throws ARGUMENT_TYPE, ARGUMENT_RANGE, DATA_EMPTY (a sample's array), VALUE_NOT_FINITE,
   * SAMPLE_QUARANTINED (origin `benchmark`).
   */
  append(samples: readonly Sample[]): Promise<void>;
  /**
   * The samples of [start, end), each with its time stamp; none when start >= end. Throws
   * ARGUMENT_TYPE, ARGUMENT_RANGE.
   */
  range(start: Moment, end: Moment): Promise<Sample[]>;
  /**
   * The samples of [start, end) in the order of `range`, at most `pageSize` (1..100,000, default
   * 1000) at a time, for windows too long for one list. No page is empty. Each is read when it is
   * asked for, and between two of them the event loop gets a turn.
   *
   * What is appended or pruned meanwhile: no sample comes twice and the order holds throughout. A
   * sample that went before its page was read does not come. One that was appended after the first
   * page was read comes if its place is behind the pages read so far, and is missed if its time
   * stamp puts it before their end, or if the last page, one that is not full, was read before.
   *
   * Throws ARGUMENT_TYPE, ARGUMENT_RANGE, OPTION_INVALID, OPTION_UNKNOWN, at the latest when the
   * first page is asked for, and STORE_CLOSED when a page is asked for after `close`.
   */
  pages(start: Moment, end: Moment, options?: { pageSize?: number }): AsyncIterable<Sample[]>;
  count(): Promise<number>;
  /** How many samples lie in [start, end). Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
  countRange(start: Moment, end: Moment): Promise<number>;
  /**
   * Forgets the samples before `end` and says how many there were. Throws ARGUMENT_TYPE,
   * ARGUMENT_RANGE.
   */
  prune(end: Moment): Promise<number>;
  /** Waits for the calls before it and frees what the store holds; again does nothing. */
  close(): Promise<void>;
}

/** A copy of a sample, its time stamp included. */
export interface StampedSample {
  timeMs: number;
  sample: Sample;
}

/** Checked copies of what `append` got. nowMs: for samples without a time stamp. Throws as it. */
export function stampSamples(samples: readonly Sample[], nowMs: () => number): StampedSample[] {
  return Array.from(samples, (sample) => {
    const copy = copySample(sample);
    const timeMs = copy.timestamp?.getTime() ?? nowMs();
    return { timeMs, sample: { ...copy, timestamp: new Date(timeMs) } };
  });
}

/** Whole milliseconds of a border in time. Throws ARGUMENT_TYPE, ARGUMENT_RANGE. */
export function borderMs(name: string, moment: Moment): number {
  const ms = Math.ceil(millisecondsOf(name, moment)); // samples lie on whole milliseconds
  if (Math.abs(ms) <= MAX_DATE_MS) return ms;
  throw new DriftkeelRangeError(
    "ARGUMENT_RANGE",
    `Expected ${name} to be a moment that a Date can hold, got ${ms} ms since 1970.`,
  );
}

/** The largest time value of a Date (ECMA-262, section 21.4.1.1). */
const MAX_DATE_MS = 8.64e15;
